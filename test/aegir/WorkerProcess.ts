/**
 * One Drush process that carries a worker (provider/worker/PROTOCOL.md): its standard input, its frames, its end, and what
 * can go wrong with each.
 */
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import type { WorkerErrorCode } from "../../provider/worker/errorCodes";
import { PROTOCOL_VERSION, type Verb, verbs } from "../../provider/worker/protocol";
import type { Clock } from "./Clock";
import { type Faults, Hold, type RequestFault } from "./Faults";
import { type FrontEnd, SqlError } from "./FrontEnd";
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

/** A command that reads its standard input. */
export interface Running {
  receive(piece: Buffer): void;
  /** Its standard input has ended. */
  end(): void;
  /** Its channel has closed. */
  abandon(): void;
}

/** What the small Aegir counts of its workers. */
export interface WorkerCounts {
  workerStarts: number;
  requests: Partial<Record<Verb, number>>;
  writes: number;
}

export interface WorkerSurroundings {
  worker: Worker;
  frontEnd: FrontEnd;
  clock: Clock;
  faults: Faults;
  counts: WorkerCounts;
  report: (line: string) => void;
}

interface Failure {
  code: WorkerErrorCode;
  message: string;
  detail?: Record<string, unknown>;
  fatal?: boolean;
}

/** What is answered in the place of the result, when nothing was done. */
const FAILURES: Partial<Record<RequestFault, Failure>> = {
  deadlock: { code: "deadlock", message: "1213 Deadlock found" },
  diskFull: {
    code: "internal",
    message: "PDOException: SQLSTATE[HY000]: General error: 1114 The table 'node' is full",
    detail: { reason: "exception" },
  },
  fatal: {
    code: "internal",
    message: "PDOException: SQLSTATE[HY000]: 2006 MySQL server has gone away",
    detail: { reason: "database" },
    fatal: true,
  },
};

const Request = z.object({ id: z.number().int(), verb: z.string(), args: z.unknown() });

export class WorkerProcess implements Running {
  #unread = Buffer.alloc(0);
  #started = false;
  #ended = false;
  #marker: string | undefined;
  #lastId = 0;
  #goneAway!: () => void;
  readonly #gone = new Promise<void>((resolve) => (this.#goneAway = resolve));
  /** Requests are carried out one by one, in order; this settles when the last one so far is answered. */
  #work: Promise<void> = Promise.resolve();

  /** @param startsFrontEnd false if Drush could not: its database is down, or the alias is another site's */
  constructor(
    private readonly surroundings: WorkerSurroundings,
    private readonly startsFrontEnd: boolean,
    private readonly terminal: Terminal,
  ) {
    surroundings.counts.workerStarts++;
    if (surroundings.faults.noise) terminal.write("Welcome to a small Aegir.\nLast login: never");
  }

  /** Takes a piece of standard input; only whole lines count. */
  receive(piece: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, piece]);
    for (let end = this.#unread.indexOf(10); end >= 0; end = this.#unread.indexOf(10)) {
      const line = this.#unread.subarray(0, end).toString("utf8");
      this.#unread = this.#unread.subarray(end + 1);
      this.#work = this.#work.then(() => (this.#ended ? undefined : this.#takeLine(line)));
    }
  }

  /** The end of standard input: half a line is dropped. */
  end(): void {
    this.#work = this.#work.then(() => this.#exit(0));
  }

  /** The channel is gone; nobody reads any more. */
  abandon(): void {
    this.#ended = true;
    this.#goneAway();
  }

  #exit(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.terminal.exit(code);
  }

  #takeLine(line: string): void | Promise<void> {
    if (this.#started) return this.#takeRequest(line);
    this.#started = true;
    const source = Buffer.from(line, "base64");
    // PHP's base64_decode makes nothing that eval can parse of other lines, and eval refuses an opening tag.
    const whole = source.toString("base64") === line.trim();
    if (source.length === 0 || !whole || source.toString().trimStart().startsWith("<?php")) {
      this.terminal.write("ParseError: syntax error, unexpected token in eval()'d code on line 1\n");
      this.#exit(1);
    }
  }

  async #takeRequest(line: string): Promise<void> {
    const request = parseRequest(line);
    const first = this.#marker === undefined;
    if (request === undefined || request.id <= this.#lastId || (request.verb === "hello") !== first) {
      return this.#fail(request?.id ?? 0, {
        code: "protocol",
        message: "This is no request, or not now.",
        fatal: true,
      });
    }
    const { id, verb, args } = request;
    this.#lastId = id;
    if (first) {
      const hello = verbs.hello.args.safeParse(args);
      if (!hello.success || !/^[0-9a-f]{32}$/.test(hello.data.marker)) return this.#exit(0);
      this.#marker = hello.data.marker;
      if (hello.data.protocol !== PROTOCOL_VERSION) {
        const message = `This worker speaks protocol ${PROTOCOL_VERSION}, not ${hello.data.protocol}.`;
        return this.#fail(id, { code: "protocol", message, fatal: true });
      }
      if (!this.startsFrontEnd) {
        const message = "Drush has not started an Aegir front end here.";
        return this.#fail(id, { code: "internal", message, detail: { reason: "bootstrap" }, fatal: true });
      }
    }
    if (!Object.hasOwn(verbs, verb)) {
      return this.#fail(id, { code: "protocol", message: `There is no verb "${verb}".` });
    }
    await this.#carryOut(id, verb as Verb, args);
  }

  async #carryOut(id: number, verb: Verb, args: unknown): Promise<void> {
    const { faults, counts, report } = this.surroundings;
    const { write } = verbs[verb];
    counts.requests[verb] = (counts.requests[verb] ?? 0) + 1;
    const planned = faults.takeRequest(verb);
    const [hold, fault] = planned instanceof Hold ? [planned, undefined] : [undefined, planned];
    if (fault) report(`fault: ${fault} at ${verb}`);
    if (write) await faults.lockFree();
    if (hold?.moment === "begun") {
      const stopped = hold.stop(this.#gone);
      if (!(await (write ? faults.lockedBy(stopped) : stopped))) return;
    }
    if (fault === "cutBefore" || fault === "killBefore") return this.#breakOff(fault);
    const failure = fault && FAILURES[fault];
    if (failure) return this.#fail(id, failure);

    const body = this.#answer(id, verb, args, fault === "killInside");
    if (hold?.moment === "committed") await hold.stop(this.#gone);
    if (faults.answerDelay > 0) await setTimeout(faults.answerDelay, undefined, { ref: false });
    if (this.#ended) return;
    if (fault === undefined) return this.#send(body);
    if (fault === "halfAnswer") {
      const frame = this.#frame(body);
      this.terminal.write(frame.subarray(0, Math.floor(frame.length / 2)));
    }
    this.#breakOff(fault);
  }

  /** The process or the connection ends here; requests that were written after this one are not carried out. */
  #breakOff(fault: RequestFault): void {
    this.#ended = true;
    if (fault.startsWith("kill")) this.terminal.kill("KILL");
    else if (fault === "closeAfter") this.terminal.close();
    else this.terminal.cutConnection();
  }

  /**
   * Does what is asked, in one transaction, and says what came of it.
   * @param dies before the commit, so that the database undoes it
   */
  #answer(id: number, verb: Verb, args: unknown, dies: boolean): object {
    const { worker, frontEnd, faults, counts, clock, report } = this.surroundings;
    const failed = (error: Failure) => ({ id, now: clock.now(), ok: false, error });
    const parsed = verbs[verb].args.safeParse(args);
    if (!parsed.success) return failed({ code: "protocol", message: `Wrong arguments: ${parsed.error.message}` });
    const lock = verbs[verb].write ? faults.databaseLock : undefined;
    if (lock) {
      const message = "Another connection holds the lock of the access worker.";
      return failed({ code: "locked", message, detail: lock });
    }
    const { commits } = frontEnd;
    try {
      const result = frontEnd.transaction(() => {
        const handler = worker.handlers[verb] as (args: unknown) => unknown;
        // Its own answers are held to the same schemas as everybody's.
        const result = verbs[verb].result.parse(handler(parsed.data));
        if (dies) throw new Error("The connection has ended.");
        return result;
      });
      if (frontEnd.commits > commits) {
        counts.writes++;
        report(`${verb} ${JSON.stringify(args)}`);
      }
      return { id, now: clock.now(), ok: true, result };
    } catch (error) {
      return failed(failureOf(error));
    }
  }

  /** Answers that it was not done; without a marker there is no frame to answer in, and the process just ends. */
  #fail(id: number, failure: Failure): void {
    if (this.#marker !== undefined) this.#send({ id, now: this.surroundings.clock.now(), ok: false, error: failure });
    if (failure.fatal) this.#exit(0);
  }

  #send(body: object): void {
    if (this.surroundings.faults.noise) this.terminal.write("Notice: Undefined property: stdClass::$revision");
    this.terminal.write(this.#frame(body));
  }

  #frame(body: object): Buffer {
    const json = JSON.stringify(body);
    return Buffer.from(`\n${this.#marker} ${Buffer.byteLength(json)} ${json}\n`);
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof Refusal) return { code: error.code, message: error.message, detail: error.detail };
  const message = error instanceof Error ? error.message : String(error);
  // Too long, or outside of the table's character set.
  const unstorable = error instanceof SqlError && [1366, 1406].includes(error.number);
  return { code: unstorable ? "refused" : "internal", message, detail: { reason: "exception" } };
}

function parseRequest(line: string): z.output<typeof Request> | undefined {
  try {
    return Request.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
