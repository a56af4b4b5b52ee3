import type { Manifest } from "../manifest/Manifest";
import { internalNameProblems } from "../naming/InternalName";
import { mailKey, userNameKey } from "../naming/PanelUser";
import { reservedShellName, shellAccountName } from "../naming/ShellAccountName";
import { normalizeDomain } from "../naming/SiteDomain";
import type { Inventory } from "../worker/facts";

/**
 * What a live server holds and a manifest does not declare, as ids, each list sorted. A deployment takes away what an
 * earlier one declared, which its state alone knows, and leaves the rest.
 */
export interface Undeclared {
  bindings: string[];
  sites: string[];
  /** Of clients that are not declared; the login of one that is stays as long as the client owns a site. */
  logins: string[];
  /** Clients with neither people nor sites are listed as well. */
  clients: string[];
}

/**
 * What no deployment can have declared is left out: clients of names that cannot be (the admin client among them), the
 * site of the front end, and the sites of the default owner, who is given what is no longer declared.
 *
 * @param instance the Octopus instance, if the server has one: else there are no logins
 */
export function undeclaredOf(manifest: Manifest, inventory: Inventory, instance: string | undefined): Undeclared {
  const declared = new Map(manifest.clients.map((client) => [client.internalName, client]));
  const declaredSites = declaredSitesOf(manifest, inventory);
  const found: Undeclared = { bindings: [], sites: [], logins: [], clients: [] };
  for (const { internalName, isAdmin, isDefault, users, sites } of inventory.clients) {
    const client = declared.get(internalName);
    const undeclarable =
      isAdmin || internalNameProblems(internalName, inventory.server.clientPrefix, instance !== undefined).length > 0;
    if (client === undefined && undeclarable) continue;
    const people = new Set(client?.users.map((user) => userNameKey(user.name)));
    const mail = client?.email === undefined ? undefined : mailKey(client.email);
    for (const user of users) {
      if (people.has(userNameKey(user.name)) || mailKey(user.mail) === mail) continue;
      found.bindings.push(`binding:${internalName}:${user.name}`);
    }
    if (client === undefined && isDefault) continue;
    const left = sites.map(normalizeDomain).filter((site) => !declaredSites.has(site));
    found.sites.push(...left.map((site) => `site:${site}`));
    if (client !== undefined) continue;
    found.clients.push(`client:${internalName}`);
    if (instance === undefined || left.length === 0 || reservedShellName(internalName)) continue;
    found.logins.push(`account:${shellAccountName(instance, internalName)}`);
  }
  const { bindings, sites, logins, clients } = found;
  for (const list of [bindings, sites, logins, clients]) list.sort();
  return found;
}

/** The declared sites in normal form, and the front end itself, which no manifest can declare. */
export function declaredSitesOf({ clients }: Manifest, inventory: Inventory): Set<string> {
  const declared = clients.flatMap(({ sites }) => sites.map(({ site }) => site));
  const frontEnd = inventory.sites.filter(({ hostmaster }) => hostmaster).map(({ site }) => normalizeDomain(site));
  return new Set([...declared, ...frontEnd]);
}

export function undeclaredIds({ bindings, sites, logins, clients }: Undeclared): string[] {
  return [...bindings, ...sites, ...logins, ...clients];
}
