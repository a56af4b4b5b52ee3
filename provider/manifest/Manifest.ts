/**
 * The desired access that a manifest declares, validated, in one normal form and in a stable order: clients by internal
 * name, sites by domain, users, people and teams by name, whatever the order in the file.
 */
import type { RotationByAge } from "../naming/RotationByAge";
import type { Rule } from "../rules/Rule";
import type { ManifestProblem } from "./ManifestError";

export interface Manifest {
  /** The configured server that the manifest is about; undefined for the only one there is. */
  server: string | undefined;
  /** The day (UTC, `YYYY-MM-DD`) for which the manifest was read: what expired before it is absent. */
  asOf: string;
  removalLimit: RemovalLimit;
  /** Undefined if a change may give any number of grants. */
  gainLimit: GrantLimit | undefined;
  /** Undefined as well if it has ended. */
  allowRemovals: AllowedRemovals | undefined;
  /** Likewise. */
  allowGains: AllowedGains | undefined;
  /** Those with a record of their own. */
  people: ManifestPerson[];
  teams: ManifestTeam[];
  clients: ManifestClient[];
  /** In the order of the file. */
  rules: ManifestRule[];
  /** Findings of `audit` that are accepted for a time, by id. */
  knownFindings: KnownFinding[];
  /** In the order in which they were read. */
  files: ManifestFile[];
  /** In the order of the file. A warning does not stop a deployment. */
  warnings: ManifestProblem[];
}

/** A file of a manifest. */
export interface ManifestFile {
  file: string;
  /** From the directory of the manifest; empty if the file is the manifest. */
  path: string;
  /** Code owners, as CODEOWNERS has them. */
  owners: string[];
  /** Patterns of what it may declare; undefined for what it does not restrict. */
  scope: { clients: string[] | undefined; sites: string[] | undefined };
  /** Names of the settings in it that a manifest has once, sorted. */
  settings: string[];
}

/** How much a change may take away, or give: at most `percent` of the grants before it, or fewer than `atLeast` of them. */
export interface GrantLimit {
  percent: number;
  atLeast: number;
}

export type RemovalLimit = GrantLimit;

export const DEFAULT_REMOVAL_LIMIT: RemovalLimit = { percent: 30, atLeast: 10 };

/** Readers of a manifest are warned of a grant that ends within so many days. */
export const WARNED_DAYS = 14;

/** How far ahead `allowRemovals` may be allowed for. */
export const LONGEST_ALLOWANCE_DAYS = 31;

/** How far ahead an exception from a rule may end. */
export const LONGEST_RULE_ALLOWANCE_DAYS = 366;

/** How far ahead a known finding may end. */
export const LONGEST_KNOWN_FINDING_DAYS = 366;

/** Removals that would be refused if the manifest did not confirm them. */
export interface AllowedRemovals {
  /** Day (UTC), inclusive. */
  until: string;
  reason: string;
  /** At most so many; 0 if nothing is said about them. */
  grants: number;
  /** Internal names. */
  clients: string[];
  /** Normal form of `normalizeDomain`. */
  sites: string[];
  /** Names of people who may come to reach no site, as they are written. */
  users: string[];
}

/** Gains that would be refused if the manifest did not confirm them. */
export interface AllowedGains {
  /** Day (UTC), inclusive. */
  until: string;
  reason: string;
  /** At most so many. */
  grants: number;
}

/** A rule that access must keep, and where it is written. */
export type ManifestRule = Rule & Located;

/** A finding of `audit` that does not alarm until it ends. */
export interface KnownFinding extends Located {
  /** As `audit` shows it, for example `undeclared-binding:acme:alice`. */
  finding: string;
  /** What the finding may list; it alarms as soon as it lists another name. */
  names: string[];
  reason: string;
  /** The last day (UTC, `YYYY-MM-DD`). */
  until: string;
}

/** A person's record under `people`. */
export interface ManifestPerson extends Located {
  /** The key under `people`, by which entries of users and teams refer to the person. */
  id: string;
  /** The name of the panel user, as it is written. */
  name: string;
  /** Equal for one user, as `key` of ManifestUser. */
  key: string;
  email: string | undefined;
  /** Public keys, each the line of a .pub file, sorted. */
  keys: string[];
  /** From outside the organisation. */
  external: boolean;
  /** Who answers for the person: a name for readers. */
  owner: string | undefined;
  /** The last day (UTC, `YYYY-MM-DD`) of all access of the person. */
  ends: string | undefined;
}

export interface ManifestTeam extends Located {
  name: string;
  /** Keys of the people in it and in the teams in it, sorted; without those who have ended. */
  members: string[];
  /** Keys of those whom it lists itself. */
  listed: string[];
  /** Names of the teams that it lists itself, sorted. */
  listedTeams: string[];
  /** Names of all teams in it and in these, sorted. */
  teams: string[];
}

export interface ManifestClient extends Located {
  name: string;
  internalName: string;
  /** The internal name that it had before. */
  renamedFrom: string | undefined;
  /** Nothing may be taken from it, unless `allowRemovals` names it. */
  protect: boolean;
  /** Its last person may not go, unless `allowRemovals` names it. */
  keepPeople: boolean;
  /** Code owners of its own, or else those of its file; each may approve a change of it. */
  owners: string[];
  email: string | undefined;
  /** For a user that is created for `email`. */
  welcomeMail: boolean;
  sites: ManifestSite[];
  onDestroy: {
    /** What happens to sites of the client that leave the manifest. */
    sites: "default-owner" | "leave";
    /** What happens to what the client has besides, when it leaves the manifest itself. */
    undeclaredSites: "refuse" | "default-owner";
    undeclaredBindings: "refuse" | "drop";
    platforms: "refuse" | "default-owner";
  };
  users: ManifestUser[];
  /** Those whose last day was before `asOf`: they count as absent, and are kept to say so. */
  expired: ManifestUser[];
  shellAccount: { rotation: string | RotationByAge | undefined; rotateOnLeave: boolean } | undefined;
}

export interface ManifestSite extends Located {
  /** Normal form of `normalizeDomain`. */
  site: string;
  /** Internal name of the one other client that may lose the site to this one. */
  takeOverFrom: string | undefined;
  protect: boolean;
}

/** A person who may act for a client, by however many ways; located by the first of them. */
export interface ManifestUser extends Located {
  name: string;
  /** Equal for one user, in whatever capitals the name is written; safe to show. */
  key: string;
  /** Declared at one of the user's entries, and then true of all of them, because nothing orders bindings. */
  createUser: { email: string; welcomeMail: boolean } | undefined;
  /** Likewise; the uid that the user of this name must have. */
  expectedUid: number | undefined;
  /** Likewise; public keys, each the line of a .pub file, sorted. */
  keys: string[];
  /** The last day (UTC, `YYYY-MM-DD`) on which the person may act for the client, by whichever way and at all. */
  expires: string | undefined;
  /** That of the way which lasts longest. */
  reason: string | undefined;
  /** By name first, then by team. Those that have ended are left out, unless all have. */
  ways: ManifestWay[];
}

/** An entry of a client by which a person may act for it. */
export interface ManifestWay extends Located {
  /** The name of the team that the entry names; undefined if it names the person. */
  team: string | undefined;
  /** The last day (UTC, `YYYY-MM-DD`) of the entry; the person's may be earlier. */
  expires: string | undefined;
  reason: string | undefined;
}

/** Where in the file something is declared; both count from 1. */
export interface Located {
  file: string;
  line: number;
  column: number;
}
