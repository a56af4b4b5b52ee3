/** Which people, clients and sites a rule is about. */
import { mailKey, userNameKey } from "../naming/PanelUser";
import { matchesPattern } from "../naming/Pattern";
import { normalizeDomain } from "../naming/SiteDomain";
import { canonicalName } from "../naming/SpelledName";
import type { Scope, Selection } from "./Rule";
import type { RuledAccess, RuledClient, RuledPerson } from "./RuledAccess";

/** A client that a rule is about, or some of its sites. */
export interface Target {
  client: RuledClient;
  /** Empty if the rule is about the whole client. */
  sites: string[];
}

export function targetsOf(scope: Scope, { clients }: RuledAccess): Target[] {
  const { isWhole, isClient, isSite } = matchers(scope);
  return clients.flatMap((client): Target[] => {
    if (isWhole || client.names.some(isClient)) return [{ client, sites: [] }];
    const sites = client.sites.filter(({ site, formerOwners }) => isSite(site) || formerOwners.some(isClient));
    return sites.length === 0 ? [] : [{ client, sites: sites.map(({ site }) => site) }];
  });
}

/** Whether a scope has all of the client, or all of the sites that are given. */
export function covers(scope: Scope, { client, sites }: Target): boolean {
  const { isWhole, isClient, isSite } = matchers(scope);
  if (isWhole || client.names.some(isClient)) return true;
  const all = sites.length > 0 ? sites : client.sites.map(({ site }) => site);
  return all.length > 0 && all.every(isSite);
}

function matchers({ clients, sites }: Scope) {
  const sitePatterns = (sites ?? []).map(normalizeDomain);
  return {
    isWhole: clients === undefined && sites === undefined,
    isClient: (name: string) => (clients ?? []).some((pattern) => matchesPattern(pattern, name)),
    isSite: (site: string) => sitePatterns.some((pattern) => matchesPattern(pattern, site)),
  };
}

/**
 * Whether a person is selected, by name, by mail address or as one of a team. Who was there before the change that is
 * judged is known by the address from before it: the change could take that of another.
 */
export function selector(
  { people = [], teams = [] }: Selection,
  access: RuledAccess,
): (person: RuledPerson) => boolean {
  const keys = new Set(people.map(personKey));
  for (const team of teams) for (const key of access.teams.get(team)?.members ?? []) keys.add(key);
  const mails = new Set(people.map(mailKey));
  return ({ key, mails: own, formerly = [] }) => {
    const former = formerly.find((each) => each.key === key);
    return keys.has(key) || (former ?? { mails: own }).mails.some((mail) => mails.has(mail));
  };
}

/** The same, also of who was selected before the change that is judged. */
export function everSelector(selection: Selection, access: RuledAccess): (person: RuledPerson) => boolean {
  const isSelected = selector(selection, access);
  const wasSelected = selector(selection, access.before ?? access);
  return (person) => isSelected(person) || (person.formerly ?? []).some(wasSelected);
}

/** The key of a person who is known by name, as in RuledPerson. */
export function personKey(name: string): string {
  return `user:${canonicalName(userNameKey(name))}`;
}
