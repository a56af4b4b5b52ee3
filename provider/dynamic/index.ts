/**
 * What the serialised shim calls, in Pulumi's provider process. Frozen: the state of every deployed stack names this
 * module and `configure`. Add, never rename.
 */
import { SERVERS_KEY } from "../aegir/ServerConfiguration";
import { configureServers } from "../aegir/servers";
import { aegirClient } from "../resources/AegirClient";
import { clientUserBinding } from "../resources/ClientUserBinding";
import { looking } from "../resources/looking";
import { PartialFailure } from "../resources/PartialFailure";
import { type ResourceHandlers, STATE_VERSION } from "../resources/ResourceHandlers";
import { shellAccount } from "../resources/ShellAccount";
import { siteOwnership } from "../resources/SiteOwnership";
import { OneLineError } from "../text/OneLineError";
import { watchEngine } from "./engineWatch";
import type { ResourceType } from "./shim";

/** Which inputs and outputs the handlers of a type take is known to the engine's state alone. */
const handlers: Record<ResourceType, ResourceHandlers<never, unknown>> = {
  AegirClient: looking("AegirClient", aegirClient),
  SiteOwnership: looking("SiteOwnership", siteOwnership),
  ClientUserBinding: looking("ClientUserBinding", clientUserBinding),
  ShellAccount: looking("ShellAccount", shellAccount),
};

/**
 * Keeps the stack's configuration and gives a deserialised shim its operations. Synchronous, since Pulumi does not make
 * other calls wait for it (docs/pulumi.md#configure).
 */
export function configure(
  shim: { type: ResourceType },
  request: { config: { get(key: string): string | undefined } },
): void {
  watchEngine();
  configureServers(request.config.get(SERVERS_KEY));
  for (const [name, operation] of Object.entries(handlers[shim.type])) {
    Object.assign(shim, { [name]: reporting(name, operation as (...parameters: unknown[]) => unknown) });
  }
}

/**
 * Pulumi's provider process prints what check, diff, read and delete throw, and its stack, and the engine prints the
 * error once more with the resource. This package's errors say all there, and here only that they came; what is
 * unexpected keeps its frames.
 */
function reporting(
  name: string,
  operation: (...parameters: unknown[]) => unknown,
): (...parameters: unknown[]) => Promise<unknown> {
  return async (...parameters) => {
    try {
      if (parameters.some(isNewer)) {
        throw new NewerState(
          "the state of this resource was written by a newer release of pulumi-aegir. Nothing was done. " +
            "Install that release, or a later one",
        );
      }
      return await operation(...parameters);
    } catch (error) {
      // Pulumi adds the provider's text to what create and update return, but not to what they throw; without it no
      // later operation could read or delete the resource (SDK cmd/dynamic-provider, grpcResponseFromError).
      if (error instanceof PartialFailure) {
        const { __provider } = parameters.at(-1) as { __provider?: string };
        Object.assign(error.properties, { __provider });
      }
      if (error instanceof Error && error.stack === error.message) {
        error.toString = () => `${name} failed`;
        error.stack = "the error of the resource says why";
      }
      throw error;
    }
  };
}

class NewerState extends OneLineError {
  readonly code = "newerState";
}

/** True of old outputs that hold what this release does not know. */
function isNewer(parameter: unknown): boolean {
  const { stateVersion } = (parameter ?? {}) as { stateVersion?: unknown };
  return typeof stateVersion === "number" && stateVersion > STATE_VERSION;
}
