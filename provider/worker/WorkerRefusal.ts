import { OneLineError } from "../text/OneLineError";
import { printable } from "../text/printable";
import type { WorkerErrorCode } from "./errorCodes";

/** The worker's answer that it did not carry out a request; nothing was written (PROTOCOL.md, "Answers"). */
export class WorkerRefusal extends OneLineError {
  /** The server's own words, printable, as a clause without a full stop. */
  readonly reason: string;

  constructor(
    /** `user@host:port` */
    readonly host: string,
    readonly verb: string,
    readonly code: WorkerErrorCode,
    message: string,
    /** As the server sent it: its strings are not escaped. */
    readonly detail: Record<string, unknown>,
    /** The worker has ended after this answer. */
    readonly fatal: boolean,
    /** The server's clock, seconds since the epoch. */
    readonly now: number,
  ) {
    const reason = printable(message).replace(/\.$/, "");
    super(
      `${host}: the worker did not carry out ${verb}: ${reason}. Nothing was changed. Run the same command again: it ` +
        "looks first and does what is missing",
    );
    this.reason = reason;
  }
}
