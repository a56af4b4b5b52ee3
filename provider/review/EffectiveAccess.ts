/**
 * Who reaches which site, as data. A person reaches a site through the panel if it is bound to the client that owns the
 * site, and perhaps with a key of its own in the client's login. A shell login reaches the sites of the client that it is
 * derived from, for the people who know its password; BOA makes one for every client with a site, declared or not. A site
 * has one owner, so each reach has one reason.
 */
import {
  type AllowedGains,
  type AllowedRemovals,
  DEFAULT_REMOVAL_LIMIT,
  type GrantLimit,
  type Located,
  type ManifestFile,
  type ManifestWay,
  type RemovalLimit,
} from "../manifest/Manifest";
import type { AuthorizedKey } from "../naming/AuthorizedKey";
import { mailKey, userNameKey } from "../naming/PanelUser";
import { reducedName, reservedShellName, shellAccountName } from "../naming/ShellAccountName";
import { canonicalName } from "../naming/SpelledName";
import type { RuledState } from "../rules/judge";
import { by } from "../text/order";
import type { LastUse } from "./lastUse";

/** A panel user, known by its name, or by its mail address where a client's `email` says no more. */
export interface Person {
  /** Equal in two pictures for the same person. */
  key: string;
  /** The key of the person's record, by which a manifest refers to the person. */
  id?: string | undefined;
  name: string;
  by: "name" | "mail";
  /** The address with which the user is made if there is none of this name. */
  createdAs: string | undefined;
  /** Aegir mails the login and the password to the user that is made. */
  welcomed: boolean;
  /** Cannot log in to the panel, and so reaches nothing. Known of a live server only. */
  blocked: boolean;
  /** Sees every site whatever it is bound to. Known of a live server only. */
  administrator: boolean;
  /** Of the panel, where it is known. */
  lastUse?: LastUse | undefined;
  /** The address in the person's record. */
  email?: string | undefined;
  /** From outside the organisation, as the record says. */
  external?: boolean;
  /** The last day (UTC) of all access of the person, as the record says. */
  ends?: string | undefined;
}

/** A public key that lets a person in to the login of a client. */
export type AccessKey = Omit<AuthorizedKey, "blob">;

/** That a person may act for a client. */
export interface Binding {
  person: Person;
  /** Last day (UTC), inclusive. */
  expires: string | undefined;
  reason: string | undefined;
  /** The last day is over: the binding is declared, and counts as absent. */
  ended: boolean;
  /** With which the person gets into the client's login; undefined where this is not known, as of a live server. */
  keys?: readonly AccessKey[];
  /** The entries that say so; undefined where this is not known, as of a live server and of the last deployment. */
  ways?: readonly Way[];
}

/** An entry of a client: of the person itself, or of a team. */
export type Way = ManifestWay;

/** What a client may have that is not declared. */
export type Release = "sites" | "bindings" | "platforms";

export interface AccessClient {
  internalName: string;
  /** Its title. */
  name: string;
  renamedFrom: string | undefined;
  protect: boolean;
  keepPeople: boolean;
  /** Code owners, any of whom may approve a change of it. Known of a manifest only. */
  owners?: readonly string[];
  /** That of its file in the manifest. Likewise. */
  path?: string | undefined;
  /** A site that leaves the declaration stays with the client, instead of going to the default owner. */
  leavesSites: boolean;
  /** What it has besides, and loses when it is deleted; of the rest Aegir refuses the deletion. */
  releases: readonly Release[];
  /** Undefined if its password is not exported; the login exists anyway. */
  shellAccount: DeclaredLogin | undefined;
  /** The last day (UTC) on which the password of its login works, and its keys. Known of a live server only. */
  passwordEnds?: string | undefined;
  /** By key of the person. */
  bindings: Map<string, Binding>;
  /** Keys that let in to its login besides, of people who are not known: in a preview, and on a live server. */
  loginKeys?: readonly AccessKey[] | undefined;
}

export interface DeclaredLogin {
  rotation: string | undefined;
  /** The age in days at which the password is rotated. */
  everyDays?: number | undefined;
  /** The password is rotated when a person leaves the client. */
  rotateOnLeave?: boolean | undefined;
  /** How many deployments have done so. */
  leaves?: number | undefined;
}

export interface AccessSite {
  site: string;
  /** Internal name of the owner; undefined if it belongs to no client that is known here. */
  owner: string | undefined;
  takeOverFrom: string | undefined;
  protect: boolean;
  /** The entry that says so; undefined where this is not known, as of a live server. */
  declaredAt?: Located | undefined;
}

/** What a file of a manifest says besides its clients. */
export interface Declaration {
  kind: "person" | "team" | "rule" | "knownFinding" | "setting" | "scope";
  /** A scope has the path of its file. */
  name: string;
  /** Code owners of the file. */
  owners: readonly string[];
  /** Equal in two manifests that say the same. */
  says: unknown;
}

/** What a picture is made of; each client, site and person once. */
export interface AccessParts {
  clients: Iterable<AccessClient>;
  sites: Iterable<AccessSite>;
  /** People besides those who are bound. */
  people?: Iterable<Person>;
  /** By name: keys of the people in it, as in `Person.key`. */
  teams?: ReadonlyMap<string, ReadonlySet<string>>;
  /** By name: names of all teams in it, if there are any. */
  teamsIn?: ReadonlyMap<string, ReadonlySet<string>>;
  /** By name: keys of the people whom it lists itself. */
  listedIn?: ReadonlyMap<string, ReadonlySet<string>>;
  /** The day (UTC) that the picture is of. */
  asOf: string;
  /** The configured server, if it has a name. */
  server?: string | undefined;
  /** The Octopus instance, the `o1` of a login `o1.acme`, if it is known; null of a server that makes no logins. */
  instance?: string | null | undefined;
  removalLimit?: RemovalLimit;
  allowRemovals?: AllowedRemovals | undefined;
  gainLimit?: GrantLimit | undefined;
  allowGains?: AllowedGains | undefined;
  /** The rules that it has to keep, and this access as they see it. Known of a manifest only. */
  ruled?: RuledState | undefined;
  /** Known of a manifest only: what its files declare besides clients, and what they may declare. */
  declarations?: readonly Declaration[];
  /** By path. Likewise. */
  files?: ReadonlyMap<string, ManifestFile>;
  /** There is access of which this picture cannot say whether it stays. */
  undecided?: boolean;
}

/** One picture of who reaches what. */
export class EffectiveAccess {
  readonly clients: ReadonlyMap<string, AccessClient>;
  /** By domain. */
  readonly sites: ReadonlyMap<string, AccessSite>;
  /** By key. */
  readonly people: ReadonlyMap<string, Person>;
  /** By name: keys of the people in each team, and in the teams in it. Known of a manifest only. */
  readonly teams: ReadonlyMap<string, ReadonlySet<string>>;
  readonly teamsIn: ReadonlyMap<string, ReadonlySet<string>>;
  readonly listedIn: ReadonlyMap<string, ReadonlySet<string>>;
  readonly knowsTeams: boolean;
  readonly asOf: string;
  readonly server: string | undefined;
  readonly instance: string | null | undefined;
  readonly removalLimit: RemovalLimit;
  readonly allowRemovals: AllowedRemovals | undefined;
  readonly gainLimit: GrantLimit | undefined;
  readonly allowGains: AllowedGains | undefined;
  readonly ruled: RuledState | undefined;
  readonly declarations: readonly Declaration[] | undefined;
  readonly files: ReadonlyMap<string, ManifestFile>;
  readonly undecided: boolean;
  readonly #domains = new Map<string, string[]>();
  /** What `peopleOf` has found. */
  readonly #peopleOf = new Map<AccessClient, ReadonlyMap<string, Binding>>();

  constructor(parts: AccessParts) {
    this.clients = new Map(
      Array.from(parts.clients, (client) => [client.internalName, { ...client, name: canonicalName(client.name) }]),
    );
    this.sites = new Map(Array.from(parts.sites, (site) => [site.site, site]));
    const people = new Map(Array.from(parts.people ?? [], (person) => [person.key, person]));
    for (const { bindings } of this.clients.values()) {
      for (const { person } of bindings.values()) if (!people.has(person.key)) people.set(person.key, person);
    }
    this.people = people;
    this.teams = parts.teams ?? new Map<string, ReadonlySet<string>>();
    this.teamsIn = parts.teamsIn ?? new Map<string, ReadonlySet<string>>();
    this.listedIn = parts.listedIn ?? new Map<string, ReadonlySet<string>>();
    this.knowsTeams = parts.teams !== undefined;
    this.asOf = parts.asOf;
    this.server = parts.server;
    this.instance = parts.instance;
    this.removalLimit = parts.removalLimit ?? DEFAULT_REMOVAL_LIMIT;
    this.allowRemovals = parts.allowRemovals;
    this.gainLimit = parts.gainLimit;
    this.allowGains = parts.allowGains;
    this.ruled = parts.ruled;
    this.declarations = parts.declarations;
    this.files = parts.files ?? new Map<string, ManifestFile>();
    this.undecided = parts.undecided ?? false;
    for (const { site, owner } of this.sites.values()) {
      if (owner === undefined) continue;
      const owned = this.#domains.get(owner);
      if (owned) owned.push(site);
      else this.#domains.set(owner, [site]);
    }
    for (const owned of this.#domains.values()) owned.sort();
  }

  /** The sites of a client, sorted. */
  sitesOf(client: string): readonly string[] {
    return this.#domains.get(client) ?? [];
  }

  /** Those who reach a client's sites because they are bound to it, by key. Administrators reach them in any case. */
  peopleOf(internalName: string | undefined): ReadonlyMap<string, Binding> {
    const client = this.clients.get(internalName ?? "");
    if (client === undefined) return new Map();
    let people = this.#peopleOf.get(client);
    if (people === undefined) {
      const reaching = ({ ended, person }: Binding) => !ended && !person.blocked && !person.administrator;
      people = new Map([...client.bindings].filter(([, binding]) => reaching(binding)));
      this.#peopleOf.set(client, people);
    }
    return people;
  }

  /** The name that the client's login has without the instance; undefined if the server never makes it one. */
  loginOf(client: string | undefined): string | undefined {
    const hasNone = client === undefined || this.instance === null || reservedShellName(client);
    return hasNone ? undefined : reducedName(client);
  }

  /** How the client's login is called: `o1.acme` if the instance is known, else `acme`. */
  loginName(client: string): string {
    return typeof this.instance === "string" ? shellAccountName(this.instance, client) : reducedName(client);
  }

  /** The sites that a person reaches through the panel, sorted, each with the client that it is reached through. */
  reachOfPerson(key: string): { site: string; client: string | undefined }[] {
    const person = this.people.get(key);
    if (person === undefined || person.blocked) return [];
    if (person.administrator) return [...this.sites.values()].map(({ site, owner }) => ({ site, client: owner }));
    return [...this.clients.values()]
      .filter(({ bindings }) => bindings.get(key)?.ended === false)
      .flatMap(({ internalName }) => this.sitesOf(internalName).map((site) => ({ site, client: internalName })))
      .sort(by("site"));
  }

  /** The people who reach a site through the panel, in the order of their names. */
  whoReaches(site: string): Person[] {
    const owner = this.sites.get(site)?.owner;
    const bound = [...this.peopleOf(owner).values()].map(({ person }) => person);
    return [...bound, ...this.administrators()].sort(byName);
  }

  /** Those who see every site. */
  administrators(): Person[] {
    return [...this.people.values()].filter(({ administrator, blocked }) => administrator && !blocked);
  }
}

/** A client of which nothing is declared but what `more` says. */
export function accessClient(internalName: string, name: string, more: Partial<AccessClient> = {}): AccessClient {
  return {
    internalName,
    name,
    renamedFrom: undefined,
    protect: false,
    keepPeople: false,
    leavesSites: false,
    releases: [],
    shellAccount: undefined,
    bindings: new Map(),
    ...more,
  };
}

/** A binding without an end. */
export function lastingBinding(person: Person): Binding {
  return { person, expires: undefined, reason: undefined, ended: false };
}

/** A person that is known by its name. */
export function personByName(name: string, more: Partial<Person> = {}): Person {
  const key = `user:${canonicalName(userNameKey(name))}`;
  return {
    key,
    name: canonicalName(name),
    by: "name",
    createdAs: undefined,
    welcomed: false,
    blocked: false,
    administrator: false,
    ...more,
  };
}

/** A person of whom only the mail address is known, as the `email` of a client gives it. */
export function personByMail(mail: string, welcomed = false): Person {
  const key = `mail:${mailKey(mail)}`;
  return { key, name: mail, by: "mail", createdAs: mail, welcomed, blocked: false, administrator: false };
}

export const byName = by("name");
