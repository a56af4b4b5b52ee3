import type { GrantLimit, RemovalLimit } from "../manifest/Manifest";
import { mailKey } from "../naming/PanelUser";
import type { BrokenRule } from "../rules/judge";
import type { AccessChange } from "./AccessChange";
import { type Approval, approvalsOf } from "./approvals";
import { type AccessClient, byName, type EffectiveAccess, type Person, type Release } from "./EffectiveAccess";
import { endAdvisories, type EndAdvisory } from "./endAdvisories";
import { keyAdvisories, type KeyAdvisory } from "./keyAdvisories";
import { leaversOf, rotatesOnLeave } from "./leaving";
import { ruleAdvisories, type RuleAdvisory } from "./ruleAdvisories";

/**
 * What a reviewer must know besides who loses and gains sites. Clients are given by their internal names: the ones after
 * the change, if they still exist.
 */
export type Advisory =
  | Approval
  | EndAdvisory
  | KeyAdvisory
  /** The file is about another server: everything goes from one, and comes to the other. */
  | { kind: "server"; from: string; to: string }
  /** The client leaves the declaration, but its sites are to stay with it: Aegir refuses to delete it. */
  | { kind: "cannotRemove"; client: string; sites: readonly string[] }
  /** The client is deleted, with what the server holds of it that is not declared. */
  | { kind: "releases"; client: string; what: readonly Release[] }
  | { kind: "unprotected"; client: string; site?: string }
  | { kind: "keepsNobody"; client: string }
  | { kind: "limits"; from: RemovalLimit; to: RemovalLimit }
  /** Undefined: any number of grants may come. */
  | { kind: "gainLimits"; from: GrantLimit | undefined; to: GrantLimit | undefined }
  /** The change breaks a rule of the level `advise`. */
  | { kind: "advice"; broken: BrokenRule }
  | RuleAdvisory
  /** Sites go from one client to another, which leaves some things with the former one. */
  | { kind: "handedOver"; sites: readonly string[] }
  /** These people reach no site any more. */
  | { kind: "gone"; people: Person[] }
  /** These people reached no site before. */
  | { kind: "new"; people: Person[] }
  /** The person comes to reach at least half of all sites. */
  | { kind: "wide"; person: Person; sites: number; of: number }
  /** `people` who leave the client, if that is why; `putBack`: people have keys in the login. */
  | { kind: "rotated"; client: string; people: Person[]; putBack: boolean }
  /** These people leave the client, and may know the password of its login, which stays. */
  | { kind: "mayKnowPassword"; client: string; people: Person[] }
  /** From now on the password is rotated whenever it reaches that age. */
  | { kind: "rotatedByAge"; client: string; everyDays: number }
  | { kind: "passwordRead"; client: string }
  /** When these people, who lose or gain sites, last used the panel; `asOf`: the day on which the server was asked. */
  | { kind: "lastUse"; people: Person[]; asOf: string }
  | { kind: "made"; person: Person }
  /** A client's `email` was removed; the user with this address stays bound. */
  | { kind: "mailStays"; client: string; mail: string }
  /** The sites are no longer declared, and stay with the client. */
  | { kind: "left"; client: string; sites: readonly string[] }
  /** A client is removed and one of the same title is added: perhaps a rename without `renamedFrom`. */
  | { kind: "replaced"; from: string; to: string }
  | { kind: "title"; client: string; from: string; to: string };

/** Fewer sites are no wide reach, whatever their share. */
const WIDE_REACH = 10;

interface Compared {
  before: EffectiveAccess;
  after: EffectiveAccess;
  lost: AccessChange[];
  gained: AccessChange[];
  matchedClients: ReadonlyMap<string, string>;
  /** By the internal name of a removed client: that of an added client with the same title. */
  sameTitle: ReadonlyMap<string, string>;
  broken: readonly BrokenRule[];
}

export function advisoriesOf(difference: Compared): Advisory[] {
  const { before, after, matchedClients } = difference;
  const compared = [...before.clients.values()].flatMap((client) =>
    clientAdvisories(before, after, client, after.clients.get(matchedClients.get(client.internalName) ?? "")),
  );
  const isRepeated = onceForEachPerson();
  const matched = new Set(matchedClients.values());
  const fresh = [...after.clients.values()].filter(({ internalName }) => !matched.has(internalName));
  const replaced = Array.from(difference.sameTitle, ([from, to]): Advisory => ({ kind: "replaced", from, to }));
  const advisories: Advisory[] = [
    ...approvalsOf(before, after),
    ...replaced,
    ...compared.filter((advisory) => !isRepeated(advisory)),
    ...fresh.flatMap((client) => keyAdvisories(undefined, client)),
    ...siteAdvisories(before, after),
    ...handoverAdvisories(difference),
    ...limitAdvisories(before, after),
    ...ruleAdvisories(before.ruled, after.ruled),
    ...adviceIn(difference),
    ...peopleAdvisories(difference),
  ];
  return advisories.sort((left, right) => WEIGHT.indexOf(left.kind) - WEIGHT.indexOf(right.kind));
}

const WEIGHT: Advisory["kind"][] = [
  "approval",
  "server",
  "cannotRemove",
  "releases",
  "unprotected",
  "keepsNobody",
  "limits",
  "gainLimits",
  "rules",
  "advice",
  "ruledTeam",
  "noLongerExternal",
  "replaced",
  "wide",
  "keysRemoved",
  "loginKeysRemoved",
  "keysAdded",
  "loginKeysAdded",
  "mayKnowPassword",
  "rotated",
  "rotatedByAge",
  "handedOver",
  "gone",
  "new",
  "lastUse",
  "made",
  "personEnds",
  "teamEnds",
  "end",
  "mailStays",
  "left",
  "passwordRead",
  "title",
];

function clientAdvisories(
  before: EffectiveAccess,
  after: EffectiveAccess,
  had: AccessClient,
  has: AccessClient | undefined,
): Advisory[] {
  const advisories: Advisory[] = [];
  const client = (has ?? had).internalName;
  const left = had.leavesSites ? before.sitesOf(had.internalName).filter((site) => !after.sites.has(site)) : [];
  if (left.length > 0) advisories.push({ kind: has ? "left" : "cannotRemove", client, sites: left });
  if (has?.internalName !== had.internalName && had.releases.length > 0) {
    advisories.push({ kind: "releases", client: had.internalName, what: had.releases });
  }
  if (had.protect && has?.protect === false) advisories.push({ kind: "unprotected", client });
  advisories.push(...keyAdvisories(had, has));
  if (!has) return advisories;
  if (had.keepPeople && !has.keepPeople) advisories.push({ kind: "keepsNobody", client });
  if (had.name !== has.name) advisories.push({ kind: "title", client, from: had.name, to: has.name });

  const [old, rotation] = [had.shellAccount?.rotation, has.shellAccount?.rotation];
  const leavers = leaversOf(had, has);
  const isOld = had.shellAccount && has.shellAccount && had.internalName === has.internalName;
  if (isOld && rotatesOnLeave(had, has)) {
    advisories.push({ kind: "rotated", client, people: leavers, putBack: hasKeys(has) });
  } else if (had.shellAccount && rotation !== undefined && rotation !== old) {
    advisories.push({ kind: "rotated", client, people: [], putBack: hasKeys(has) });
  } else if (isOld && leavers.length > 0) advisories.push({ kind: "mayKnowPassword", client, people: leavers });
  else if (!had.shellAccount && has.shellAccount) advisories.push({ kind: "passwordRead", client });
  const everyDays = has.shellAccount?.everyDays;
  if (everyDays !== undefined && everyDays !== had.shellAccount?.everyDays) {
    advisories.push({ kind: "rotatedByAge", client, everyDays });
  }

  advisories.push(...endAdvisories(before, after, had, has));
  for (const [key, { person }] of had.bindings) {
    if (person.by !== "mail" || has.bindings.has(key)) continue;
    const named = [...has.bindings.values()].some(
      (binding) => binding.person.createdAs !== undefined && mailKey(binding.person.createdAs) === mailKey(person.name),
    );
    if (!named) advisories.push({ kind: "mailStays", client, mail: person.name });
  }
  return advisories;
}

/** Whether the end of the person was said of another client already. */
function onceForEachPerson(): (advisory: Advisory) => boolean {
  const said = new Set<string>();
  return (advisory) => {
    if (advisory.kind !== "personEnds") return false;
    const isRepeated = said.has(advisory.person.key);
    said.add(advisory.person.key);
    return isRepeated;
  };
}

const hasKeys = ({ bindings, loginKeys = [] }: AccessClient): boolean =>
  loginKeys.length > 0 || [...bindings.values()].some(({ ended, keys = [] }) => !ended && keys.length > 0);

function siteAdvisories(before: EffectiveAccess, after: EffectiveAccess): Advisory[] {
  return [...before.sites.values()].flatMap(({ site, owner, protect }): Advisory[] => {
    const lifted = protect && after.sites.get(site)?.protect === false;
    return lifted ? [{ kind: "unprotected", client: owner ?? "", site }] : [];
  });
}

function handoverAdvisories({ before, after, matchedClients, sameTitle }: Compared): Advisory[] {
  const sites = [...before.sites.values()].flatMap(({ site, owner }) => {
    const to = after.sites.get(site)?.owner;
    return owner === undefined ||
      to === undefined ||
      [owner, matchedClients.get(owner), sameTitle.get(owner)].includes(to)
      ? []
      : [site];
  });
  return sites.length > 0 ? [{ kind: "handedOver", sites }] : [];
}

function limitAdvisories(before: EffectiveAccess, after: EffectiveAccess): Advisory[] {
  const isSame = (from?: GrantLimit, to?: GrantLimit) => from?.percent === to?.percent && from?.atLeast === to?.atLeast;
  const [removals, gains] = [
    [before.removalLimit, after.removalLimit] as const,
    [before.gainLimit, after.gainLimit] as const,
  ];
  return [
    ...(isSame(...removals) ? [] : [{ kind: "limits" as const, from: removals[0], to: removals[1] }]),
    ...(isSame(...gains) ? [] : [{ kind: "gainLimits" as const, from: gains[0], to: gains[1] }]),
  ];
}

function adviceIn({ broken }: Compared): Advisory[] {
  const advice = broken.filter(({ rule, isAllowed }) => rule.level === "advise" && !isAllowed);
  return advice.map((each) => ({ kind: "advice", broken: each }));
}

/** Who comes, who goes altogether, who reaches very much, who is made. */
function peopleAdvisories({ before, after, lost, gained }: Compared): Advisory[] {
  const [reachedBefore, reachesAfter] = [reaches(before), reaches(after)];
  const changed = new Map(
    [...lost, ...gained].flatMap(({ who }) =>
      who.flatMap((each) => (each.kind === "person" ? [[each.person.key, each.person] as const] : [])),
    ),
  );
  const gone: Person[] = [];
  const fresh: Person[] = [];
  const advisories: Advisory[] = [];
  for (const [key, person] of changed) {
    const [had, has] = [reachedBefore.get(key) ?? 0, reachesAfter.get(key) ?? 0];
    if (has === 0) gone.push(person);
    if (had === 0) fresh.push(person);
    const wide = has >= WIDE_REACH && has * 2 >= after.sites.size;
    if (wide && had * 2 < before.sites.size) {
      advisories.push({ kind: "wide", person, sites: has, of: after.sites.size });
    }
  }
  if (gone.length > 0) advisories.push({ kind: "gone", people: gone.sort(byName) });
  if (fresh.length > 0) advisories.push({ kind: "new", people: fresh.sort(byName) });
  const used = [...changed.values()].filter(({ lastUse, blocked }) => lastUse !== undefined && !blocked);
  const asOf = used[0]?.lastUse?.asOf;
  if (asOf !== undefined) advisories.push({ kind: "lastUse", people: used.sort(byName), asOf });
  // A record of a person who may act for no client makes no user. On a live server all people are users.
  const [users, made] = [before.knowsTeams ? boundTo(before) : before.people, boundTo(after)];
  for (const [key, person] of made) {
    if (!users.has(key) && person.createdAs !== undefined) advisories.push({ kind: "made", person });
  }
  return advisories;
}

/** Those whom an entry of a client names, or named until it ended. */
function boundTo({ clients }: EffectiveAccess): Map<string, Person> {
  const bindings = [...clients.values()].flatMap((client) => [...client.bindings]);
  return new Map(bindings.map(([key, { person }]) => [key, person]));
}

/** How many sites each person reaches through the panel. */
function reaches(access: EffectiveAccess): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { internalName } of access.clients.values()) {
    const sites = access.sitesOf(internalName).length;
    for (const key of access.peopleOf(internalName).keys()) counts.set(key, (counts.get(key) ?? 0) + sites);
  }
  for (const { key } of access.administrators()) counts.set(key, access.sites.size);
  return counts;
}
