import type { ClientChannel } from "ssh2";
import type { Opened, SshTransport } from "./SshTransport";

/** How a remote command ended. If the server did not report it, `code` and `signal` are both null: that is not a success. */
export interface Exit {
  code: number | null;
  /** With its prefix, for example `SIGKILL`. */
  signal: string | null;
  /** Why the connection was lost, if that is what ended it. */
  lost: string | null;
}

/** For messages: `exit code 1`, `killed by SIGKILL`, ... */
export function describeExit({ code, signal, lost }: Exit): string {
  if (lost !== null) {
    return lost;
  }
  if (signal !== null) {
    return `the command was killed by ${signal}`;
  }
  return code === null ? "the command ended without an exit code" : `the command ended with exit code ${code}`;
}

/** A running remote command. It does not keep this process alive; the timer of the caller's deadline does. */
export class ExecChannel {
  /** Resolves when it has ended and its output has been read, or when the connection is lost; never rejects. */
  readonly exit: Promise<Exit>;
  /**
   * Read standard output from it and write standard input to it; `stderr` is a second stream, and both must be read. A
   * write to a channel that closes may never call back (ssh2, Channel._write): do not wait for it without `exit`.
   */
  readonly stream: ClientChannel;

  constructor(transport: SshTransport, { channel, free }: Opened<ClientChannel>) {
    this.stream = channel;
    channel.on("error", () => undefined);
    this.exit = new Promise((resolve) => {
      const forget = transport.onLost((lost) => resolve({ code: null, signal: null, lost }));
      channel.on("close", (code?: number | null, signal?: string | null) => {
        forget();
        free();
        resolve({ code: code ?? null, signal: signal ?? null, lost: null });
      });
    });
  }

  /** Closes the channel; the command sees the end of its input, and its output is thrown away. */
  kill(): void {
    this.stream.removeAllListeners("data");
    this.stream.stderr.removeAllListeners("data");
    // Unread output would delay the close.
    this.stream.resume();
    this.stream.stderr.resume();
    this.stream.destroy();
  }
}
