import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** Listens on the loopback interface, and knows every connection that is open, so that all of them can be cut. */
export class Listener {
  readonly host = "127.0.0.1";
  readonly sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(
    private readonly serve: (socket: Socket) => void,
    private readonly allowHalfOpen = false,
  ) {}

  get port(): number {
    return this.#port;
  }

  /** Begins to listen: on the port that it had before, unless told otherwise. */
  async up(port = this.#port): Promise<void> {
    this.#server = createServer({ noDelay: true, allowHalfOpen: this.allowHalfOpen }, (socket) => {
      this.keep(socket);
      this.serve(socket);
    });
    this.#server.listen(port, this.host);
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Knows one more, whose end is no news in whatever it was. */
  keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.sockets.delete(socket));
  }

  /** Refuses connections, and closes those that there are. */
  async down(): Promise<void> {
    if (!this.#server?.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  /** Closes every connection. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
