import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";

/**
 * `packageNotInstalled`: Pulumi's provider process will not find this package. `optionRefused`: a resource option that these
 * resources cannot have. `declaredTwice`: two resources declare the same thing. `guardCalledTwice`: `refuseDestroy()`.
 * `otherStackToDestroy`: `aegir:destroy` names another stack.
 */
export type ProgramErrorCode =
  "packageNotInstalled" | "optionRefused" | "declaredTwice" | "guardCalledTwice" | "otherStackToDestroy";

/** A mistake in the program, found while it declares its resources. Pulumi shows its message alone. */
export class ProgramError extends pulumi.RunError {
  constructor(
    readonly code: ProgramErrorCode,
    message: string,
  ) {
    super(message);
  }

  /**
   * Pulumi's handler inspects whatever it reports, and hangs the promises of the whole program on an error that one of
   * them rejected with (`sdk/nodejs/runtime/debuggable.ts`): inspecting those takes half a minute.
   */
  [inspect.custom](): string {
    return this.message;
  }
}
