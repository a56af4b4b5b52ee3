/**
 * What a change may not take away by mistake, or give. The limits and protections from before the change apply, which were
 * reviewed; its own `allowRemovals` confirms what is meant, and is reviewed with it. What ends on a day that was known
 * before does not count as a removal.
 */
import type { AllowedRemovals, RemovalLimit } from "../manifest/Manifest";
import type { ManifestProblem } from "../manifest/ManifestError";
import { userNameKey } from "../naming/PanelUser";
import type { Difference } from "./Difference";
import { type AccessClient, type Binding, byName, type EffectiveAccess, type Person } from "./EffectiveAccess";
import { type GainRefusal, gainRefusals } from "./gainRefusals";
import { type ScopeRefusal, scopeRefusals } from "./scopeRefusals";

/** Why a change is refused for what it takes away. Clients are given by their internal names before the change. */
export type RemovalRefusal =
  | { kind: "tooMuch"; lost: number; of: number; limits: RemovalLimit; allowed: number }
  /** `gone`: removed, or under another internal name, which Pulumi's own protection refuses whatever is allowed. */
  | { kind: "protectedClient"; client: string; gone: boolean; sites: string[]; people: Person[] }
  /** `to`: its new owner; undefined if it is no longer declared, which Pulumi's own protection refuses. */
  | { kind: "protectedSite"; site: string; client: string; to: string | undefined }
  | { kind: "lastPerson"; client: string; people: Person[] }
  /** The client stays, and would lose its last people or its last sites, which are listed. */
  | { kind: "emptied"; client: string; sites: readonly string[]; people: Person[] }
  /** These people may still act for a client, and would reach no site any more. */
  | { kind: "lastAccess"; people: Person[] };

export type Refusal = RemovalRefusal | GainRefusal | ScopeRefusal;

/** A change, and what is refused about it. */
export interface Review {
  difference: Difference;
  /** Empty if the change may go ahead. */
  refusals: Refusal[];
  /** What would be refused if the manifest did not say that it is meant. */
  allowed: Refusal[];
  /** Of the access before and after, as a deployment computes them. */
  checksums?: string;
  /** Undefined if there are no access tests on either side. */
  accessTests?: ReviewedAccessTests | undefined;
}

/** Access tests of the repository, run on the access after the change. */
export interface ReviewedAccessTests {
  /** How many there are after the change. */
  tests: number;
  /** How many there were before it, if it changes their file; undefined if it does not. */
  testsBefore: number | undefined;
  /** Those of after the change: they refuse it. */
  failed: readonly ManifestProblem[];
  /** Those of before the change, if it changes their file as well. */
  failedBefore: readonly ManifestProblem[];
}

/** Whether the change may not go ahead. */
export function isRefused({ refusals, accessTests }: Review): boolean {
  return refusals.length > 0 || (accessTests?.failed.length ?? 0) > 0;
}

/** @param hasManifest whether a manifest can allow by name what is refused at any size */
export function reviewOf(difference: Difference, { hasManifest = true } = {}): Review {
  const clients = [...difference.before.clients.values()];
  const found = [
    ...tooMuch(difference, hasManifest),
    ...clients.flatMap((client) => clientRefusals(difference, client)),
    ...siteRefusals(difference),
    ...(hasManifest ? [...clients.flatMap((client) => emptied(difference, client)), ...lastAccess(difference)] : []),
    ...gainRefusals(difference),
    ...scopeRefusals(difference),
  ];
  const allowed = found.filter((refusal) => allows(difference.after, refusal));
  return { difference, refusals: found.filter((refusal) => !allowed.includes(refusal)), allowed };
}

/** True if nothing can allow it: what protects has to be lifted first, in a change of its own. */
export function isFinal(refusal: Refusal): boolean {
  if (refusal.kind === "brokenRule") return refusal.broken.rule.level === "never";
  if (refusal.kind === "outOfScope") return true;
  if (refusal.kind === "protectedClient") return refusal.gone;
  return refusal.kind === "protectedSite" && refusal.to === undefined;
}

function allows({ allowRemovals, allowGains }: EffectiveAccess, refusal: Refusal): boolean {
  if (refusal.kind === "outOfScope" || isFinal(refusal)) return false;
  if (refusal.kind === "brokenRule") return refusal.broken.isAllowed;
  if (refusal.kind === "tooManyGains") return allowGains !== undefined && refusal.gained <= allowGains.grants;
  return allowRemovals !== undefined && allowsRemoval(allowRemovals, refusal);
}

function allowsRemoval(allowance: AllowedRemovals, refusal: RemovalRefusal): boolean {
  switch (refusal.kind) {
    case "tooMuch":
      return refusal.lost <= allowance.grants;
    case "protectedSite":
      return allowance.sites.includes(refusal.site);
    case "protectedClient":
    case "lastPerson":
    case "emptied":
      return allowance.clients.includes(refusal.client);
    case "lastAccess":
      return refusal.people.every(({ name }) =>
        allowance.users.some((user) => userNameKey(user) === userNameKey(name)),
      );
  }
}

/** All of it is too much at any size, but for the one grant that there is. */
function tooMuch({ before, after, grants }: Difference, hasManifest: boolean): RemovalRefusal[] {
  const { lost, before: of } = grants;
  const limits = before.removalLimit;
  const isAll = hasManifest && lost > 1 && lost === of && grants.gained === 0;
  if (!isAll && (lost < limits.atLeast || lost * 100 <= of * limits.percent)) return [];
  return [{ kind: "tooMuch", lost, of, limits, allowed: after.allowRemovals?.grants ?? 0 }];
}

function clientRefusals({ before, after, matchedClients }: Difference, client: AccessClient): RemovalRefusal[] {
  const { internalName, protect, keepPeople } = client;
  if (!protect && !keepPeople) return [];
  const refusals: RemovalRefusal[] = [];
  const successor = after.clients.get(matchedClients.get(internalName) ?? "");
  const had = [...client.bindings.values()].filter((binding) => counts(binding, after.asOf));
  const lost = had.filter(({ person }) => {
    const binding = successor?.bindings.get(person.key);
    return binding === undefined || binding.ended;
  });
  const people = lost.map(({ person }) => person).sort(byName);
  if (protect) {
    const gone = successor?.internalName !== internalName;
    const sites = before.sitesOf(internalName).filter((site) => {
      const owner = after.sites.get(site)?.owner;
      return owner === undefined ? !client.leavesSites : owner !== successor?.internalName;
    });
    if (gone || sites.length + people.length > 0) {
      refusals.push({ kind: "protectedClient", client: internalName, gone, sites, people });
    }
  }
  const keeps = [...(successor?.bindings.values() ?? [])].some(({ ended }) => !ended);
  if (keepPeople && had.length > 0 && !keeps) refusals.push({ kind: "lastPerson", client: internalName, people });
  return refusals;
}

/** A client that stays keeps a person and a site, if it had both. What ended on a day that was known is no loss. */
function emptied({ before, after, matchedClients }: Difference, client: AccessClient): RemovalRefusal[] {
  const successor = after.clients.get(matchedClients.get(client.internalName) ?? "");
  const had = [...client.bindings.values()].filter((binding) => counts(binding, after.asOf));
  const sites = before.sitesOf(client.internalName);
  if (successor === undefined || client.keepPeople || had.length === 0 || sites.length === 0) return [];
  const keepsPeople = [...successor.bindings.values()].some(({ ended }) => !ended);
  const keepsSites = after.sitesOf(successor.internalName).length > 0;
  if (keepsPeople && keepsSites) return [];
  return [
    {
      kind: "emptied",
      client: client.internalName,
      sites: keepsSites ? [] : sites,
      people: keepsPeople ? [] : had.map(({ person }) => person).sort(byName),
    },
  ];
}

/** Who may act for no client any more is leaving; who still may for one keeps a site. */
function lastAccess({ before, after, lost }: Difference): RemovalRefusal[] {
  const losing = lost.filter(({ announced }) => !announced).flatMap(({ who }) => who);
  const people = new Map(
    losing.flatMap((who) => (who.kind === "person" ? [[who.person.key, who.person] as const] : [])),
  );
  const clientsOf = (access: EffectiveAccess, key: string) =>
    [...access.clients.values()].filter(({ bindings }) => bindings.get(key)?.ended === false);
  const reaches = (access: EffectiveAccess, key: string) =>
    clientsOf(access, key).some(({ internalName }) => access.sitesOf(internalName).length > 0);
  const left = [...people.values()].filter(
    ({ key }) => clientsOf(after, key).length > 0 && reaches(before, key) && !reaches(after, key),
  );
  return left.length > 0 ? [{ kind: "lastAccess", people: left.sort(byName) }] : [];
}

/** Whether the binding still holds, as far as was known before. */
function counts({ ended, expires }: Binding, asOf: string): boolean {
  return !ended && (expires === undefined || expires >= asOf);
}

function siteRefusals({ before, after, matchedClients }: Difference): RemovalRefusal[] {
  return [...before.sites.values()].flatMap(({ site, owner, protect }): RemovalRefusal[] => {
    const to = after.sites.get(site)?.owner;
    if (!protect || owner === undefined || (to !== undefined && to === matchedClients.get(owner))) return [];
    return [{ kind: "protectedSite", site, client: owner, to }];
  });
}
