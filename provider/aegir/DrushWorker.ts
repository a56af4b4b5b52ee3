/**
 * The Drush worker of one server, as the rest of this package calls it: typed verbs over a session that lives on a
 * lease. A long-lived PHP process goes stale (statics, a lost database link), so it is recycled before it can
 * (docs/aegir.md#worker-lease): after 60 s, after 500 requests, and after anything that broke it.
 */
import { SshError } from "../ssh/SshError";
import { SessionBroken } from "../worker/SessionBroken";
import { WorkerNotStarted } from "../worker/WorkerNotStarted";
import { rawName, spelledOut } from "../naming/SpelledName";
import type { SshConnection } from "../ssh/SshConnection";
import { DEFAULT_TIMINGS } from "../ssh/Timings";
import { isCancelled, pause } from "../ssh/cancellation";
import { WorkerRefusal } from "../worker/WorkerRefusal";
import { WorkerSession } from "../worker/WorkerSession";
import {
  PROTOCOL_VERSION,
  verbs,
  WORKER_ARGUMENTS,
  type ServerFacts,
  type Verb,
  type VerbArguments,
  type VerbResult,
} from "../worker/protocol";
import { workerSource } from "../worker/source";
import { AegirError } from "./AegirError";
import type { Drush } from "./Drush";
import { StallTimeout } from "./StallTimeout";
import { diagnoseStart } from "./diagnoseStart";
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
  /** When a start that failed may be tried again (`performance.now()`). */
  #failedUntil = Infinity;
  #server: ServerFacts | undefined;
  /** Rises when a write begins and when it ends: what was read under one number saw no half of a write. */
  writes = 0;

  /** @param waits how long a server whose load is too high for Drush is waited for */
  constructor(connection: SshConnection, drush: Drush, waits: { pollSeconds: number; taskMinutes: number }) {
    this.#connection = connection;
    this.#drush = drush;
    this.#waits = waits;
  }

  get label(): string {
    return this.#connection.label;
  }

  /** What the newest worker said of its server. */
  async server(): Promise<ServerFacts> {
    await this.#leased();
    return this.#server!;
  }

  /**
   * Asks once. A request that was not carried out, and a read whose answer was lost, is asked again with a fresh worker.
   * @throws WorkerRefusal if the worker answered that nothing was written; a fatal one ends the session by itself
   * @throws SessionBroken with `outcome: "unknown"` if the answer to a write was lost
   * @throws SshError if the server cannot be reached
   */
  async call<V extends Verb>(verb: V, args: VerbArguments<V>): Promise<VerbAnswer<V>> {
    if (verbs[verb].write) this.writes++;
    try {
      return await this.#ask(verb, args);
    } catch (error) {
      const lost = error instanceof SessionBroken && (error.outcome !== "unknown" || !verbs[verb].write);
      // A worker whose database was restarted has done nothing, and ends; the next one has a connection of its own.
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
      what: `the worker's answer to "${verb}" is not of the protocol's form: ${where}`,
      server: this.label,
      outcome: verbs[verb].write ? "unknown" : "notDone",
      next: "Run the same command again; if it stays, report this message",
    });
  }

  async #leased(): Promise<WorkerSession> {
    if (performance.now() >= this.#failedUntil) this.#session = undefined;
    const current = this.#session;
    if (current) {
      // A start that fails, fails for all who ask for a while: rejected credentials are tried once, and a server that
      // is down costs one timeout.
      const session = await current;
      if (session.alive && session.age < LEASE_SECONDS && session.requests < LEASE_REQUESTS) return session;
      // Several callers may come here at once; only the first retires the session and starts the next one.
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
      // What the login's shell forbids stays forbidden: it counts who keeps trying.
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
 * Between here and the server, names are as they are; on this side, what could be taken for another name is spelled out
 * (naming/SpelledName.ts), so that nothing that is shown can deceive, and names compare as they were declared.
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
 * Provision ends every Drush process, ours too, while the load of its machine is above five per processor (`load on system
 * too heavy (10.5 ...), aborting`, wrapped at 80 columns): that passes, and the verifies that are waited for may cause it.
 */
function isOverloaded(error: unknown): error is WorkerNotStarted {
  return (
    error instanceof WorkerNotStarted && /load on system too heavy/.test(error.noise.replace(/(\\[rn]|\s)+/g, " "))
  );
}

function overloaded({ host, code, what, exitCode, noise }: WorkerNotStarted, minutes: number): WorkerNotStarted {
  const why = `Aegir runs no Drush while the load of its machine is so high, and it was so for ${minutes} min`;
  return new WorkerNotStarted(host, code, what, exitCode, noise, why);
}
