/**
 * The entries of a manifest as far as they can be read, each with its place in the file. A value of the wrong shape is
 * left out here, and shapeProblems.ts reports it, so that the problems of all entries are found in one go.
 */
import { normalizeDomain } from "../naming/SiteDomain";
import { quoted } from "../text/quoted";
import { fieldOf, isTrue, itemsOf, keyIfTrue, numberOf, spanOf, type Text, textOf, textsOf } from "./fieldValues";
import type { ManifestClient } from "./Manifest";
import { personEntries, type PersonEntry, teamEntries, type TeamEntry } from "./PeopleEntries";
import { type RuleEntry, ruleEntry } from "./RuleEntries";
import { firstLine, lacksField } from "./shapeProblems";
import type { Span } from "./SourceText";
import type { Value } from "./YamlTree";

export interface ManifestEntries {
  /** Where the manifest begins. */
  start: Span;
  server: Text | undefined;
  /** The keys of settings that a manifest has once, even if their values could not be read. */
  settings: ReadonlyMap<string, Span>;
  removalLimit: LimitEntry;
  gainLimit: LimitEntry | undefined;
  allowRemovals: AllowanceEntry | undefined;
  allowGains: AllowanceEntry | undefined;
  rules: RuleEntry[];
  knownFindings: KnownFindingEntry[];
  people: PersonEntry[];
  teams: TeamEntry[];
  clients: ClientEntry[];
  files: FileEntry[];
}

/** What a file says of itself. */
export interface FileEntry {
  span: Span;
  /** Where to look if the file lacks something. */
  firstLine: Span;
  lacksClients: boolean;
  owners: Text[];
  /** Patterns of what the file may declare; undefined for what it does not restrict. */
  scope: { clients: Text[] | undefined; sites: Text[] | undefined };
  /** The names of those of the settings that it has, sorted. */
  settings: string[];
}

/** Settings that a manifest has once, in one of its files. */
const SETTINGS = ["server", "removalLimit", "gainLimit", "allowRemovals", "allowGains"];

export interface LimitEntry {
  percent: number | undefined;
  atLeast: number | undefined;
}

export type { Text } from "./fieldValues";

export interface ClientEntry {
  span: Span;
  /** False only if no site is listed, not even in a field that was misspelt or could not be read. */
  mayOwnSites: boolean;
  name: Text | undefined;
  internalName: Text | undefined;
  lacksInternalName: boolean;
  renamedFrom: Text | undefined;
  protect: boolean;
  /** The key, if the value is true. */
  keepPeople: Span | undefined;
  owners: Text[];
  email: Text | undefined;
  /** The key, if the value is true. */
  welcomeMail: Span | undefined;
  sites: SiteEntry[];
  users: UserEntry[];
  teams: ClientTeamEntry[];
  /** Entries of users that name neither a person nor a team, nor both. */
  nameless: Span[];
  shellAccount:
    | { key: Span; rotation: Text | undefined; rotationByAge: RotationByAgeEntry | undefined; rotateOnLeave: boolean }
    | undefined;
  onDestroy: ManifestClient["onDestroy"];
}

export interface RotationByAgeEntry {
  span: Span;
  everyDays: number;
  window: Text | undefined;
}

export interface SiteEntry {
  site: Text;
  normalForm: string;
  takeOverFrom: Text | undefined;
  protect: boolean;
}

/** What an entry of users says of whomever it names. */
interface Grant {
  expires: Text | undefined;
  reason: Text | undefined;
  /** The keys of what it says of a person everywhere, and not of this client alone. */
  personal: Text[];
}

export interface UserEntry extends Grant {
  name: Text;
  createUser: Text | undefined;
  welcomeMail: boolean;
  expectedUid: number | undefined;
  keys: Text[];
}

export interface ClientTeamEntry extends Grant {
  team: Text;
  /** That it names besides. */
  name: Text | undefined;
}

export interface AllowanceEntry {
  key: Span;
  until: Text | undefined;
  reason: Text | undefined;
  grants: number;
  clients: Text[];
  sites: Text[];
  users: Text[];
}

export interface KnownFindingEntry {
  span: Span;
  finding: Text | undefined;
  names: string[];
  reason: Text | undefined;
  until: Text | undefined;
}

/** The entries of one file. */
export function readEntries(root: Value): ManifestEntries {
  const gainLimit = fieldOf(root, "gainLimit");
  return {
    start: root.source.span(root.start, root.start),
    server: textOf(fieldOf(root, "server")),
    settings: new Map(
      SETTINGS.flatMap((name) => {
        const key = root.fields.get(name)?.key;
        return key ? [[name, key] as const] : [];
      }),
    ),
    removalLimit: limitEntry(fieldOf(root, "removalLimit")),
    gainLimit: gainLimit && limitEntry(gainLimit),
    allowRemovals: allowanceEntry(root, "allowRemovals"),
    allowGains: allowanceEntry(root, "allowGains"),
    rules: itemsOf(root, "rules").map((rule) => ruleEntry(rule)),
    knownFindings: itemsOf(root, "knownFindings").map(knownFindingEntry),
    people: personEntries(root),
    teams: teamEntries(root),
    clients: itemsOf(root, "clients").map(clientEntry),
    files: [fileEntry(root)],
  };
}

function limitEntry(limit: Value | undefined): LimitEntry {
  return { percent: numberOf(fieldOf(limit, "percent")), atLeast: numberOf(fieldOf(limit, "atLeast")) };
}

function fileEntry(root: Value): FileEntry {
  const scope = fieldOf(root, "scope");
  const patterns = (list: string) => (scope?.fields.has(list) ? textsOf(scope, list) : undefined);
  return {
    span: spanOf(root),
    firstLine: firstLine(root),
    lacksClients: !Array.isArray(root.plain) && lacksField(root, "", "clients"),
    owners: textsOf(root, "owners"),
    scope: { clients: patterns("clients"), sites: patterns("sites") },
    settings: SETTINGS.filter((name) => root.fields.has(name)).sort(),
  };
}

function clientEntry(value: Value): ClientEntry {
  const sites = fieldOf(value, "sites");
  const shellAccount = value.fields.get("shellAccount");
  const users = itemsOf(value, "users");
  return {
    span: spanOf(value),
    mayOwnSites: !lacksField(value, "clients", "sites") && !(Array.isArray(sites?.plain) && sites.items.length === 0),
    name: textOf(fieldOf(value, "name")),
    internalName: textOf(fieldOf(value, "internalName")),
    lacksInternalName: lacksField(value, "clients", "internalName"),
    renamedFrom: textOf(fieldOf(value, "renamedFrom")),
    protect: isTrue(fieldOf(value, "protect")),
    keepPeople: keyIfTrue(value, "keepPeople"),
    owners: textsOf(value, "owners"),
    email: textOf(fieldOf(value, "email")),
    welcomeMail: keyIfTrue(value, "welcomeMail"),
    sites: itemsOf(value, "sites").flatMap(siteEntry),
    users: users.flatMap(userEntry),
    teams: users.flatMap(clientTeamEntry),
    nameless: users
      .filter((user) => user.fields.size > 0 && NAMES.every((field) => lacksField(user, "users", field)))
      .map(spanOf),
    shellAccount: shellAccount && {
      key: shellAccount.key,
      rotation: textOf(fieldOf(shellAccount.value, "rotation")),
      rotationByAge: rotationByAgeEntry(fieldOf(shellAccount.value, "rotation")),
      rotateOnLeave: isTrue(fieldOf(shellAccount.value, "rotateOnLeave")),
    },
    onDestroy: onDestroyOf(fieldOf(value, "onDestroy")),
  };
}

/** What happens to the declared sites, or a map with that and more. */
function onDestroyOf(value: Value | undefined): ClientEntry["onDestroy"] {
  const says = (field: string, choice: string) => fieldOf(value, field)?.plain === choice;
  return {
    sites: value?.plain === "leave" || says("sites", "leave") ? "leave" : "default-owner",
    undeclaredSites: says("undeclaredSites", "default-owner") ? "default-owner" : "refuse",
    undeclaredBindings: says("undeclaredBindings", "drop") ? "drop" : "refuse",
    platforms: says("platforms", "default-owner") ? "default-owner" : "refuse",
  };
}

function rotationByAgeEntry(value: Value | undefined): RotationByAgeEntry | undefined {
  const everyDays = fieldOf(value, "everyDays");
  const days = numberOf(everyDays);
  if (everyDays === undefined || days === undefined) return undefined;
  return { span: spanOf(everyDays), everyDays: days, window: textOf(fieldOf(value, "window")) };
}

/** An entry is the domain itself, or a map with it. */
function siteEntry(value: Value): SiteEntry[] {
  const site = textOf(value) ?? textOf(fieldOf(value, "site"));
  if (site === undefined) return [];
  return [
    {
      site,
      normalForm: normalizeDomain(site.text),
      takeOverFrom: textOf(fieldOf(value, "takeOverFrom")),
      protect: isTrue(fieldOf(value, "protect")),
    },
  ];
}

const NAMES = ["name", "team"];
const PERSONAL = ["createUser", "expectedUid", "keys"];

/** An entry is the name itself, or a map with it. */
function userEntry(value: Value): UserEntry[] {
  const name = textOf(value) ?? textOf(fieldOf(value, "name"));
  if (name === undefined || value.fields.has("team")) return [];
  const createUser = fieldOf(value, "createUser");
  return [
    {
      name,
      createUser: textOf(fieldOf(createUser, "email")),
      welcomeMail: isTrue(fieldOf(createUser, "welcomeMail")),
      expectedUid: numberOf(fieldOf(value, "expectedUid")),
      keys: textsOf(value, "keys"),
      ...grantOf(value),
    },
  ];
}

function clientTeamEntry(value: Value): ClientTeamEntry[] {
  const team = textOf(fieldOf(value, "team"));
  return team === undefined ? [] : [{ team, name: textOf(fieldOf(value, "name")), ...grantOf(value) }];
}

function grantOf(value: Value): Grant {
  return {
    expires: textOf(fieldOf(value, "expires")),
    reason: textOf(fieldOf(value, "reason")),
    personal: PERSONAL.flatMap((field) => {
      const key = value.fields.get(field)?.key;
      return key === undefined ? [] : [{ ...spanOf(key), text: field }];
    }),
  };
}

function allowanceEntry(root: Value, name: string): AllowanceEntry | undefined {
  const field = root.fields.get(name);
  if (field === undefined) return undefined;
  const { key, value } = field;
  return {
    key,
    until: textOf(fieldOf(value, "until")),
    reason: textOf(fieldOf(value, "reason")),
    grants: numberOf(fieldOf(value, "grants")) ?? 0,
    clients: textsOf(value, "clients"),
    sites: textsOf(value, "sites"),
    users: textsOf(value, "users"),
  };
}

function knownFindingEntry(value: Value): KnownFindingEntry {
  return {
    span: spanOf(value),
    finding: textOf(fieldOf(value, "finding")),
    names: textsOf(value, "names").map(({ text }) => text),
    reason: textOf(fieldOf(value, "reason")),
    until: textOf(fieldOf(value, "until")),
  };
}

/** The last day still counts. Days in this form compare as strings. */
export function hasEnded(until: Text | undefined, asOf: string): boolean {
  return until !== undefined && until.text < asOf;
}

/** The client as a message names it. */
export function clientTitle({ name, internalName }: ClientEntry): string {
  return `client ${quoted(name?.text ?? internalName?.text ?? "without a name")}`;
}
