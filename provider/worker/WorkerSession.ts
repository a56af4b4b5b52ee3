import { randomBytes } from "node:crypto";
import { z } from "zod";
import { debugLog, millisecondsSince } from "../ssh/debugLog";
import type { ExecChannel, Exit } from "../ssh/ExecChannel";
import { describeExit } from "../ssh/ExecChannel";
import type { SshConnection } from "../ssh/SshConnection";
import type { SshOutcome } from "../ssh/SshError";
import { SshError } from "../ssh/SshError";
import { printable } from "../text/printable";
import { FrameReader } from "./frames";
import { Answer } from "./protocol";
import { SessionBroken } from "./SessionBroken";
import { WorkerNotStarted } from "./WorkerNotStarted";
import { WorkerRefusal } from "./WorkerRefusal";

export interface WorkerStart {
  /** The constant command line that starts a worker (protocol.ts, WORKER_ARGUMENTS). */
  command: string;
  /** The worker's PHP, without an opening tag. */
  source: string;
  protocol: number;
  /** For PHP to start and Drupal to bootstrap; 60 if absent. */
  startSeconds?: number;
}

export interface WorkerAnswer {
  /** The server's clock, seconds since the epoch. */
  now: number;
  result: unknown;
}

interface PendingRequest {
  verb: string;
  line: string;
  deadlineSeconds: number;
  /** When it was made, by `performance.now()`. */
  askedAt: number;
  /** Whether its bytes may have been sent. */
  written: boolean;
  resolve: (answer: WorkerAnswer) => void;
  reject: (error: Error) => void;
}

/**
 * One worker inside Drush and the requests to it (PROTOCOL.md). Requests are written without waiting for answers. When
 * the session breaks, every request without an answer rejects with a SessionBroken, and the session cannot be used again.
 */
export class WorkerSession {
  /** The answer to `hello`. */
  hello!: WorkerAnswer;
  /** How many requests were made, without `hello`. */
  requests = 0;
  readonly #startedAt = performance.now();
  readonly #outstanding = new Map<number, PendingRequest>();
  readonly #reader: FrameReader;
  #lastId = 0;
  #unwritten: PendingRequest[] = [];
  #writing = false;
  #retired = false;
  #timer: NodeJS.Timeout | undefined;
  #broken: { why: string; exit: Exit | null } | null = null;

  private constructor(
    private readonly label: string,
    private readonly channel: ExecChannel,
    marker: string,
  ) {
    this.#reader = new FrameReader(marker, (answer) => this.#answered(answer));
    const read = (take: (chunk: Buffer) => void) => (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        this.#break(`the worker's output cannot be read: ${(error as Error).message}`);
      }
    };
    channel.stream.on(
      "data",
      read((chunk) => this.#reader.push(chunk)),
    );
    channel.stream.stderr.on(
      "data",
      read((chunk) => this.#reader.pushNoise(chunk)),
    );
    void channel.exit.then((exit) => {
      const half = this.#reader.pendingBytes;
      this.#break(describeExit(exit) + (half > 0 ? `, after ${half} bytes of an incomplete answer` : ""), { exit });
    });
  }

  /**
   * Starts a worker and sends it `hello`. A rejected start may be repeated, since no other request was sent. It rejects with
   * an SshError (`notDone` or `notSent`), or with the WorkerRefusal that answered `hello`.
   */
  static async start(connection: SshConnection, start: WorkerStart): Promise<WorkerSession> {
    const { command, source, protocol, startSeconds = 60 } = start;
    const marker = randomBytes(16).toString("hex");
    let session: WorkerSession | null = null;
    try {
      session = new WorkerSession(connection.label, await connection.exec(command), marker);
      const greeting = `${Buffer.from(source).toString("base64")}\n`;
      session.hello = await session.#ask("hello", { protocol, marker }, startSeconds, greeting);
    } catch (error) {
      session?.end();
      throw error instanceof SshError ? notStarted(error, connection.label, command) : error;
    }
    const spoken = z.object({ protocol: z.number() }).safeParse(session.hello.result).data?.protocol;
    if (spoken !== protocol) {
      session.end();
      const reason = `the worker speaks ${spoken === undefined ? "an unknown protocol" : `protocol ${spoken}`}, not protocol ${protocol}`;
      throw new SshError("refusedByServer", connection.label, "notDone", reason);
    }
    return session;
  }

  /** False once it has ended or is broken: start another one. */
  get alive(): boolean {
    return this.#broken === null;
  }

  /** Seconds since it was started. */
  get age(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /**
   * Rejects with a WorkerRefusal or a SessionBroken. The worker carries requests out one by one, so the deadline counts
   * from the moment when this is the oldest one without an answer, and again from each answer to another.
   */
  request(verb: string, args: unknown, deadlineSeconds: number): Promise<WorkerAnswer> {
    this.requests++;
    return this.#ask(verb, args, deadlineSeconds);
  }

  /** Ends the worker as soon as it has answered all requests. Make no more requests after this. */
  retire(): void {
    this.#retired = true;
    if (this.#outstanding.size === 0) this.end();
  }

  /** Ends the worker; requests without an answer reject. */
  end(): void {
    this.#break("this side ended the session");
  }

  #ask(verb: string, args: unknown, deadlineSeconds: number, before = ""): Promise<WorkerAnswer> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const line = `${before}${JSON.stringify({ id, verb, args })}\n`;
      const request = { verb, line, deadlineSeconds, askedAt: performance.now(), written: false, resolve, reject };
      if (this.#broken !== null) {
        return reject(this.#error(request, "notSent", "sessionBroken"));
      }
      debugLog("%s: request %d, %s", this.label, id, verb);
      this.#outstanding.set(id, request);
      this.#unwritten.push(request);
      if (this.#outstanding.size === 1) {
        this.#watch();
      }
      this.#write();
    });
  }

  /** Writes all waiting requests at once; new ones wait for the next write. */
  #write(): void {
    if (this.#writing || this.#unwritten.length === 0 || this.#broken !== null) {
      return;
    }
    this.#writing = true;
    const requests = this.#unwritten;
    this.#unwritten = [];
    for (const request of requests) {
      request.written = true;
    }
    // If the channel closes first this never calls back (ssh2, Channel._write); then `exit` breaks the session.
    this.channel.stream.write(requests.map(({ line }) => line).join(""), () => {
      this.#writing = false;
      this.#write();
    });
  }

  #answered(value: unknown): void {
    const answer = Answer.safeParse(value).data;
    const request = answer && this.#outstanding.get(answer.id);
    if (answer === undefined || request === undefined) {
      const what =
        answer === undefined ? "an answer of unknown form" : `an answer to an unknown request (id ${answer.id})`;
      return this.#break(`the worker sent ${what}`);
    }
    this.#outstanding.delete(answer.id);
    const how = answer.ok ? "done" : `refused (${answer.error.code})`;
    const took = millisecondsSince(request.askedAt);
    debugLog("%s: request %d, %s: %s after %d ms", this.label, answer.id, request.verb, how, took);
    this.#watch();
    if (answer.ok) {
      request.resolve({ now: answer.now, result: answer.result });
    } else {
      const { code, message, detail, fatal } = answer.error;
      request.reject(new WorkerRefusal(this.label, request.verb, code, message, detail, fatal, answer.now));
      if (fatal) {
        // It works in order and ends here, so it does not begin later requests.
        this.#break("the worker ended after a fatal error", { outcome: "notDone" });
      }
    }
    if (this.#retired && this.#outstanding.size === 0) this.end();
  }

  /** Starts the deadline of the oldest request. */
  #watch(): void {
    clearTimeout(this.#timer);
    const [oldest] = this.#outstanding.values();
    if (oldest !== undefined) {
      const { verb, deadlineSeconds } = oldest;
      const late = () => this.#break(`no answer to ${verb} within ${deadlineSeconds} s`, { late: oldest });
      this.#timer = setTimeout(late, deadlineSeconds * 1000);
    }
  }

  #break(why: string, about: { exit?: Exit; outcome?: SshOutcome; late?: PendingRequest } = {}): void {
    if (this.#broken !== null) {
      return;
    }
    debugLog("%s: the worker's session ended with %d requests unanswered", this.label, this.#outstanding.size);
    this.#broken = { why, exit: about.exit ?? null };
    clearTimeout(this.#timer);
    const requests = [...this.#outstanding.values()];
    this.#outstanding.clear();
    for (const request of requests) {
      const outcome = request.written ? (about.outcome ?? "unknown") : "notSent";
      request.reject(this.#error(request, outcome, request === about.late ? "deadlineExceeded" : "sessionBroken"));
    }
    this.channel.kill();
  }

  #error({ verb }: PendingRequest, outcome: SshOutcome, code: "sessionBroken" | "deadlineExceeded"): SessionBroken {
    const { why, exit } = this.#broken as { why: string; exit: Exit | null };
    const noise = this.#reader.noise.text();
    return new SessionBroken(code, this.label, outcome, verb, why, exit?.code ?? null, exit?.signal ?? null, noise);
  }
}

/** The error of a failed start. */
function notStarted(error: SshError, label: string, command: string): SshError {
  if (!(error instanceof SessionBroken)) {
    // Lost while the command was being requested: it may run, but it received no request.
    return error.outcome === "unknown" ? new SshError(error.code, label, "notDone", error.reason) : error;
  }
  const { exitCode, noise, why } = error;
  if (exitCode !== null && FORBIDDEN.test(noise)) {
    const forbidden = `the shell of this login forbids \`${printable(command, 200)}\`: "${noise}"`;
    const effect = "Tried only once, because limited shells count forbidden commands. Nothing was done";
    const advice =
      "Configure a login such as aegir for Drush. For a system user without a login shell, such as o1 on BOA, configure root " +
      'or a sudoer, with drush: { runAs: "o1" }. A hosted account has neither: configure it only as `accounts`, for shell ' +
      "accounts";
    return new SshError("commandForbidden", label, "notDone", forbidden, { effect, advice });
  }
  const printed = noise ? `, printing: "${noise}"` : ", printing nothing";
  const what = `no worker started with \`${printable(command, 200)}\`: ${why}${printed}`;
  const code = exitCode === null ? error.code : "refusedByServer";
  return new WorkerNotStarted(label, code, what, exitCode, noise);
}

/** The messages of lshell (BOA's 0.9 and 0.11), of an sshd restricted to SFTP, and of nologin. */
const FORBIDDEN =
  /forbidden .{0,40}over SSH|This service allows sftp connections only|This account is currently not available/;
