/** The entries of a manifest without problems, as the access that they declare. */
import { distinctKeys } from "../naming/AuthorizedKey";
import { userNameKey } from "../naming/PanelUser";
import type { RotationByAge } from "../naming/RotationByAge";
import { normalizeDomain } from "../naming/SiteDomain";
import { canonicalName } from "../naming/SpelledName";
import { by } from "../text/order";
import { type ExpandedUser, usersOf } from "./expandTeams";
import {
  type AllowedGains,
  type AllowedRemovals,
  DEFAULT_REMOVAL_LIMIT,
  type GrantLimit,
  type KnownFinding,
  type Manifest,
  type ManifestClient,
  type ManifestPerson,
  type ManifestSite,
  type ManifestTeam,
  type ManifestUser,
} from "./Manifest";
import {
  type AllowanceEntry,
  type ClientEntry,
  hasEnded,
  type KnownFindingEntry,
  type LimitEntry,
  type ManifestEntries,
  type RotationByAgeEntry,
  type SiteEntry,
  type Text,
} from "./ManifestEntries";
import { pathIn } from "./ManifestFiles";
import type { PersonEntry, TeamEntry } from "./PeopleEntries";
import type { Roster } from "./Roster";
import { normalRule } from "./RuleEntries";
import { placeOf, type SourceText } from "./SourceText";

/** @param manifest as in parseFiles */
export function normalForm(
  manifest: string,
  entries: ManifestEntries,
  roster: Roster,
  asOf: string,
): Omit<Manifest, "warnings"> {
  const {
    server,
    removalLimit,
    gainLimit,
    allowRemovals,
    allowGains,
    rules,
    knownFindings,
    people,
    teams,
    clients,
    files,
  } = entries;
  const fileOwners = new Map(files.map(({ span, owners }) => [span.source, textsOf(owners)]));
  const records = people.map(recorded);
  const persons = new Map([...personsIn(clients), ...records]);
  return {
    server: server?.text,
    asOf,
    removalLimit: grantLimit(removalLimit),
    gainLimit: gainLimit && grantLimit(gainLimit),
    allowRemovals: allowedRemovals(allowRemovals, roster, asOf),
    allowGains: allowedGains(allowGains, asOf),
    rules: rules.map((entry) => ({
      ...normalRule(entry, (person) => roster.person(person)?.name.text ?? person),
      ...placeOf(entry.rule ?? entry.span),
    })),
    knownFindings: knownFindings.map(knownFinding).sort(by("finding")),
    people: people.map((person, index) => manifestPerson(person, records[index]!)).sort(by("name")),
    teams: teams.map((team) => manifestTeam(team, roster, asOf)).sort(by("name")),
    clients: clients
      .map((entry) => manifestClient(entry, usersOf(entry, roster, asOf), { persons, fileOwners }))
      .sort(by("internalName")),
    files: files.map(({ span, owners, scope, settings }) => ({
      file: span.source.file,
      path: pathIn(manifest, span.source.file),
      owners: textsOf(owners),
      scope: { clients: scope.clients && textsOf(scope.clients), sites: scope.sites && textsOf(scope.sites) },
      settings,
    })),
  };
}

/** What one entry of a user says, and then holds for all of them. */
type Person = Pick<ManifestUser, "createUser" | "expectedUid" | "keys">;

const UNKNOWN_PERSON: Person = { createUser: undefined, expectedUid: undefined, keys: [] };

/** By key. */
function personsIn(clients: readonly ClientEntry[]): Map<string, Person> {
  const persons = new Map<string, Person>();
  for (const { name, createUser, welcomeMail, expectedUid, keys } of clients.flatMap(({ users }) => users)) {
    if (createUser === undefined && expectedUid === undefined && keys.length === 0) continue;
    const key = canonicalName(userNameKey(name.text));
    const person = persons.get(key) ?? { ...UNKNOWN_PERSON };
    person.keys = distinctKeys([...person.keys, ...keys.map(({ text }) => text)]);
    if (createUser) {
      person.createUser = {
        email: createUser.text,
        welcomeMail: welcomeMail || person.createUser?.welcomeMail === true,
      };
    }
    person.expectedUid ??= expectedUid;
    persons.set(key, person);
  }
  return persons;
}

interface Context {
  persons: ReadonlyMap<string, Person>;
  fileOwners: ReadonlyMap<SourceText, string[]>;
}

type PersonRecord = [key: string, person: Person];

/** What the record of a person says. */
function recorded({ name, email, welcomeMail, expectedUid, keys }: PersonEntry): PersonRecord {
  const createUser = email && { email: email.text, welcomeMail: welcomeMail !== undefined };
  const lines = distinctKeys(keys.map(({ text }) => text));
  return [canonicalName(userNameKey(name.text)), { createUser, expectedUid, keys: lines }];
}

function manifestPerson(
  { id, name, email, external, owner, ends }: PersonEntry,
  [key, { keys }]: PersonRecord,
): ManifestPerson {
  return {
    ...{ id: id.text, name: name.text, key, email: email?.text, keys, external },
    ...{ owner: owner?.text, ends: ends?.text, ...placeOf(id) },
  };
}

function manifestTeam({ name, members: entries }: TeamEntry, roster: Roster, asOf: string): ManifestTeam {
  const { people, teams } = roster.membersOf(name.text);
  const members = [...people.keys()].filter((key) => !hasEnded(roster.recordOf(key)?.ends, asOf)).sort();
  const own = new Set(entries.filter(({ text }) => !teams.has(text)).map(({ text }) => roster.keyOf(text)));
  const listed = members.filter((key) => own.has(key));
  const listedTeams = textsOf(entries.filter(({ text }) => teams.has(text))).sort();
  return { name: name.text, members, listed, listedTeams, teams: [...teams].sort(), ...placeOf(name) };
}

function manifestClient(
  entry: ClientEntry,
  expanded: ExpandedUser[],
  { persons, fileOwners }: Context,
): ManifestClient {
  const { name, internalName, renamedFrom, email, sites, shellAccount, onDestroy, span } = entry;
  const users = (ended: boolean) =>
    expanded
      .filter((user) => user.ended === ended)
      .map((user) => manifestUser(user, persons))
      .sort(by("name"));
  return {
    name: name?.text ?? "",
    internalName: internalName?.text ?? "",
    renamedFrom: renamedFrom?.text,
    protect: entry.protect,
    keepPeople: entry.keepPeople !== undefined,
    owners: entry.owners.length > 0 ? textsOf(entry.owners) : (fileOwners.get(span.source) ?? []),
    email: email?.text,
    welcomeMail: entry.welcomeMail !== undefined,
    sites: sites.map(manifestSite).sort(by("site")),
    onDestroy,
    users: users(false),
    expired: users(true),
    shellAccount: shellAccount && {
      rotation: shellAccount.rotation?.text ?? rotationByAge(shellAccount.rotationByAge),
      rotateOnLeave: shellAccount.rotateOnLeave,
    },
    ...placeOf(name ?? span),
  };
}

function rotationByAge(entry: RotationByAgeEntry | undefined): RotationByAge | undefined {
  return entry && { everyDays: entry.everyDays, ...(entry.window && { window: entry.window.text }) };
}

function manifestSite({ site, normalForm, takeOverFrom, protect }: SiteEntry): ManifestSite {
  return { site: normalForm, takeOverFrom: takeOverFrom?.text, protect, ...placeOf(site) };
}

function manifestUser(user: ExpandedUser, persons: ReadonlyMap<string, Person>): ManifestUser {
  const { key, name, expires, reason, ways } = user;
  const { file, line, column } = ways[0];
  const person = persons.get(key) ?? UNKNOWN_PERSON;
  return { name, key, ...person, expires, reason, ways, file, line, column };
}

function knownFinding({ span, finding, names, reason, until }: KnownFindingEntry): KnownFinding {
  return {
    finding: finding?.text ?? "",
    names,
    reason: reason?.text ?? "",
    until: until?.text ?? "",
    ...placeOf(span),
  };
}

function grantLimit({ percent, atLeast }: LimitEntry): GrantLimit {
  return {
    percent: percent ?? DEFAULT_REMOVAL_LIMIT.percent,
    atLeast: atLeast ?? DEFAULT_REMOVAL_LIMIT.atLeast,
  };
}

function allowedGains(entry: AllowanceEntry | undefined, asOf: string): AllowedGains | undefined {
  if (entry?.until === undefined || hasEnded(entry.until, asOf)) return undefined;
  return { until: entry.until.text, reason: entry.reason?.text ?? "", grants: entry.grants };
}

function allowedRemovals(entry: AllowanceEntry | undefined, roster: Roster, asOf: string): AllowedRemovals | undefined {
  if (entry?.until === undefined || hasEnded(entry.until, asOf)) return undefined;
  const { until, reason, grants, clients, sites, users } = entry;
  return {
    until: until.text,
    reason: reason?.text ?? "",
    grants,
    clients: textsOf(clients),
    sites: sites.map(({ text }) => normalizeDomain(text)),
    users: users.map(({ text }) => roster.person(text)?.name.text ?? canonicalName(text)),
  };
}

function textsOf(texts: readonly Text[]): string[] {
  return texts.map(({ text }) => text);
}
