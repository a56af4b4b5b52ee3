/**
 * A TCP proxy before an SSH server, which notes what clients send in the clear, and spoils the way on purpose. Its toxics
 * have the names and the meaning that toxiproxy gives them, but for two: `limit_data` and `reset_peer` count the bytes of
 * all connections since they were added, and once they have struck they are gone, so that what is tried again gets through.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Listener } from "./Listener";

export interface Toxics {
  /** Every piece arrives so many milliseconds late. */
  latency: { milliseconds: number };
  /** Nothing gets through any more, and nobody is told. */
  timeout: { milliseconds: 0 };
  /** Both ends see a reset after so many more bytes. */
  reset_peer: { bytes: number };
  /** Pieces of so many bytes, each so many milliseconds after the one before. */
  slicer: { bytes: number; milliseconds: number };
  /** Both ends see the end of the stream after so many more bytes. */
  limit_data: { bytes: number };
}

/** `upstream`: from the client to the server. */
export type Direction = "upstream" | "downstream";

/** Message numbers of RFC 4253, section 12. */
export const SSH_MSG = { disconnect: 1, kexInit: 20, newKeys: 21 } as const;

export class ToxicProxy extends Listener {
  /** How often `limit_data` and `reset_peer` have struck. */
  strikes = 0;
  /** Bytes that got through so far. */
  readonly passed: Record<Direction, number> = { upstream: 0, downstream: 0 };
  /** What each connection's client has sent. */
  readonly #sent: Buffer[][] = [];
  readonly #toxics: Record<Direction, Partial<Toxics>> = { upstream: {}, downstream: {} };

  private constructor(private readonly server: () => { host: string; port: number }) {
    super((client) => this.#join(client), true);
  }

  /** @param server where it is when a connection comes */
  static async open(server: () => { host: string; port: number }): Promise<ToxicProxy> {
    const proxy = new ToxicProxy(server);
    await proxy.up();
    return proxy;
  }

  /** Connections that were taken so far. */
  get connections(): number {
    return this.#sent.length;
  }

  /** The messages in the clear, by connection: who has not sent `newKeys` has sent no user name and no credential. */
  get messages(): number[][] {
    return this.#sent.map((pieces) => clearMessages(Buffer.concat(pieces)));
  }

  /** Forgets what it has heard. */
  forget(): void {
    this.#sent.length = 0;
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

  /** Resets every connection. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  #join(client: Socket): void {
    const sent: Buffer[] = [];
    this.#sent.push(sent);
    client.on("data", (piece: Buffer) => sent.push(piece));
    const server = connect({ ...this.server(), allowHalfOpen: true, noDelay: true });
    this.keep(server);
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
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
    const late = (toxics.latency?.milliseconds ?? 0) + (toxics.slicer?.milliseconds ?? 0);
    // A timer takes a millisecond at least, which is long for a single byte.
    if (late > 0) await pause(late);
    if (toxics.timeout) {
      await new Promise((resolve) => from.once("close", resolve));
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

/** What comes after the first line, until everything is encrypted: length, padding, number (RFC 4253, section 6). */
function clearMessages(sent: Buffer): number[] {
  const messages: number[] = [];
  let at = sent.indexOf("\n") + 1;
  while (at > 0 && at + 6 <= sent.length && at + 4 + sent.readUInt32BE(at) <= sent.length) {
    const message = sent[at + 5]!;
    messages.push(message);
    if (message === SSH_MSG.newKeys) break;
    at += 4 + sent.readUInt32BE(at);
  }
  return messages;
}
