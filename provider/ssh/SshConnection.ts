import type { ClientChannel, SFTPWrapper } from "ssh2";
import { Excerpt } from "../text/Excerpt";
import { printable } from "../text/printable";
import type { ResolvedConnection } from "./credentials";
import { labelOf } from "./credentials";
import { debugLog, millisecondsSince } from "./debugLog";
import { dial } from "./dial";
import type { Exit } from "./ExecChannel";
import { describeExit, ExecChannel } from "./ExecChannel";
import type { Peer } from "./login";
import type { SftpChannel } from "./Sftp";
import { Sftp } from "./Sftp";
import { SshError } from "./SshError";
import type { SshTransport } from "./SshTransport";
import type { Timings } from "./Timings";
import { DEFAULT_TIMINGS } from "./Timings";

export interface RunLimits {
  deadlineSeconds: number;
  /** Standard output and standard error together; 1 MiB if absent. */
  maxOutputBytes?: number;
}

export interface RunResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/**
 * One login on one server: a single SSH connection for all callers, opened when it is first needed and opened again after
 * it was lost. A failed attempt is not repeated for `failureSeconds`: a server that is down costs a run one timeout, not one
 * for each of its resources. Credentials are read only when it connects, so that a preview needs none. An idle connection
 * does not keep the process alive.
 */
export class SshConnection {
  /** `user@host:port` */
  readonly label: string;
  /** How many connections were opened so far. */
  connections = 0;
  readonly #timings: Timings;
  #transport: Promise<SshTransport> | null = null;
  /** When a failed attempt may be repeated (`performance.now()`). */
  #failedUntil = 0;
  #sftp: Promise<SftpChannel> | null = null;

  constructor(
    destination: { host: string; port: number; user: string },
    private readonly resolve: () => ResolvedConnection,
    timings: Partial<Timings> = {},
  ) {
    this.label = labelOf(destination);
    this.#timings = { ...DEFAULT_TIMINGS, ...timings };
  }

  /** The servers on the way: the bastion, if there is one, and the server itself. Connects if necessary. */
  async peers(): Promise<readonly Peer[]> {
    return (await this.#connect()).peers;
  }

  /** Starts a command. It must not contain data that a user chose: send that on standard input. */
  exec(command: string): Promise<ExecChannel> {
    return this.#onTransport(async (transport) => {
      const began = performance.now();
      debugLog("%s: command %s", this.label, command);
      const opened = await transport.open<ClientChannel>("a command", (client, done) => client.exec(command, done));
      const channel = new ExecChannel(transport, opened);
      void channel.exit.then((exit) =>
        debugLog("%s: command %s: %s after %d ms", this.label, command, describeExit(exit), millisecondsSince(began)),
      );
      return channel;
    });
  }

  /**
   * Runs a command to its end. Any exit code is a result; a missing one, a signal, a lost connection, too much output and
   * the deadline are SshErrors whose outcome is unknown.
   */
  async run(command: string, stdin: string | Buffer | null, limits: RunLimits): Promise<RunResult> {
    const { deadlineSeconds, maxOutputBytes = 1024 * 1024 } = limits;
    const channel = await this.exec(command);
    const { stream } = channel;
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const output = new Excerpt();
    let timer: NodeJS.Timeout | undefined;
    const stopped = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`it did not end within ${deadlineSeconds} s`), deadlineSeconds * 1000);
      const collect = (into: Buffer[]) => (chunk: Buffer) => {
        output.push(chunk);
        into.push(chunk);
        if (output.bytes > maxOutputBytes) {
          resolve(`it printed more than ${maxOutputBytes} bytes`);
        }
      };
      stream.on("data", collect(stdout));
      stream.stderr.on("data", collect(stderr));
    });
    stream.end(stdin ?? undefined);
    const end: Exit | string = await Promise.race([channel.exit, stopped]);
    clearTimeout(timer);
    if (typeof end !== "string" && end.code !== null) {
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
      return { stdout: text(stdout), stderr: text(stderr), exitCode: end.code };
    }
    channel.kill();
    const timedOut = typeof end === "string" && output.bytes <= maxOutputBytes;
    throw new SshError(
      timedOut ? "deadlineExceeded" : "sessionBroken",
      this.label,
      "unknown",
      `\`${printable(command, 200)}\`: ${typeof end === "string" ? end : describeExit(end)}; its output: ` +
        `"${output.text()}"`,
    );
  }

  /** All callers share one channel. */
  async sftp(): Promise<Sftp> {
    await this.#sftpChannel();
    return new Sftp(this.label, () => this.#sftpChannel(), this.#timings.sftpSeconds);
  }

  /** Closes the connection. Operations in progress fail; the next call connects again. */
  end(): void {
    const transport = this.#transport;
    this.#transport = null;
    this.#sftp = null;
    this.#failedUntil = 0;
    transport?.then(
      (live) => live.end(),
      () => undefined,
    );
  }

  #connect(): Promise<SshTransport> {
    const again = this.#failedUntil !== 0 && performance.now() >= this.#failedUntil;
    if (this.#transport !== null && !again) {
      return this.#transport;
    }
    this.#failedUntil = 0;
    const transport = (async () => {
      const began = performance.now();
      const live = await dial(this.resolve(), this.#timings).catch((error: unknown) => {
        const code = error instanceof SshError ? error.code : "unexpected";
        debugLog("%s: not connected (%s) after %d ms", this.label, code, millisecondsSince(began));
        throw error;
      });
      this.connections++;
      debugLog("%s: connected after %d ms", this.label, millisecondsSince(began));
      live.onLost(() => {
        debugLog("%s: disconnected", this.label);
        this.#forget(transport);
      });
      return live;
    })();
    this.#transport = transport;
    transport.catch(() => {
      if (this.#transport === transport) this.#failedUntil = performance.now() + this.#timings.failureSeconds * 1000;
    });
    return transport;
  }

  #forget(transport: Promise<SshTransport>): void {
    if (this.#transport === transport) {
      this.#transport = null;
    }
  }

  /** Uses the live transport; one that turns out to be dead before anything was sent over it is replaced once. */
  async #onTransport<Result>(use: (transport: SshTransport) => Promise<Result>): Promise<Result> {
    const transport = await this.#connect();
    try {
      return await use(transport);
    } catch (error) {
      if (transport.lost !== null && error instanceof SshError && error.outcome === "notSent") {
        return use(await this.#connect());
      }
      throw error;
    }
  }

  #sftpChannel(): Promise<SftpChannel> {
    if (this.#sftp !== null) {
      return this.#sftp;
    }
    const channel = this.#onTransport((transport) => this.#openSftp(transport));
    const forget = () => {
      if (this.#sftp === channel) {
        this.#sftp = null;
      }
    };
    this.#sftp = channel;
    channel.then((live) => live.closed.then(forget), forget);
    return channel;
  }

  async #openSftp(transport: SshTransport): Promise<SftpChannel> {
    const opening = transport.open<SFTPWrapper>("SFTP", (client, done) => client.sftp(done));
    const { channel: wrapper, free } = await opening.catch((error: unknown) => {
      if (!(error instanceof SshError)) throw error;
      if (error.code === "refusedByServer" && /exit code/.test(error.reason)) {
        const why =
          "the server ended the SFTP session at once: the login may have no SFTP, or its password may have expired, " +
          "which also blocks logins with a key";
        const advice = "Log in by hand to find out; the server then asks for a new password if the old one has expired";
        throw new SshError(error.code, this.label, "notDone", `${why} (${error.reason})`, { advice });
      }
      // With or without a channel, no file operation was requested on it.
      if (error.code !== "sessionBroken") throw error;
      const outcome = error.outcome === "notSent" ? "notSent" : "notDone";
      throw new SshError(error.code, this.label, outcome, error.reason);
    });
    const closed = new Promise<string>((resolve) => {
      transport.onLost(resolve);
      wrapper.on("error", (error: Error) => resolve(`the SFTP channel broke: ${printable(error.message)}`));
      wrapper.on("close", () => {
        // ssh2 leaves our half of the channel open, and the server counts it as a session until it is closed.
        wrapper.end();
        free();
        resolve("the server closed the SFTP channel");
      });
    });
    return { wrapper, closed };
  }
}
