/**
 * What the serialised shim calls, in Pulumi's provider process. Frozen: `configure` and `lifecycle` are named in the
 * state of every deployed stack, and the methods of a life cycle with them. Add, never rename.
 */
import { SERVERS_KEY } from "../aegir/ServerConfiguration";
import { configureServers } from "../aegir/servers";
import { aegirClient } from "../resources/AegirClient";
import { clientUserBinding } from "../resources/ClientUserBinding";
import type { Lifecycle } from "../resources/Lifecycle";
import { shellAccount } from "../resources/ShellAccount";
import { siteOwnership } from "../resources/SiteOwnership";
import type { ResourceType } from "./shim";

/** Keeps the stack's configuration. Synchronous, since Pulumi does not wait for it (pulumi-facts 1.2). */
export function configure(request: { config: { get(key: string): string | undefined } }): void {
  configureServers(request.config.get(SERVERS_KEY));
}

/** Which inputs and outputs a life cycle takes is known to the engine's state alone. */
type AnyLifecycle = Lifecycle<never, unknown>;

const lifecycles: Record<ResourceType, unknown> = {
  AegirClient: aegirClient,
  SiteOwnership: siteOwnership,
  ClientUserBinding: clientUserBinding,
  ShellAccount: shellAccount,
};

export function lifecycle(type: ResourceType): AnyLifecycle {
  return lifecycles[type] as AnyLifecycle;
}
