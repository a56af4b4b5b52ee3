import { SshError, type SshErrorCode } from "../ssh/SshError";

/** The command that should have started a worker ended. */
export class WorkerNotStarted extends SshError {
  constructor(
    host: string,
    code: SshErrorCode,
    /** What happened: the command, how it ended and what it printed. */
    readonly what: string,
    readonly exitCode: number | null,
    /** What it printed, printable. */
    readonly noise: string,
    /** The cause on the server, and what to do: sentences without the last full stop. */
    explanation = "",
  ) {
    super(code, host, "notDone", what, { advice: explanation });
  }
}
