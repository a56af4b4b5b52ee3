import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";

/** A mistake in the program, found while it declares its resources. Pulumi shows its message alone. */
export class ProgramError extends pulumi.RunError {
  /**
   * Pulumi's handler inspects whatever it reports, and hangs the promises of the whole program on an error that one of
   * them rejected with (`sdk/nodejs/runtime/debuggable.ts`): inspecting those takes half a minute.
   */
  [inspect.custom](): string {
    return this.message;
  }
}
