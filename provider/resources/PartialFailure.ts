/** What is recorded of a change that was made in part, or whose outcome is not known. */
import { OneLineError } from "../text/OneLineError";
import { SessionBroken } from "../worker/SessionBroken";

/**
 * The change was made in part. Pulumi records the resource with these properties as existing but not initialised, and
 * the next `up` repairs it. The CLI prints the reasons only, not the message.
 */
export class PartialFailure extends OneLineError {
  override readonly name = "PartialFailure";
  readonly code = "partialFailure";
  readonly reasons: string[];

  constructor(
    readonly id: string,
    readonly properties: object,
    cause: Error,
  ) {
    super(cause.message, { cause });
    this.reasons = [cause.message];
  }
}

/**
 * Runs `operation`. If the answer to its write is lost for good, the resource is recorded with `properties` as if the
 * write was made: the next `up` looks, and a removal takes back what may be there.
 */
export async function recordingUnknown<T>(id: string, properties: object, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof SessionBroken && error.outcome === "unknown") throw new PartialFailure(id, properties, error);
    throw error;
  }
}
