/**
 * What a deployment does with the owner of a site: one answer for the resource that carries it out, and for `plan` and
 * `audit`, which only say it. Nothing here asks a server or throws.
 */
import { shellAccountNameProblems } from "../naming/ShellAccountName";
import type { SiteFacts } from "../worker/facts";

export interface DeclaredOwner {
  /** Internal name of the client that is to own the site. */
  client: string;
  /** The node of that client on the server; undefined if it is still to be made. */
  clientNid: number | undefined;
  /** Internal name of the client that may lose the site. */
  takeOverFrom?: string | undefined;
}

/** What the state knows of a site and of its owner; a state of an earlier release has no numbers of owners. */
export interface RecordedOwner {
  /** Node id of the site. */
  nid?: number | undefined;
  client?: string | undefined;
  ownerNid?: number | undefined;
  /** The client that this stack gave the site to, if a refresh has found another owner since. */
  givenTo?: string | undefined;
  givenToNid?: number | undefined;
  /** Whom this stack has taken the site from as `takeOverFrom` says. */
  tookFrom?: string | undefined;
  previousOwner?: string | null | undefined;
  verifyTask?: number | null | undefined;
  applied?: boolean | undefined;
}

/**
 * - `adopt`: it is as declared, and nothing is written
 * - `verify`: the owner is right, and the files are not linked for it
 * - `take`: the declared client becomes the owner
 * - `refuse`: somebody would lose the site who was not named; nothing is written
 */
export type OwnerDecision =
  | { action: "adopt" | "verify" | "take" }
  | { action: "refuse"; why: "takenBack" | "otherSite" | "otherBearer" | "changed" | "otherClient" };

/** @param recorded undefined if no state knows the site, as in `plan` */
export function decideOwner(
  declared: DeclaredOwner,
  site: SiteFacts,
  recorded: RecordedOwner | undefined,
  defaultClientNid: number | null | undefined,
): OwnerDecision {
  const owner = ownerName(site);
  if (declared.clientNid !== undefined && site.ownerNid === declared.clientNid) {
    return { action: isEffective(site) ? "adopt" : "verify" };
  }
  if (recorded && isTakenBack(owner, declared, recorded)) return { action: "refuse", why: "takenBack" };
  if (declared.takeOverFrom !== undefined && owner === declared.takeOverFrom) return { action: "take" };
  if (recorded) {
    const identity = identityOf(recorded, site);
    if (identity === "otherSite" || identity === "otherBearer") return { action: "refuse", why: identity };
    // No verify is known of a write whose answer was lost: it may not have been made.
    const lost = recorded.applied === false && recorded.verifyTask === null;
    const known = identity !== "otherOwner" || (lost && owner === recorded.previousOwner);
    return known ? { action: "take" } : { action: "refuse", why: "changed" };
  }
  // Nobody loses a site whose owner does not exist (docs/aegir.md#deleting-a-client) or is the default one.
  if (site.owner === null || site.owner.nid === defaultClientNid) return { action: "take" };
  return { action: "refuse", why: "otherClient" };
}

/** Whether a site that is no longer declared is still with the client that it was given to, and may be taken from it. */
export function mayRelease(recorded: RecordedOwner, site: SiteFacts): boolean {
  return ["same", "reinstalled"].includes(identityOf(given(recorded), site));
}

/**
 * How what the server has under a site's name compares with what the state recorded. Numbers decide; names do where
 * a state of an earlier release has no number.
 *
 * - `same`: this site, of this client, whatever the client is called now
 * - `otherOwner`: this site, of another client
 * - `otherBearer`: this site, of another client, which has the recorded client's name
 * - `reinstalled`: another site of this name, of the recorded client: its new number is taken over
 * - `otherSite`: another site of this name, of another client: it is never taken without `takeOverFrom`
 */
export function identityOf(
  recorded: Pick<RecordedOwner, "nid" | "client" | "ownerNid">,
  found: Pick<SiteFacts, "nid" | "ownerNid" | "owner">,
): "same" | "otherOwner" | "otherBearer" | "reinstalled" | "otherSite" {
  const sameSite = recorded.nid === undefined || recorded.nid === found.nid;
  const sameName = recorded.client === undefined || ownerName(found) === recorded.client;
  const sameOwner = recorded.ownerNid === undefined ? sameName : recorded.ownerNid === found.ownerNid;
  if (!sameSite) return sameOwner ? "reinstalled" : "otherSite";
  if (sameOwner) return "same";
  return sameName ? "otherBearer" : "otherOwner";
}

/** True if the site is back with the client that this stack has taken it from already, as `takeOverFrom` says. */
export function isTakenBack(
  owner: string,
  { client, takeOverFrom }: Pick<DeclaredOwner, "client" | "takeOverFrom">,
  recorded: RecordedOwner,
): boolean {
  if (takeOverFrom === undefined || recorded.tookFrom !== takeOverFrom) return false;
  return owner === takeOverFrom && givenBy(recorded) === client;
}

/** Whom this stack gave the site to, whatever a refresh has found since; undefined if it is only looked up. */
export const givenBy = (recorded: RecordedOwner): string | undefined => recorded.givenTo ?? recorded.client;

/** What is recorded of the client that this stack gave the site to. */
export function given(recorded: RecordedOwner): RecordedOwner {
  if (recorded.givenTo === undefined) return recorded;
  return { nid: recorded.nid, client: recorded.givenTo, ownerNid: recorded.givenToNid };
}

/** Internal name of the owner; empty if the site has none. */
export const ownerName = ({ owner }: Pick<SiteFacts, "owner">): string => owner?.internalName ?? "";

/**
 * True if exactly the owner's directory links the site. A reserved name never keeps a directory
 * (docs/aegir.md#shell-accounts).
 */
export function isEffective(site: SiteFacts): boolean {
  if (!site.owner) return false;
  const others = site.links.filter((directory) => directory !== site.owner!.internalName);
  if (others.length > 0) return false;
  return site.links.length === 1 || shellAccountNameProblems(site.owner.internalName).length > 0;
}

// Clauses about a site, which is their subject.

export const takenBack = (owner: string): string =>
  `was taken from ${owner} once, as takeOverFrom says, and belongs to ${owner} again: another stack or a person gave it back`;

export const anotherSite = (recorded: RecordedOwner, found: { nid: number; owner: string }): string =>
  `was node ${recorded.nid} of ${givenBy(recorded) || "nobody"}, and is node ${found.nid} of ${found.owner || "nobody"} now: another site of the same name`;

export const reinstalled = (recorded: RecordedOwner, found: SiteFacts): string =>
  `was node ${recorded.nid} and is node ${found.nid} now: it was made again under its name, for ${ownerName(found) || "nobody"}.`;

export const otherBearer = (recorded: RecordedOwner, found: SiteFacts): string =>
  `belonged to ${recorded.client} with node ${recorded.ownerNid}, and belongs to ${ownerName(found)} with node ${found.ownerNid} now: another client of the same name`;
