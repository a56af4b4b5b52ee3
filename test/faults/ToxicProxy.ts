/**
 * A TCP proxy that spoils the way to a server on purpose. Its toxics have the names and the meaning that toxiproxy gives
 * them, but for two: `limit_data` and `reset_peer` count the bytes of all connections since they were added, and once
 * they have struck they are gone, so that what is tried again gets through.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

export interface Toxics {
  /** Every piece arrives so many milliseconds late. */
  latency: { milliseconds: number };
  bandwidth: { bytesPerSecond: number };
  /** The end of the stream arrives so many milliseconds late. */
  slow_close: { milliseconds: number };
  /** Nothing gets through any more, and nobody is told; after so many milliseconds both are (0: never). */
  timeout: { milliseconds: number };
  /** Both ends see a reset after so many more bytes. */
  reset_peer: { bytes: number };
  /** Pieces of so many bytes, each so many milliseconds after the one before. */
  slicer: { bytes: number; milliseconds: number };
  /** Both ends see the end of the stream after so many more bytes. */
  limit_data: { bytes: number };
}

/** `upstream`: from the client to the server. */
export type Direction = "upstream" | "downstream";

export class ToxicProxy {
  /** Connections that were taken so far. */
  connections = 0;
  /** How often `limit_data` and `reset_peer` have struck. */
  strikes = 0;
  /** Bytes that got through so far. */
  readonly passed: Record<Direction, number> = { upstream: 0, downstream: 0 };
  readonly #toxics: Record<Direction, Partial<Toxics>> = { upstream: {}, downstream: {} };
  readonly #sockets = new Set<Socket>();
  #listener!: Server;
  #port = 0;

  private constructor(private readonly serverPort: () => number) {}

  /** @param serverPort where the server listens on the loopback interface when a connection comes */
  static async open(serverPort: () => number): Promise<ToxicProxy> {
    const proxy = new ToxicProxy(serverPort);
    await proxy.up();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  add<Name extends keyof Toxics>(name: Name, direction: Direction, toxic: Toxics[Name]): void {
    this.#toxics[direction][name] = toxic as never;
  }

  /** Takes every toxic away; connections that suffered from one are closed, as nobody will mend them. */
  heal(): void {
    this.#toxics.upstream = {};
    this.#toxics.downstream = {};
    this.cut();
  }

  /** toxiproxy's `down`: refuses connections, and closes those that there are. */
  async down(): Promise<void> {
    const closed = once(this.#listener, "close");
    this.#listener.close();
    this.cut();
    await closed;
  }

  async up(): Promise<void> {
    this.#listener = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
    this.#listener.listen(this.#port, "127.0.0.1");
    await once(this.#listener, "listening");
    this.#port = (this.#listener.address() as AddressInfo).port;
  }

  /** Closes every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Resets every connection. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #join(client: Socket): void {
    this.connections++;
    const server = connect({ port: this.serverPort(), host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    // Leaving the loop destroys the stream, and one that was destroyed ends the loop with an error: the connection is gone.
    this.#pump(client, server, "upstream").catch(() => undefined);
    this.#pump(server, client, "downstream").catch(() => undefined);
  }

  async #pump(from: Socket, to: Socket, direction: Direction): Promise<void> {
    for await (const chunk of from) {
      for (const piece of this.#sliced(chunk as Buffer, direction)) {
        if (!(await this.#pass(piece, from, to, direction))) return;
      }
    }
    await pause(this.#toxics[direction].slow_close?.milliseconds ?? 0);
    to.end();
  }

  #sliced(chunk: Buffer, direction: Direction): Buffer[] {
    const bytes = this.#toxics[direction].slicer?.bytes ?? chunk.length;
    return Array.from({ length: Math.ceil(chunk.length / bytes) }, (_, index) =>
      chunk.subarray(index * bytes, (index + 1) * bytes),
    );
  }

  /** False if the connection has ended here. */
  async #pass(piece: Buffer, from: Socket, to: Socket, direction: Direction): Promise<boolean> {
    const toxics = this.#toxics[direction];
    const { latency, bandwidth, slicer, timeout } = toxics;
    const late = latency?.milliseconds ?? 0;
    const slow = bandwidth ? (piece.length / bandwidth.bytesPerSecond) * 1000 : 0;
    await pauseFor(late + slow + (slicer?.milliseconds ?? 0));
    if (timeout) {
      const closed = new Promise((resolve) => from.once("close", resolve));
      await (timeout.milliseconds > 0 ? Promise.race([closed, pause(timeout.milliseconds)]) : closed);
      return false;
    }
    for (const name of ["limit_data", "reset_peer"] as const) {
      const limit = toxics[name];
      if (!limit) continue;
      limit.bytes -= piece.length;
      if (limit.bytes > 0) continue;
      delete toxics[name];
      this.strikes++;
      const rest = piece.subarray(0, piece.length + limit.bytes);
      if (rest.length > 0) await new Promise((resolve) => to.write(rest, resolve));
      this.passed[direction] += rest.length;
      for (const socket of [from, to]) {
        if (name === "reset_peer") socket.resetAndDestroy();
        else socket.destroySoon();
      }
      return false;
    }
    this.passed[direction] += piece.length;
    if (!to.write(piece)) await once(to, "drain");
    return true;
  }
}

/** A timer takes a millisecond at least, which is long for a single byte. */
async function pauseFor(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await pause(milliseconds);
}
