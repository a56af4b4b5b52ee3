import { OneLineError } from "../text/OneLineError";

/**
 * Errors of the connection to a server, as types to branch on. An answer of the server ("there is no such client", "no
 * such file") is never one of them: see `SftpRefusal` and `worker/WorkerRefusal`. So an unreachable server is never
 * mistaken for one that reports something as missing.
 */

/**
 * `unreachable`: no SSH server answered. `hostKeyRejected`: the server's key is not pinned; nothing was sent to it.
 * `authenticationRejected`: it does not accept the credentials, which were tried once. `credentialsUnusable`: there are
 * no credentials, or they cannot be read; no connection was made. `sessionBroken`: a connection or channel ended before the
 * answer was complete. `deadlineExceeded`: an answer took too long. `refusedByServer`: the server is up and
 * refuses (no shared algorithm, no forwarding, no further channel). `commandForbidden`: the login's shell refuses
 * the command; another attempt may lock the login out.
 */
export type SshErrorCode =
  | "unreachable"
  | "hostKeyRejected"
  | "authenticationRejected"
  | "credentialsUnusable"
  | "sessionBroken"
  | "deadlineExceeded"
  | "refusedByServer"
  | "commandForbidden";

/**
 * What became of the request. `notSent`: its bytes never left; `notDone`: the server did not carry it out (both may be
 * repeated); `unknown`: it may have been carried out, so look first.
 */
export type SshOutcome = "notSent" | "notDone" | "unknown";

/** What to do next for each code; empty if each error brings its own advice. */
const nextStep: Record<SshErrorCode, string> = {
  unreachable: "Check that it is up and can be reached from this machine, then run the same command again",
  hostKeyRejected: "",
  authenticationRejected: "Correct the credentials, then run the same command again",
  credentialsUnusable: "Correct the credentials, then run the same command again",
  sessionBroken: "Run the same command again: it looks first and does what is missing",
  deadlineExceeded: "Run the same command again: it looks first and does what is missing",
  refusedByServer: "Correct this on the server or in the configuration, then run the same command again",
  commandForbidden: "",
};

/** The sentence for each outcome. */
const effectOf: Record<SshOutcome, string> = {
  notSent: "It was not sent",
  notDone: "Nothing was done",
  unknown: "Whether it was done is unknown",
};

export class SshError extends OneLineError {
  /** What to do next: sentences without the last full stop, or nothing. */
  readonly next: string;

  constructor(
    readonly code: SshErrorCode,
    /** `user@host:port` of the hop that this is about. */
    readonly host: string,
    readonly outcome: SshOutcome,
    /**
     * What happened: a clause without a full stop, and without a word on what was done: an error that wraps this one
     * quotes it, and adds the outcome itself.
     */
    readonly reason: string,
    /** `effect`: what was done, if the outcome does not say it. `advice`: what to do. Without the last full stop. */
    { effect = effectOf[outcome], advice = "" }: { effect?: string; advice?: string } = {},
  ) {
    const next = sentences(advice, nextStep[code]);
    super(`${host}: ${sentences(reason, effect, next)}`);
    this.next = next;
  }
}

function sentences(...parts: string[]): string {
  return parts.filter((part) => part !== "").join(". ");
}

/** The server's key is not one of the pinned ones, or it has none of a pinned type (`seen` is null then). */
export class HostKeyRejected extends SshError {
  constructor(
    host: string,
    /** The fingerprint that the server showed, `SHA256:...`. */
    readonly seen: string | null,
    /** The fingerprints that would have been accepted. */
    readonly pinned: readonly string[],
    reason: string,
    says: { effect: string; advice?: string },
    /** The type of the key that it showed, for example `ssh-ed25519`. */
    readonly type: string | null = null,
  ) {
    super("hostKeyRejected", host, "notDone", reason, says);
  }
}

/** The server has answered that it does not accept the credentials; it did not break off the login. */
export class LoginRejected extends SshError {
  constructor(host: string, reason: string, says: { effect: string }) {
    super("authenticationRejected", host, "notDone", reason, says);
  }
}
