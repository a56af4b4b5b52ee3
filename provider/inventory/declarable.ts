/**
 * What of a live server a manifest can declare so that deploying it writes nothing, and what it cannot: everything else
 * is for a person to decide.
 */
import { octopusInstance } from "../aegir/octopusInstance";
import { isEffective } from "../decisions/siteOwner";
import { clientNameKey, clientNameProblems } from "../naming/ClientName";
import { deriveInternalName, internalNameProblems } from "../naming/InternalName";
import { userNameProblems } from "../naming/PanelUser";
import { reducedName } from "../naming/ShellAccountName";
import { normalizeDomain, siteDomainProblems } from "../naming/SiteDomain";
import { canonicalName, lookAlikeReasons } from "../naming/SpelledName";
import { by } from "../text/order";
import { quoted } from "../text/quoted";
import { type ClientFacts, type Inventory, type SiteFacts, SiteStatus, type UserFacts } from "../worker/facts";
import type { UnusedAccess } from "./unused";

/** A client of the server with its sites and users, each in the order of their names. */
export interface LiveClient {
  name: string;
  internalName: string;
  sites: LiveSite[];
  users: LiveUser[];
  /** Why it cannot be declared, in sentences; empty if it can. */
  problems: string[];
  /** Why its name may not be what it seems, in clauses. */
  remarks: string[];
}

export interface LiveSite {
  site: string;
  problems: string[];
}

export interface LiveUser {
  name: string;
  problems: string[];
  /** Why a binding of this user may not mean what it says, in clauses. */
  remarks: string[];
}

const ROLE = "aegir client";

/**
 * All clients but the default owner and the admin client, which are not declared, by internal name.
 *
 * @param hasAccounts whether the configuration has shell accounts for the server: it is BOA then, whatever it says itself
 * @param unused people to remark on
 */
export function liveClients(
  { server, clients, sites, users }: Inventory,
  hasAccounts = false,
  unused: readonly UnusedAccess[] = [],
): LiveClient[] {
  const boa = hasAccounts || octopusInstance(server) !== null;
  const siteProblems = siteProblemsOf(sites);
  const sitesOf = grouped(
    sites.filter(({ hostmaster }) => !hostmaster),
    ({ ownerNid }) => ownerNid,
  );
  const usersByUid = new Map(users.map((user) => [user.uid, user]));
  const unusedByUid = new Map(unused.map((access) => [access.uid, access]));
  const candidates = clients.filter(({ isDefault, isAdmin }) => !isDefault && !isAdmin);
  const problems = clientProblemsOf(candidates, server.clientPrefix, boa);
  return candidates
    .map((client) => ({
      name: canonicalName(client.name),
      internalName: client.internalName,
      sites: (sitesOf.get(client.nid) ?? [])
        .map((site) => ({ site: site.site, problems: siteProblems(site) }))
        .sort(by("site")),
      users: client.users
        .map(({ uid, name }) => liveUser(name, usersByUid.get(uid), unusedByUid.get(uid)))
        .sort(by("name")),
      problems: problems.get(client) ?? [],
      remarks: lookAlikeReasons(client.name),
    }))
    .sort(by("internalName"));
}

/** Names first, each for itself; then what two of the remaining clients cannot have in common. */
function clientProblemsOf(clients: ClientFacts[], clientPrefix: string, boa: boolean): Map<ClientFacts, string[]> {
  const problems = new Map(
    clients.map((client) => [
      client,
      [
        ...internalNameProblem(client.internalName, clientPrefix, boa),
        ...clientNameProblems(canonicalName(client.name)),
      ],
    ]),
  );
  const sound = clients.filter((client) => problems.get(client)?.length === 0);
  for (const alike of grouped(sound, ({ name }) => clientNameKey(name)).values()) {
    if (alike.length === 1) continue;
    const names = namesOf(alike);
    for (const client of alike) {
      problems.get(client)?.push(`${names} have one title, ${quoted(client.name)}. Rename all but one in the panel.`);
    }
  }
  for (const alike of grouped(sound, ({ internalName }) => reducedName(internalName)).values()) {
    if (alike.length === 1) continue;
    const message = `BOA gives ${namesOf(alike)} one shell login, whose link to the sites changes between them. Move the sites to one of them.`;
    for (const client of alike) problems.get(client)?.push(message);
  }
  return problems;
}

/** A live internal name may be older than the rules, and cannot be changed in place. */
function internalNameProblem(internalName: string, clientPrefix: string, boa: boolean): string[] {
  if (internalNameProblems(internalName, clientPrefix, boa).length === 0) return [];
  const stored = deriveInternalName(internalName, clientPrefix);
  const why =
    stored === internalName
      ? "BOA never creates a login for its internal name."
      : `Aegir would store ${quoted(stored)} as its internal name with the next save, and its directory and login would change.`;
  return [`${why} Create a client with another internal name, and move the sites to it.`];
}

function namesOf(clients: ClientFacts[]): string {
  return clients
    .map(({ internalName }) => quoted(internalName))
    .sort()
    .join(" and ");
}

function siteProblemsOf(sites: SiteFacts[]): (site: SiteFacts) => string[] {
  const alike = grouped(sites, ({ site }) => normalizeDomain(site));
  return (facts) => {
    const { site, status, owner, links } = facts;
    const [problem] = siteDomainProblems(site);
    if (problem !== undefined) return [problem];
    const domain = normalizeDomain(site);
    const count = alike.get(domain)?.length ?? 1;
    if (count > 1) return [`${count} sites of the server are called so. Delete or rename all but one in the panel.`];
    if (domain !== site) return [`The server has it as ${quoted(site)}, and ${quoted(domain)} is another spelling.`];
    if (status === SiteStatus.queued) return ["It is not installed: its install waits, or has failed."];
    if (isEffective(facts)) return [];
    const others = links.filter((directory) => directory !== owner?.internalName);
    return [
      others.length > 0
        ? `Its files are linked for ${others.map(quoted).join(", ")} as well, whose shell login reaches them. To repair that, declare it: the deployment verifies the site.`
        : "Its files are not linked for its owner. To repair that, declare it: the deployment verifies the site.",
    ];
  };
}

function liveUser(name: string, facts: UserFacts | undefined, unused: UnusedAccess | undefined): LiveUser {
  return {
    name: canonicalName(name),
    problems: userNameProblems(canonicalName(name)),
    remarks: [
      ...lookAlikeReasons(name),
      ...(facts?.active === false ? ["blocked in the panel"] : []),
      ...(facts?.administrator ? ["an administrator, who sees every site anyway"] : []),
      ...(facts && !facts.administrator && !facts.roles.includes(ROLE) ? [`lacks the role "${ROLE}"`] : []),
      ...(unused ? [unused.remark] : []),
    ],
  };
}

/** Groups in the order of their first members. */
export function grouped<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
