/**
 * What a deployment has really granted, which is less than what is declared when something failed. The next deployment is
 * compared with it, so a person who was never bound is nobody's loss, and a site that has not moved yet still has to.
 */
import { setImmediate } from "node:timers/promises";
import type * as pulumi from "@pulumi/pulumi";
import type { AegirClient } from "../resources/AegirClient";
import { allRegistered } from "../resources/allRegistered";
import type { ClientUserBinding } from "../resources/ClientUserBinding";
import type { ShellAccount } from "../resources/ShellAccount";
import type { SiteOwnership } from "../resources/SiteOwnership";
import { type AccessClient, type AccessSite, EffectiveAccess } from "../review/EffectiveAccess";
import type { ClientResources } from "./declareClient";

/**
 * Waits until the engine is done with all resources.
 *
 * @param access what is declared
 * @param last what the last deployment granted, which what has failed still does
 * @param declared by internal name of the client
 */
export async function deployedAccess(
  access: EffectiveAccess,
  last: EffectiveAccess | undefined,
  declared: ReadonlyMap<string, ClientResources>,
): Promise<EffectiveAccess> {
  const resources = [...declared.values()].flatMap(({ client, bindings, sites, account }) => [
    client,
    ...bindings.values(),
    ...sites.values(),
    ...(account ? [account] : []),
  ]);
  const succeeded = await succeededOf(resources);
  const clients = [...access.clients.values()].flatMap((client): AccessClient[] => {
    const { internalName } = client;
    const former = last?.clients.get(internalName);
    const own = declared.get(internalName);
    const isThere = own !== undefined && succeeded.has(own.client);
    if (!isThere && former === undefined) return [];
    const bindings = [...client.bindings].filter(([key, { ended, person }]) => {
      const resource = person.by === "mail" ? own?.client : own?.bindings.get(key);
      return ended || former?.bindings.has(key) || (resource !== undefined && succeeded.has(resource));
    });
    // The keys are written with the login.
    const hasKeys = own?.account !== undefined && succeeded.has(own.account);
    const granted = bindings.map(([key, binding]) => {
      const keys = hasKeys ? binding.keys : former?.bindings.get(key)?.keys;
      return [key, { ...binding, keys: keys ?? [] }] as const;
    });
    return [{ ...client, bindings: new Map(granted) }];
  });
  const sites = [...access.sites.values()].flatMap((site): AccessSite[] => {
    const resource = declared.get(site.owner ?? "")?.sites.get(site.site);
    if (resource !== undefined && succeeded.has(resource)) return [site];
    const owner = last?.sites.get(site.site)?.owner;
    return owner === undefined ? [] : [{ ...site, owner }];
  });
  const { asOf, server, instance, removalLimit, gainLimit } = access;
  return new EffectiveAccess({ asOf, server, instance, removalLimit, gainLimit, clients, sites });
}

type Resource = AegirClient | ClientUserBinding | SiteOwnership | ShellAccount;

async function succeededOf(resources: Resource[]): Promise<Set<Resource>> {
  const succeeded = new Set<Resource>();
  for (const resource of resources) {
    // Of what has failed the engine knows the id at most, and nothing that the server has answered.
    const answer: pulumi.Output<unknown> =
      "uid" in resource ? resource.uid : "nid" in resource ? resource.nid : resource.fingerprint;
    answer.apply((known: unknown) => {
      if (known !== undefined) succeeded.add(resource);
    });
  }
  await allRegistered(resources);
  // What the engine tells of a resource is known just after its URN, or not at all.
  await setImmediate();
  return succeeded;
}
