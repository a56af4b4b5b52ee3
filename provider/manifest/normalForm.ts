/** The entries of a manifest without problems, as the access that they declare. */
import { distinctKeys } from "../naming/AuthorizedKey";
import { userNameKey } from "../naming/PanelUser";
import type { RotationByAge } from "../naming/RotationByAge";
import { normalizeDomain } from "../naming/SiteDomain";
import { canonicalName } from "../naming/SpelledName";
import { by } from "../text/order";
import {
  type AllowedRemovals,
  DEFAULT_REMOVAL_LIMIT,
  type KnownFinding,
  type Manifest,
  type ManifestClient,
  type ManifestSite,
  type ManifestUser,
} from "./Manifest";
import {
  type AllowanceEntry,
  type ClientEntry,
  hasEnded,
  type KnownFindingEntry,
  type ManifestEntries,
  type RotationByAgeEntry,
  type SiteEntry,
  type Text,
  type UserEntry,
} from "./ManifestEntries";
import { placeOf, type SourceText } from "./SourceText";

export function normalForm(entries: ManifestEntries, asOf: string): Omit<Manifest, "warnings"> {
  const { server, removalLimit, allowRemovals, knownFindings, clients, files } = entries;
  const fileOwners = new Map(files.map(({ span, owners }) => [span.source, textsOf(owners)]));
  const persons = personsIn(clients);
  return {
    server: server?.text,
    asOf,
    removalLimit: {
      percent: removalLimit.percent ?? DEFAULT_REMOVAL_LIMIT.percent,
      atLeast: removalLimit.atLeast ?? DEFAULT_REMOVAL_LIMIT.atLeast,
    },
    allowRemovals: allowedRemovals(allowRemovals, asOf),
    knownFindings: knownFindings.map(knownFinding).sort(by("finding")),
    people: [],
    teams: [],
    clients: clients.map((entry) => manifestClient(entry, { persons, fileOwners, asOf })).sort(by("internalName")),
    files: files.map(({ span, owners }) => ({ file: span.source.file, owners: textsOf(owners) })),
  };
}

/** What one entry of a user says, and then holds for all of them. */
type Person = Pick<ManifestUser, "createUser" | "expectedUid" | "keys">;

function personsIn(clients: readonly ClientEntry[]): Map<string, Person> {
  const persons = new Map<string, Person>();
  for (const { name, createUser, welcomeMail, expectedUid, keys } of clients.flatMap(({ users }) => users)) {
    const person = persons.get(userNameKey(name.text)) ?? { createUser: undefined, expectedUid: undefined, keys: [] };
    person.keys = distinctKeys([...person.keys, ...keys.map(({ text }) => text)]);
    if (createUser) {
      person.createUser = {
        email: createUser.text,
        welcomeMail: welcomeMail || person.createUser?.welcomeMail === true,
      };
    }
    person.expectedUid ??= expectedUid;
    persons.set(userNameKey(name.text), person);
  }
  return persons;
}

interface Context {
  persons: ReadonlyMap<string, Person>;
  fileOwners: ReadonlyMap<SourceText, string[]>;
  asOf: string;
}

function manifestClient(entry: ClientEntry, { persons, fileOwners, asOf }: Context): ManifestClient {
  const { name, internalName, renamedFrom, email, sites, users, shellAccount, onDestroy, span } = entry;
  const usersOf = (selected: UserEntry[]) => selected.map((user) => manifestUser(user, persons));
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
    users: usersOf(users.filter(({ expires }) => !hasEnded(expires, asOf))).sort(by("name")),
    expired: usersOf(users.filter(({ expires }) => hasEnded(expires, asOf))).sort(by("name")),
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

function manifestUser({ name, expires, reason }: UserEntry, persons: ReadonlyMap<string, Person>): ManifestUser {
  const key = userNameKey(name.text);
  const entry = { expires: expires?.text, reason: reason?.text, ...placeOf(name) };
  return {
    name: name.text,
    key: canonicalName(key),
    ...persons.get(key)!,
    ...entry,
    ways: [{ team: undefined, ...entry }],
  };
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

function allowedRemovals(entry: AllowanceEntry | undefined, asOf: string): AllowedRemovals | undefined {
  if (entry?.until === undefined || hasEnded(entry.until, asOf)) return undefined;
  const { until, reason, grants, clients, sites, users } = entry;
  return {
    until: until.text,
    reason: reason?.text ?? "",
    grants,
    clients: textsOf(clients),
    sites: sites.map(({ text }) => normalizeDomain(text)),
    users: users.map(({ text }) => canonicalName(text)),
  };
}

function textsOf(texts: readonly Text[]): string[] {
  return texts.map(({ text }) => text);
}
