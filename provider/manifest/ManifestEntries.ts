/**
 * The entries of a manifest as far as they can be read, each with its place in the file. A value of the wrong shape is
 * left out here, and shapeProblems.ts reports it, so that the problems of all entries are found in one go.
 */
import { normalizeDomain } from "../naming/SiteDomain";
import { canonicalName } from "../naming/SpelledName";
import { quoted } from "../text/quoted";
import type { ManifestClient } from "./Manifest";
import { lacksField } from "./shapeProblems";
import type { Span } from "./SourceText";
import type { Value } from "./YamlTree";

export interface ManifestEntries {
  /** Where the manifest begins. */
  start: Span;
  server: Text | undefined;
  /** True even if its value could not be read. */
  hasServer: boolean;
  removalLimit: { percent: number | undefined; atLeast: number | undefined };
  allowRemovals: AllowanceEntry | undefined;
  knownFindings: KnownFindingEntry[];
  clients: ClientEntry[];
}

export interface Text extends Span {
  text: string;
}

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
  email: Text | undefined;
  /** The key, if the value is true. */
  welcomeMail: Span | undefined;
  sites: SiteEntry[];
  users: UserEntry[];
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

export interface UserEntry {
  name: Text;
  createUser: Text | undefined;
  welcomeMail: boolean;
  expectedUid: number | undefined;
  keys: Text[];
  expires: Text | undefined;
  reason: Text | undefined;
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

/** @param spelledOut names that could be taken for others are read as their spelled-out form */
export function readEntries(root: Value, spelledOut: boolean): ManifestEntries {
  const readName = spelledOut ? spelledOutText : (name: Text | undefined) => name;
  const removalLimit = fieldOf(root, "removalLimit");
  return {
    start: root.source.span(root.start, root.start),
    server: textOf(fieldOf(root, "server")),
    hasServer: root.fields.has("server"),
    removalLimit: {
      percent: numberOf(fieldOf(removalLimit, "percent")),
      atLeast: numberOf(fieldOf(removalLimit, "atLeast")),
    },
    allowRemovals: allowanceEntry(root),
    knownFindings: itemsOf(root, "knownFindings").map(knownFindingEntry),
    clients: itemsOf(root, "clients").map((client) => clientEntry(client, readName)),
  };
}

type ReadName = (name: Text | undefined) => Text | undefined;

function spelledOutText(name: Text | undefined): Text | undefined {
  return name && { ...name, text: canonicalName(name.text) };
}

function clientEntry(value: Value, readName: ReadName): ClientEntry {
  const sites = fieldOf(value, "sites");
  const shellAccount = value.fields.get("shellAccount");
  return {
    span: value,
    mayOwnSites: !lacksField(value, "clients", "sites") && !(Array.isArray(sites?.plain) && sites.items.length === 0),
    name: readName(textOf(fieldOf(value, "name"))),
    internalName: textOf(fieldOf(value, "internalName")),
    lacksInternalName: lacksField(value, "clients", "internalName"),
    renamedFrom: textOf(fieldOf(value, "renamedFrom")),
    protect: isTrue(fieldOf(value, "protect")),
    keepPeople: keyIfTrue(value, "keepPeople"),
    email: textOf(fieldOf(value, "email")),
    welcomeMail: keyIfTrue(value, "welcomeMail"),
    sites: itemsOf(value, "sites").flatMap(siteEntry),
    users: itemsOf(value, "users").flatMap((user) => userEntry(user, readName)),
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
  return { span: everyDays, everyDays: days, window: textOf(fieldOf(value, "window")) };
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

/** An entry is the name itself, or a map with it. */
function userEntry(value: Value, readName: ReadName): UserEntry[] {
  const name = readName(textOf(value) ?? textOf(fieldOf(value, "name")));
  if (name === undefined) return [];
  const createUser = fieldOf(value, "createUser");
  return [
    {
      name,
      createUser: textOf(fieldOf(createUser, "email")),
      welcomeMail: isTrue(fieldOf(createUser, "welcomeMail")),
      expectedUid: numberOf(fieldOf(value, "expectedUid")),
      keys: itemsOf(value, "keys").flatMap((key) => textOf(key) ?? []),
      expires: textOf(fieldOf(value, "expires")),
      reason: textOf(fieldOf(value, "reason")),
    },
  ];
}

function allowanceEntry(root: Value): AllowanceEntry | undefined {
  const field = root.fields.get("allowRemovals");
  if (field === undefined) return undefined;
  const { key, value } = field;
  const texts = (list: string) => itemsOf(value, list).flatMap((item) => textOf(item) ?? []);
  return {
    key,
    until: textOf(fieldOf(value, "until")),
    reason: textOf(fieldOf(value, "reason")),
    grants: numberOf(fieldOf(value, "grants")) ?? 0,
    clients: texts("clients"),
    sites: texts("sites"),
    users: texts("users"),
  };
}

function knownFindingEntry(value: Value): KnownFindingEntry {
  return {
    span: value,
    finding: textOf(fieldOf(value, "finding")),
    names: itemsOf(value, "names").flatMap((item) => textOf(item)?.text ?? []),
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

function fieldOf(value: Value | undefined, key: string): Value | undefined {
  return value?.fields.get(key)?.value;
}

function itemsOf(value: Value, key: string): Value[] {
  return fieldOf(value, key)?.items ?? [];
}

function keyIfTrue(value: Value, key: string): Span | undefined {
  const field = value.fields.get(key);
  return isTrue(field?.value) ? field?.key : undefined;
}

function isTrue(value: Value | undefined): boolean {
  return value?.plain === true;
}

function numberOf(value: Value | undefined): number | undefined {
  return typeof value?.plain === "number" ? value.plain : undefined;
}

function textOf(value: Value | undefined): Text | undefined {
  return typeof value?.plain === "string"
    ? { source: value.source, start: value.start, end: value.end, text: value.plain }
    : undefined;
}
