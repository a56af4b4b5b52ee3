import { OneLineError } from "../text/OneLineError";
import { printable } from "../text/printable";

/**
 * Reasons why an Aegir server does not do, or has not yet done, what a resource needs. Errors of the connection are
 * another type (`ssh/SshError`), so that an unreachable server is never mistaken for an answer.
 *
 * - `notConfigured`: the stack's configuration lacks or contradicts what the operation needs
 * - `missing`: something that the resource refers to does not exist on the server
 * - `refused`: it exists, and the change would take something from a client or user that was not named
 * - `changedMeanwhile`: the server holds neither what this stack last saw nor what is declared
 * - `notApplied`: recorded on the server, but not effective
 * - `waitExpired`: nothing has moved for the configured time
 * - `cancelled`: the deployment was cancelled while this waited
 * - `serverFailed`: the worker reported an error of Aegir, Drupal or its database
 */
export type AegirErrorCode =
  | "notConfigured"
  | "missing"
  | "refused"
  | "changedMeanwhile"
  | "notApplied"
  | "waitExpired"
  | "cancelled"
  | "serverFailed";

/** What was done on the server. */
export type Outcome = "done" | "notDone" | "unknown";

/** What an error says, in the order in which it says it. */
export interface AegirErrorParts {
  code: AegirErrorCode;
  /** What happened, to which thing: a clause without a full stop. */
  what: string;
  /** `user@host:port` of the server, or its configured name where no connection is known. */
  server: string;
  outcome: Outcome;
  /** What to do next: a sentence without a full stop. */
  next: string;
  /** Facts for callers that branch: names, nids, lists. */
  detail?: Record<string, unknown>;
  cause?: unknown;
}

const MAXIMUM_CLAUSE = 2000;

const outcomeText: Record<Outcome, string> = {
  done: "The change is recorded on the server",
  notDone: "Nothing was changed",
  unknown: "Whether the change was made is not known",
};

export class AegirError extends OneLineError {
  override readonly name = "AegirError";
  protected override readonly ending = "";
  readonly code: AegirErrorCode;
  readonly server: string;
  readonly outcome: Outcome;
  /** The clauses of the message, for an error that wraps this one. */
  readonly what: string;
  readonly next: string;
  readonly detail: Record<string, unknown>;

  constructor(parts: AegirErrorParts) {
    // Both clauses may quote the server; cut long lists, not the sentences around them.
    const [what, next] = [parts.what, parts.next].map((clause) => printable(clause, MAXIMUM_CLAUSE));
    super(`${what} (server ${parts.server}). ${outcomeText[parts.outcome]}. ${next}.`, { cause: parts.cause });
    this.code = parts.code;
    this.server = parts.server;
    this.outcome = parts.outcome;
    this.what = parts.what;
    this.next = parts.next;
    this.detail = parts.detail ?? {};
  }
}

/** A wait that ended because the deployment was cancelled. `wait` is a noun: what was waited for. */
export function waitCancelled(wait: string, server: string, outcome: Outcome): AegirError {
  const what = `the wait for ${wait} ended because the deployment was cancelled`;
  const next = "Run the same command again: it looks first and continues where this one stopped";
  return new AegirError({ code: "cancelled", what, server, outcome, next });
}
