import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Message numbers of RFC 4253, section 12. */
export const SSH_MSG = { disconnect: 1, kexInit: 20, newKeys: 21 } as const;

/** What a client says before anything is encrypted. */
class ClearText {
  readonly messages: number[] = [];
  private bytes = Buffer.alloc(0);
  private identified = false;
  private encrypted = false;

  receive(piece: Buffer): void {
    if (this.encrypted) return;
    this.bytes = Buffer.concat([this.bytes, piece]);
    if (!this.identified) {
      const end = this.bytes.indexOf("\n");
      if (end < 0) return;
      this.identified = true;
      this.bytes = this.bytes.subarray(end + 1);
    }
    // Length, length of the padding, number of the message (RFC 4253, section 6).
    while (!this.encrypted && this.bytes.length >= 6 && this.bytes.length >= 4 + this.bytes.readUInt32BE(0)) {
      const message = this.bytes[5]!;
      this.messages.push(message);
      this.encrypted = message === SSH_MSG.newKeys;
      this.bytes = this.bytes.subarray(4 + this.bytes.readUInt32BE(0));
    }
  }
}

/**
 * A listener on the wire to any SSH server: counts the connections, and notes the messages that clients send in the
 * clear. Who has not sent `newKeys` has sent no user name and no credential.
 */
export class Tap {
  private readonly conversations: ClearText[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly host: string,
    readonly port: number,
  ) {}

  static async before(target: { host: string; port: number }): Promise<Tap> {
    const server = createServer((near) => {
      const conversation = new ClearText();
      tap.conversations.push(conversation);
      const far = connect(target);
      near.on("data", (piece: Buffer) => conversation.receive(piece));
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        tap.sockets.add(from);
        from.on("error", () => to.destroy());
        from.on("close", () => tap.sockets.delete(from));
        from.pipe(to);
      }
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { address, port } = server.address() as AddressInfo;
    const tap = new Tap(server, address, port);
    return tap;
  }

  get connections(): number {
    return this.conversations.length;
  }

  /** The messages in the clear, by connection. */
  get messages(): readonly (readonly number[])[] {
    return this.conversations.map(({ messages }) => messages);
  }

  /** Forgets what it has heard. */
  reset(): void {
    this.conversations.length = 0;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
