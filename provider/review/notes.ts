/** What a reviewer must know besides who loses and gains sites. */
import type { RemovalLimit } from "../manifest/Manifest";
import { mailKey } from "../naming/PanelUser";
import type { AccessChange } from "./AccessChange";
import type { AccessClient, EffectiveAccess, Person } from "./EffectiveAccess";

/** Clients are given by their internal names, as they are after the change if they still are. */
export type Note =
  /** The file is about another server: everything goes from one, and comes to the other. */
  | { kind: "server"; from: string; to: string }
  /** The client leaves the declaration, but its sites are to stay with it: Aegir refuses to delete it. */
  | { kind: "cannotRemove"; client: string; sites: readonly string[] }
  | { kind: "unprotected"; client: string; site?: string }
  | { kind: "keepsNobody"; client: string }
  | { kind: "limits"; from: RemovalLimit; to: RemovalLimit }
  /** Sites go from one client to another, which leaves some things with the former one. */
  | { kind: "handedOver"; sites: readonly string[] }
  /** These people reach no site any more. */
  | { kind: "gone"; people: Person[] }
  /** These people reached no site before. */
  | { kind: "new"; people: Person[] }
  /** The person comes to reach at least half of all sites. */
  | { kind: "wide"; person: Person; sites: number; of: number }
  | { kind: "rotated"; client: string }
  | { kind: "passwordRead"; client: string }
  | { kind: "made"; person: Person }
  | { kind: "end"; person: Person; client: string; from: string | undefined; to: string | undefined }
  /** A client's `email` went: whoever has it stays bound. */
  | { kind: "mailStays"; client: string; mail: string }
  /** The sites are declared no more, and stay with the client. */
  | { kind: "left"; client: string; sites: readonly string[] }
  /** A client goes and one of the same title comes: a rename, perhaps, that nobody called one. */
  | { kind: "replaced"; from: string; to: string }
  | { kind: "title"; client: string; from: string; to: string };

/** Fewer sites are no wide reach, whatever their share. */
const WIDE_REACH = 10;

interface Compared {
  before: EffectiveAccess;
  after: EffectiveAccess;
  lost: AccessChange[];
  gained: AccessChange[];
  successors: ReadonlyMap<string, string>;
  /** By the internal name of a client that goes: the one of a client of the same title that comes. */
  namesakes: ReadonlyMap<string, string>;
}

export function notesOf(difference: Compared): Note[] {
  const { before, after, successors } = difference;
  const compared = [...before.clients.values()].flatMap((client) =>
    clientNotes(before, after, client, after.clients.get(successors.get(client.internalName) ?? "")),
  );
  const replaced = Array.from(difference.namesakes, ([from, to]): Note => ({ kind: "replaced", from, to }));
  const notes = [
    ...replaced,
    ...compared,
    ...siteNotes(before, after),
    ...handoverNotes(difference),
    ...limitNotes(before, after),
    ...peopleNotes(difference),
  ];
  return notes.sort((left, right) => WEIGHT.indexOf(left.kind) - WEIGHT.indexOf(right.kind));
}

const WEIGHT: Note["kind"][] = [
  "server",
  "cannotRemove",
  "unprotected",
  "keepsNobody",
  "limits",
  "replaced",
  "wide",
  "rotated",
  "handedOver",
  "gone",
  "new",
  "made",
  "end",
  "mailStays",
  "left",
  "passwordRead",
  "title",
];

function clientNotes(
  before: EffectiveAccess,
  after: EffectiveAccess,
  had: AccessClient,
  has: AccessClient | undefined,
): Note[] {
  const notes: Note[] = [];
  const client = (has ?? had).internalName;
  const left = had.leavesSites ? before.sitesOf(had.internalName).filter((site) => !after.sites.has(site)) : [];
  if (left.length > 0) notes.push({ kind: has ? "left" : "cannotRemove", client, sites: left });
  if (had.protect && has?.protect === false) notes.push({ kind: "unprotected", client });
  if (!has) return notes;
  if (had.keepPeople && !has.keepPeople) notes.push({ kind: "keepsNobody", client });
  if (had.name !== has.name) notes.push({ kind: "title", client, from: had.name, to: has.name });

  const [old, rotation] = [had.shellAccount?.rotation, has.shellAccount?.rotation];
  if (had.shellAccount && rotation !== undefined && rotation !== old) notes.push({ kind: "rotated", client });
  else if (!had.shellAccount && has.shellAccount) notes.push({ kind: "passwordRead", client });

  for (const [key, { person, expires, ended }] of has.bindings) {
    const earlier = had.bindings.get(key);
    if (earlier && earlier.expires !== expires && !ended && !earlier.ended) {
      notes.push({ kind: "end", person, client, from: earlier.expires, to: expires });
    }
  }
  for (const [key, { person }] of had.bindings) {
    const stays = person.by === "mail" && !has.bindings.has(key);
    const named = [...has.bindings.values()].some(
      (binding) => binding.person.createdAs !== undefined && mailKey(binding.person.createdAs) === mailKey(person.name),
    );
    if (stays && !named) notes.push({ kind: "mailStays", client, mail: person.name });
  }
  return notes;
}

function siteNotes(before: EffectiveAccess, after: EffectiveAccess): Note[] {
  return [...before.sites.values()].flatMap(({ site, owner, protect }): Note[] => {
    const lifted = protect && after.sites.get(site)?.protect === false;
    return lifted ? [{ kind: "unprotected", client: owner ?? "", site }] : [];
  });
}

function handoverNotes({ before, after, successors, namesakes }: Compared): Note[] {
  const sites = [...before.sites.values()].flatMap(({ site, owner }) => {
    const to = after.sites.get(site)?.owner;
    return owner === undefined || to === undefined || [owner, successors.get(owner), namesakes.get(owner)].includes(to)
      ? []
      : [site];
  });
  return sites.length > 0 ? [{ kind: "handedOver", sites }] : [];
}

function limitNotes({ removalLimit: from }: EffectiveAccess, { removalLimit: to }: EffectiveAccess): Note[] {
  return from.percent === to.percent && from.atLeast === to.atLeast ? [] : [{ kind: "limits", from, to }];
}

/** Who comes, who goes altogether, who reaches very much, who is made. */
function peopleNotes({ before, after, lost, gained }: Compared): Note[] {
  const [reachedBefore, reachesAfter] = [reaches(before), reaches(after)];
  const changed = new Map(
    [...lost, ...gained].flatMap(({ who }) =>
      who.flatMap((each) => (each.kind === "person" ? [[each.person.key, each.person] as const] : [])),
    ),
  );
  const gone: Person[] = [];
  const fresh: Person[] = [];
  const notes: Note[] = [];
  for (const [key, person] of changed) {
    const [had, has] = [reachedBefore.get(key) ?? 0, reachesAfter.get(key) ?? 0];
    if (has === 0) gone.push(person);
    if (had === 0) fresh.push(person);
    const wide = has >= WIDE_REACH && has * 2 >= after.sites.size;
    if (wide && had * 2 < before.sites.size) notes.push({ kind: "wide", person, sites: has, of: after.sites.size });
  }
  if (gone.length > 0) notes.push({ kind: "gone", people: sorted(gone) });
  if (fresh.length > 0) notes.push({ kind: "new", people: sorted(fresh) });
  for (const [key, person] of after.people) {
    const known = before.people.has(key) || person.createdAs === undefined;
    if (!known) notes.push({ kind: "made", person });
  }
  return notes;
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

function sorted(people: Person[]): Person[] {
  return people.sort((left, right) => (left.name < right.name ? -1 : 1));
}
