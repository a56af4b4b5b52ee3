import { OneLineError } from "../text/OneLineError";

/**
 * `missing`: a positive "no such file". `denied`: this login may not. `tooLarge`: more than is read of it. `failed`: anything
 * else, what is no plain file included.
 */
export type SftpErrorCode = "missing" | "denied" | "tooLarge" | "failed";

/** The server's answer that it did not do what was asked of a file or directory. */
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
