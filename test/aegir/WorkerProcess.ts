/**
 * One Drush process that carries a worker (provider/worker/PROTOCOL.md): its standard input, its frames, its end, and what
 * can go wrong with each.
 */
import { setTimeout } from "node:timers/promises";
import { PROTOCOL_VERSION, verbs, type Verb, type WorkerErrorCode } from "../../provider/worker/protocol";
import type { Clock } from "./Clock";
import { DatabaseError, type Database } from "./Database";
import { Hold, type Faults, type RequestFault } from "./Faults";
import { Refusal, type Worker } from "./Worker";

/** Where the process's streams lead. */
export interface Terminal {
  write(output: string | Buffer): void;
  writeError(output: string): void;
  /** Ends the process: with a code, or by a signal. */
  exit(code: number): void;
  kill(signal: string): void;
  /** Closes the channel, and says nothing of how the process ended. */
  close(): void;
  /** Breaks the connection below, after what was written has left. */
  cutConnection(): void;
}

/** What the small Aegir counts of its workers. */
export interface WorkerCounts {
  workerStarts: number;
  requests: Partial<Record<Verb, number>>;
  writes: number;
}

export interface WorkerSurroundings {
  worker: Worker;
  database: Database;
  clock: Clock;
  faults: Faults;
  counts: WorkerCounts;
  report: (line: string) => void;
  /** False if Drush could not start the front end: its database is down, or the alias is another site's. */
  frontEnd: boolean;
}

interface Failure {
  code: WorkerErrorCode;
  message: string;
  detail?: Record<string, unknown>;
  fatal?: boolean;
}

export class WorkerProcess {
  private unread = Buffer.alloc(0);
  private started = false;
  private ended = false;
  private marker: string | undefined;
  private lastId = 0;
  private goneAway!: () => void;
  private readonly gone = new Promise<void>((resolve) => (this.goneAway = resolve));
  /** Requests are carried out one by one, in order; this settles when the last one so far is answered. */
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly surroundings: WorkerSurroundings,
    private readonly terminal: Terminal,
  ) {
    surroundings.counts.workerStarts++;
    if (surroundings.faults.noise) terminal.write("Welcome to a small Aegir.\nLast login: never");
  }

  /** Takes a piece of standard input; only whole lines count. */
  receive(piece: Buffer): void {
    this.unread = Buffer.concat([this.unread, piece]);
    for (let end = this.unread.indexOf(10); end >= 0; end = this.unread.indexOf(10)) {
      const line = this.unread.subarray(0, end).toString("utf8");
      this.unread = this.unread.subarray(end + 1);
      this.work = this.work.then(() => (this.ended ? undefined : this.takeLine(line)));
    }
  }

  /** The end of standard input: half a line is dropped. */
  end(): void {
    this.work = this.work.then(() => this.exit(0));
  }

  /** The channel is gone; nobody reads any more. */
  abandon(): void {
    this.ended = true;
    this.goneAway();
  }

  private exit(code: number): void {
    if (this.ended) return;
    this.ended = true;
    this.terminal.exit(code);
  }

  private takeLine(line: string): void | Promise<void> {
    if (this.started) return this.takeRequest(line);
    this.started = true;
    const source = Buffer.from(line, "base64");
    const whole = source.toString("base64").replace(/=+$/, "") === line.trim().replace(/=+$/, "");
    // What eval takes for no source; an opening tag is none either (contract, trap 18).
    if (line === "" || !whole || source.toString().trimStart().startsWith("<?php")) {
      this.terminal.write("ParseError: syntax error, unexpected token in eval()'d code on line 1\n");
      this.exit(1);
    }
  }

  private async takeRequest(line: string): Promise<void> {
    const request = parseRequest(line);
    const first = this.marker === undefined;
    if (request === undefined || request.id <= this.lastId || (request.verb === "hello") !== first) {
      return this.fail(request?.id ?? 0, { code: "protocol", message: "This is no request, or not now.", fatal: true });
    }
    const { id, verb, args } = request;
    this.lastId = id;
    if (first) {
      const hello = verbs.hello.args.safeParse(args);
      if (!hello.success || !/^[0-9a-f]{32}$/.test(hello.data.marker)) return this.exit(0);
      this.marker = hello.data.marker;
      if (hello.data.protocol !== PROTOCOL_VERSION) {
        const message = `This worker speaks protocol ${PROTOCOL_VERSION}, not ${hello.data.protocol}.`;
        return this.fail(id, { code: "protocol", message, fatal: true });
      }
    }
    if (first && !this.surroundings.frontEnd) {
      const message = "Drush has not started an Aegir front end here.";
      return this.fail(id, { code: "internal", message, detail: { reason: "bootstrap" }, fatal: true });
    }
    if (!isVerb(verb)) return this.fail(id, { code: "protocol", message: `There is no verb ${JSON.stringify(verb)}.` });
    await this.carryOut(id, verb, args);
  }

  private async carryOut(id: number, verb: Verb, args: unknown): Promise<void> {
    const { faults, counts } = this.surroundings;
    counts.requests[verb] = (counts.requests[verb] ?? 0) + 1;
    const fault = faults.takeRequest(verb);
    if (typeof fault === "string") this.surroundings.report(`fault: ${fault} at ${verb}`);
    const hold = fault instanceof Hold ? fault : undefined;
    if (verbs[verb].write) await faults.lockFree();
    if (hold?.moment === "begun") {
      const stopped = hold.stop(this.gone);
      if (!(await (verbs[verb].write ? faults.lockedBy(stopped) : stopped))) return;
    }
    if (fault === "cutBefore" || fault === "killBefore") return this.breakOff(fault);
    if (fault === "deadlock") return this.fail(id, { code: "deadlock", message: "1213 Deadlock found" });
    if (fault === "fatal") {
      const message = "PDOException: SQLSTATE[HY000]: 2006 MySQL server has gone away";
      return this.fail(id, { code: "internal", message, detail: { reason: "database" }, fatal: true });
    }
    if (fault === "diskFull") {
      const message = "PDOException: SQLSTATE[HY000]: General error: 1114 The table 'node' is full";
      return this.fail(id, { code: "internal", message, detail: { reason: "exception" } });
    }
    if (fault === "killInside") {
      this.rollBack(verb, args);
      return this.breakOff(fault);
    }
    const body = this.answer(id, verb, args);
    if (hold?.moment === "committed") await hold.stop(this.gone);
    if (faults.answerDelay > 0) await setTimeout(faults.answerDelay, undefined, { ref: false });
    if (this.ended) return;
    if (fault === undefined || fault instanceof Hold) return this.send(body);
    if (fault === "halfAnswer") {
      const frame = this.frame(body);
      this.terminal.write(frame.subarray(0, Math.floor(frame.length / 2)));
    }
    this.breakOff(fault);
  }

  /** The process or the connection ends here; requests that were written after this one are not carried out. */
  private breakOff(fault: RequestFault): void {
    this.ended = true;
    if (fault.startsWith("kill")) this.terminal.kill("KILL");
    else if (fault === "closeAfter") this.terminal.close();
    else this.terminal.cutConnection();
  }

  /** Does what is asked, and has it undone by the database, as when the connection to it ends before the commit. */
  private rollBack(verb: Verb, args: unknown): void {
    const { worker, database } = this.surroundings;
    const handler = worker.handlers[verb] as (args: unknown) => unknown;
    try {
      database.transaction(() => {
        handler(verbs[verb].args.parse(args));
        throw new Error("the connection has ended");
      });
    } catch {
      // Nothing is left of it.
    }
  }

  /** Does what is asked, in one transaction, and says what came of it. */
  private answer(id: number, verb: Verb, args: unknown): object {
    const { worker, database, faults, counts, clock, report } = this.surroundings;
    const now = clock.now();
    const parsed = verbs[verb].args.safeParse(args);
    if (!parsed.success) {
      return { id, now, ok: false, error: { code: "protocol", message: `Wrong arguments: ${parsed.error.message}` } };
    }
    const lock = verbs[verb].write ? faults.databaseLock : undefined;
    if (lock) {
      const message = "Another connection holds the lock of the access worker.";
      return { id, now, ok: false, error: { code: "locked", message, detail: lock } };
    }
    try {
      const { result, changed } = database.transaction(() => {
        const handler = worker.handlers[verb] as (args: unknown) => unknown;
        // Its own answers are held to the same schemas as everybody's.
        const result = verbs[verb].result.parse(handler(parsed.data));
        return { result, changed: database.pendingChanges > 0 };
      });
      if (changed) {
        counts.writes++;
        report(`${verb} ${JSON.stringify(args)}`);
      }
      return { id, now, ok: true, result };
    } catch (error) {
      return { id, now, ok: false, error: failureOf(error) };
    }
  }

  /** Answers that it was not done; without a marker there is no frame to answer in, and the process just ends. */
  private fail(id: number, failure: Failure): void {
    if (this.marker !== undefined) this.send({ id, now: this.surroundings.clock.now(), ok: false, error: failure });
    if (failure.fatal) this.exit(0);
  }

  private send(body: object): void {
    if (this.surroundings.faults.noise) this.terminal.write("Notice: Undefined property: stdClass::$revision");
    this.terminal.write(this.frame(body));
  }

  private frame(body: object): Buffer {
    const json = JSON.stringify(body);
    return Buffer.from(`\n${this.marker} ${Buffer.byteLength(json)} ${json}\n`);
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return { code: error.code, message: error.message, detail: error.detail };
  const message = error instanceof Error ? error.message : String(error);
  // Too long, or outside of the table's character set.
  const unstorable = error instanceof DatabaseError && [1366, 1406].includes(error.number);
  return { code: unstorable ? "refused" : "internal", message, detail: { reason: "exception" } };
}

function isVerb(verb: unknown): verb is Verb {
  return typeof verb === "string" && Object.hasOwn(verbs, verb);
}

function parseRequest(line: string): { id: number; verb: unknown; args: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return undefined;
    const { id, verb, args } = value as Record<string, unknown>;
    return typeof id === "number" && Number.isInteger(id) ? { id, verb, args } : undefined;
  } catch {
    return undefined;
  }
}
