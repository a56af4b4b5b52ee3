/**
 * The Drush worker of one server: typed verbs over a session with a lease. A long-lived PHP process goes stale (statics, a
 * lost database connection), so it is replaced before that
 * (docs/aegir.md#worker-lease): after 60 s, after 500 requests, and after any failure.
 */
import { rawName, spelledOut } from "../naming/SpelledName";
import { isCancelled, pause } from "../ssh/cancellation";
import type { SshConnection } from "../ssh/SshConnection";
import { SshError } from "../ssh/SshError";
import { DEFAULT_TIMINGS } from "../ssh/Timings";
import type { ServerFacts } from "../worker/facts";
import {
  PROTOCOL_VERSION,
  type Verb,
  type VerbArguments,
  type VerbResult,
  verbs,
  WORKER_ARGUMENTS,
} from "../worker/protocol";
import { SessionBroken } from "../worker/SessionBroken";
import { workerSource } from "../worker/source";
import { WorkerNotStarted } from "../worker/WorkerNotStarted";
import { WorkerRefusal } from "../worker/WorkerRefusal";
import { WorkerSession } from "../worker/WorkerSession";
import { AegirError } from "./AegirError";
import { diagnoseStart } from "./diagnoseStart";
import type { Drush } from "./Drush";
import { StallTimeout } from "./StallTimeout";
import { internalReason } from "./workerRefusals";

const LEASE_SECONDS = 60;
const LEASE_REQUESTS = 500;
/** One request is a transaction of milliseconds; the database's own lock wait is the longest part of it. */
const REQUEST_DEADLINE_SECONDS = 120;

export interface VerbAnswer<V extends Verb> {
  /** The server's clock, in seconds. */
  now: number;
  result: VerbResult<V>;
}

export class DrushWorker {
  readonly #connection: SshConnection;
  readonly #drush: Drush;
  readonly #waits: { pollSeconds: number; taskMinutes: number };
  #session: Promise<WorkerSession> | undefined;
  /** When a failed start may be repeated (`performance.now()`). */
  #failedUntil = Infinity;
  #server: ServerFacts | undefined;
  /** Rises when a write begins and when it ends: reads with the same number before and after saw no partial write. */
  writes = 0;

  /** @param waits how long to wait for a server whose load is too high for Drush */
  constructor(connection: SshConnection, drush: Drush, waits: { pollSeconds: number; taskMinutes: number }) {
    this.#connection = connection;
    this.#drush = drush;
    this.#waits = waits;
  }

  get label(): string {
    return this.#connection.label;
  }

  /** The newest worker's facts about its server. */
  async server(): Promise<ServerFacts> {
    await this.#leased();
    return this.#server!;
  }

  /**
   * Makes a request. One that was not carried out, or a read whose answer was lost, is repeated once with a new worker.
   * @throws WorkerRefusal if the worker refused it and wrote nothing; after a fatal one the session has ended
   * @throws SessionBroken with `outcome: "unknown"` if the answer to a write was lost
   * @throws SshError if the server cannot be reached
   */
  async call<V extends Verb>(verb: V, args: VerbArguments<V>): Promise<VerbAnswer<V>> {
    if (verbs[verb].write) this.writes++;
    try {
      return await this.#ask(verb, args);
    } catch (error) {
      const lost = error instanceof SessionBroken && (error.outcome !== "unknown" || !verbs[verb].write);
      // A worker whose database was restarted has done nothing and ends; the next one has a new connection.
      const restarted = error instanceof WorkerRefusal && error.fatal && internalReason(error) === "database";
      if ((!lost && !restarted) || isCancelled()) throw error;
      return await this.#ask(verb, args);
    } finally {
      if (verbs[verb].write) this.writes++;
    }
  }

  async #ask<V extends Verb>(verb: V, args: VerbArguments<V>): Promise<VerbAnswer<V>> {
    const session = await this.#leased();
    try {
      const { now, result } = await session.request(verb, asOnTheServer(args), REQUEST_DEADLINE_SECONDS);
      return { now, result: this.#parseResult(verb, result) };
    } catch (error) {
      if (error instanceof WorkerRefusal) Object.assign(error.detail, asPeopleReadIt(error.detail));
      throw error;
    }
  }

  #parseResult<V extends Verb>(verb: V, result: unknown): VerbResult<V> {
    const parsed = verbs[verb].result.safeParse(result);
    if (parsed.success) return asPeopleReadIt(parsed.data) as VerbResult<V>;
    const where = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
    throw new AegirError({
      code: "serverFailed",
      what: `the worker's answer to "${verb}" does not follow the protocol: ${where}`,
      server: this.label,
      outcome: verbs[verb].write ? "unknown" : "notDone",
      next: "Run the same command again; if the error persists, report this message",
    });
  }

  async #leased(): Promise<WorkerSession> {
    if (performance.now() >= this.#failedUntil) this.#session = undefined;
    const current = this.#session;
    if (current) {
      // For a while, a failed start fails for all callers: rejected credentials are tried once, and a server that is down
      // costs one timeout.
      const session = await current;
      if (session.alive && session.age < LEASE_SECONDS && session.requests < LEASE_REQUESTS) return session;
      // Several callers may get here at the same time; only the first retires the session and starts the next one.
      if (this.#session === current) {
        this.#session = undefined;
        session.retire();
      }
      return this.#leased();
    }
    const starting = this.#start();
    this.#session = starting;
    this.#failedUntil = Infinity;
    starting.catch((error: unknown) => {
      // What the login's shell forbids stays forbidden, and the shell counts the attempts.
      const final = error instanceof SshError && error.code === "commandForbidden";
      if (final || this.#session !== starting) return;
      this.#failedUntil = performance.now() + DEFAULT_TIMINGS.failureSeconds * 1000;
    });
    return starting;
  }

  async #start(): Promise<WorkerSession> {
    const stallTimeout = new StallTimeout(this.#waits.taskMinutes);
    for (;;) {
      try {
        return await this.#startOnce();
      } catch (error) {
        if (isCancelled()) throw error;
        if (!isOverloaded(error)) throw await diagnoseStart(error, this.#connection, this.#drush);
        if (stallTimeout.expired()) throw overloaded(error, stallTimeout.minutes);
      }
      await pause(this.#waits.pollSeconds);
    }
  }

  async #startOnce(): Promise<WorkerSession> {
    const command = this.#drush.onFrontEnd(WORKER_ARGUMENTS);
    const session = await WorkerSession.start(this.#connection, {
      command,
      source: workerSource(),
      protocol: PROTOCOL_VERSION,
    });
    try {
      this.#server = this.#parseResult("hello", session.hello.result);
    } catch (error) {
      session.end();
      throw error;
    }
    return session;
  }

  async end(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    this.#session = undefined;
    session?.end();
  }
}

/**
 * The server gets names unchanged; in this package, names that could be mistaken for others are spelled out
 * (naming/SpelledName.ts), so that no name can deceive a reader, and names compare as they were declared.
 */
function asOnTheServer<T>(args: T): T {
  return mapped(args, (text) => rawName(text)) as T;
}

function asPeopleReadIt(result: unknown): unknown {
  return mapped(result, (text, field) => (NAMES.has(field) ? spelledOut(text) : text));
}

/** Fields of answers that hold the name of a user or the title of a client, a site or a platform. */
const NAMES: ReadonlySet<string> = new Set(["name", "title", "user"]);

/** @param field the key of the value, or of the list that it is in */
function mapped(value: unknown, change: (text: string, field: string) => string, field = ""): unknown {
  if (typeof value === "string") return change(value, field);
  if (Array.isArray(value)) return value.map((item) => mapped(item, change, field));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapped(item, change, key)]));
}

/**
 * Provision ends every Drush process, including the worker, while the load of its machine is above five per processor (`load
 * on system too heavy (10.5 ...), aborting`, wrapped at 80 columns). That passes; the awaited verifies may be the cause.
 */
function isOverloaded(error: unknown): error is WorkerNotStarted {
  return (
    error instanceof WorkerNotStarted && /load on system too heavy/.test(error.noise.replace(/(\\[rn]|\s)+/g, " "))
  );
}

function overloaded({ host, code, what, exitCode, noise }: WorkerNotStarted, minutes: number): WorkerNotStarted {
  const why = `Aegir does not run Drush while the load of its machine is this high, and it stayed this high for ${minutes} min`;
  return new WorkerNotStarted(host, code, what, exitCode, noise, why);
}
