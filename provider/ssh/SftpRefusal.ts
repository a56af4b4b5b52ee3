import { OneLineError } from "../text/OneLineError";

/**
 * `missing`: a definite "no such file". `denied`: this login has no permission. `tooLarge`: beyond the limit. `failed`:
 * anything else, including what is not a regular file.
 */
export type SftpErrorCode = "missing" | "denied" | "tooLarge" | "failed";

/** The server's answer that it did not carry out an operation on a file or directory. */
export class SftpRefusal extends OneLineError {
  constructor(
    /** `user@host:port` */
    readonly host: string,
    readonly path: string,
    readonly code: SftpErrorCode,
    /** What happened: a clause without a full stop. */
    readonly reason: string,
  ) {
    super(`${host}: ${reason}. Nothing was changed. Look at it with this login, then run the same command again`);
  }
}
