/** The site and the person that a question means, however they are written. */
import { nearest } from "../manifest/closest";
import { mailKey, userNameKey } from "../naming/PanelUser";
import { normalizeDomain } from "../naming/SiteDomain";
import { canonicalName } from "../naming/SpelledName";
import type { AccessSite, EffectiveAccess, Person } from "../review/EffectiveAccess";

/** How many names are suggested for one that is not there. */
const SUGGESTED = 3;

export function findSite({ sites }: EffectiveAccess, asked: string): AccessSite | undefined {
  const domain = normalizeDomain(asked);
  return sites.get(domain) ?? [...sites.values()].find(({ site }) => normalizeDomain(site) === domain);
}

/** Domains that may be meant by one that is not there: those that have it in them, and those that are spelled almost so. */
export function similarSites({ sites }: EffectiveAccess, asked: string): string[] {
  const domain = normalizeDomain(asked);
  const bare = domain.replace(/^www\./, "");
  const related = [...sites.keys()].filter((site) => bare !== "" && (site.includes(bare) || bare.endsWith(`.${site}`)));
  return [...new Set([...related, ...nearest(domain, sites.keys(), SUGGESTED)])].slice(0, SUGGESTED);
}

/**
 * The users that are one person, by name (in whatever capitals), mail address, or fingerprint of a key (`SHA256:...`). There
 * are several where a client's `email` names the person besides its own name.
 */
export function findPerson(access: EffectiveAccess, asked: string): Person[] {
  const people = [...access.people.values()];
  const key = `user:${canonicalName(userNameKey(asked))}`;
  const named = access.people.has(key) ? key : keyHolder(access, asked);
  const mails = new Set(named === undefined ? [mailKey(asked)] : mailsOf(access.people.get(named)!));
  return people.filter((person) => person.key === named || mailsOf(person).some((mail) => mails.has(mail)));
}

/** Names that may be meant by one that is not there. */
export function similarPeople({ people }: EffectiveAccess, asked: string): string[] {
  return nearest(
    asked,
    [...people.values()].map(({ name }) => name),
    SUGGESTED,
  );
}

/** The key of the person who logs in with a key of this fingerprint; no two people have the same one. */
function keyHolder({ clients }: EffectiveAccess, fingerprint: string): string | undefined {
  if (!fingerprint.startsWith("SHA256:")) return undefined;
  const bindings = [...clients.values()].flatMap((client) => [...client.bindings.values()]);
  return bindings.find(({ keys = [] }) => keys.some((key) => key.fingerprint === fingerprint))?.person.key;
}

function mailsOf({ by, name, email, createdAs }: Person): string[] {
  const mails = [email, createdAs, by === "mail" ? name : undefined];
  return mails.flatMap((mail) => (mail === undefined ? [] : [mailKey(mail)]));
}
