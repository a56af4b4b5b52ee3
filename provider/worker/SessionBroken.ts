import { SshError, type SshOutcome } from "../ssh/SshError";

/** A worker's session ended before the answer to one of its requests. */
export class SessionBroken extends SshError {
  constructor(
    code: "sessionBroken" | "deadlineExceeded",
    host: string,
    outcome: SshOutcome,
    /** The request. */
    readonly verb: string,
    /** What ended the session. */
    readonly why: string,
    readonly exitCode: number | null,
    /** With its prefix, for example `SIGKILL`. */
    readonly signal: string | null,
    /** The first and last part of the worker's other output, printable. */
    readonly noise: string,
  ) {
    const effect = {
      unknown: `Whether ${verb} was done is unknown`,
      notDone: `${verb} was not begun`,
      notSent: `${verb} was not sent`,
    }[outcome];
    super(code, host, outcome, `${why}${noise && `; the worker printed: "${noise}"`}`, { effect });
  }
}
