/**
 * The entries of a manifest as far as they can be read, each with its place in the file. A value of the wrong shape is
 * left out here, and shapeProblems.ts reports it, so that the problems of all entries are found in one go.
 */
import { normalizeDomain } from "../naming/SiteDomain";
import { quoted } from "../text/quoted";
import type { ManifestClient } from "./Manifest";
import { firstLine, lacksField } from "./shapeProblems";
import type { Span } from "./SourceText";
import type { Value } from "./YamlTree";

export interface ManifestEntries {
  /** Where the manifest begins. */
  start: Span;
  server: Text | undefined;
  /** The keys of settings that a manifest has once, even if their values could not be read. */
  settings: ReadonlyMap<string, Span>;
  removalLimit: { percent: number | undefined; atLeast: number | undefined };
  allowRemovals: AllowanceEntry | undefined;
  knownFindings: KnownFindingEntry[];
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
}

/** Settings that a manifest has once, in one of its files. */
const SETTINGS = ["server", "removalLimit", "gainLimit", "allowRemovals"];

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
  owners: Text[];
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

/** The entries of one file. */
export function readEntries(root: Value): ManifestEntries {
  const removalLimit = fieldOf(root, "removalLimit");
  return {
    start: root.source.span(root.start, root.start),
    server: textOf(fieldOf(root, "server")),
    settings: new Map(
      SETTINGS.flatMap((name) => {
        const key = root.fields.get(name)?.key;
        return key ? [[name, key] as const] : [];
      }),
    ),
    removalLimit: {
      percent: numberOf(fieldOf(removalLimit, "percent")),
      atLeast: numberOf(fieldOf(removalLimit, "atLeast")),
    },
    allowRemovals: allowanceEntry(root),
    knownFindings: itemsOf(root, "knownFindings").map(knownFindingEntry),
    clients: itemsOf(root, "clients").map(clientEntry),
    files: [fileEntry(root)],
  };
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
  };
}

function clientEntry(value: Value): ClientEntry {
  const sites = fieldOf(value, "sites");
  const shellAccount = value.fields.get("shellAccount");
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
    users: itemsOf(value, "users").flatMap(userEntry),
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

/** An entry is the name itself, or a map with it. */
function userEntry(value: Value): UserEntry[] {
  const name = textOf(value) ?? textOf(fieldOf(value, "name"));
  if (name === undefined) return [];
  const createUser = fieldOf(value, "createUser");
  return [
    {
      name,
      createUser: textOf(fieldOf(createUser, "email")),
      welcomeMail: isTrue(fieldOf(createUser, "welcomeMail")),
      expectedUid: numberOf(fieldOf(value, "expectedUid")),
      keys: textsOf(value, "keys"),
      expires: textOf(fieldOf(value, "expires")),
      reason: textOf(fieldOf(value, "reason")),
    },
  ];
}

function allowanceEntry(root: Value): AllowanceEntry | undefined {
  const field = root.fields.get("allowRemovals");
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

function fieldOf(value: Value | undefined, key: string): Value | undefined {
  return value?.fields.get(key)?.value;
}

function itemsOf(value: Value, key: string): Value[] {
  return fieldOf(value, key)?.items ?? [];
}

function textsOf(value: Value, key: string): Text[] {
  return itemsOf(value, key).flatMap((item) => textOf(item) ?? []);
}

/** A span alone: entries are kept longer than the tree that they were read from. */
function spanOf({ source, start, end }: Span): Span {
  return { source, start, end };
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
  return typeof value?.plain === "string" ? { ...spanOf(value), text: value.plain } : undefined;
}
