/** Changes of access as data: who, which sites, why. */
import type { Person } from "./EffectiveAccess";

/** Who loses or gains. Clients are given by their internal name. */
export type Who =
  | { kind: "person"; person: Person }
  /** The shell login that BOA derives from the client. */
  | { kind: "login"; client: string }
  /** Those who act for a client on the server, and its login: a file does not know who they are. */
  | { kind: "everybody"; client: string };

/** Why. Clients are given by their internal names, days as `YYYY-MM-DD` in UTC. */
export type Cause =
  | { kind: "moved"; from: string; to: string }
  /** To the server's default owner if `to` is undefined. */
  | { kind: "clientRemoved"; client: string; to: string | undefined }
  /** A client of the same title takes its place, under another internal name and without `renamedFrom`. */
  | { kind: "replaced"; from: string; to: string }
  /** The site is no longer declared (or, on a live server, has no owner). */
  | { kind: "released"; client: string }
  | { kind: "declared"; client: string }
  | { kind: "takenOver"; from: string; to: string }
  | { kind: "unbound"; clients: string[] }
  | { kind: "bound"; clients: string[]; expires: string | undefined; reason: string | undefined }
  /** The person joins a team, or leaves it, that the clients list before and after. */
  | { kind: "joinedTeam"; team: string; clients: string[]; expires: string | undefined }
  | { kind: "leftTeam"; team: string; clients: string[] }
  /** The clients list a team with the person, or do so no longer. */
  | { kind: "teamBound"; team: string; clients: string[]; expires: string | undefined; reason: string | undefined }
  | { kind: "teamUnbound"; team: string; clients: string[] }
  | { kind: "expired"; clients: string[]; day: string }
  | { kind: "blocked" }
  | { kind: "unblocked" }
  | { kind: "administrator" }
  | { kind: "noAdministrator" };

/** Some who lose (or gain) the same sites for the same causes. */
export interface AccessChange {
  /** People before logins, each in the order of their names. */
  who: Who[];
  /** Sorted domains. */
  sites: string[];
  /** One or two: each of them would be enough. */
  causes: [Cause, ...Cause[]];
  /** The end stood in what was there before, so it was reviewed then. */
  announced: boolean;
}

/** A client under another internal name: its people keep their sites, its login becomes another one. */
export interface Rename {
  from: string;
  to: string;
}

/** A grant is one person, or one shell login, that reaches one site. Administrators' reach depends on none. */
export interface GrantCounts {
  /** Without those that have ended since. */
  before: number;
  lost: number;
  /** Ended on a day that was known before; not among `lost`. */
  ended: number;
  gained: number;
}

/** How many grants a line is about; those of people who are not known by name cannot be counted. */
export function grantsOf({ who, sites }: AccessChange): number {
  return who.filter(({ kind }) => kind !== "everybody").length * sites.length;
}

/** A person or login as a key: people come before logins, and these before people who are not known by name. */
export function whoKey(who: Who): string {
  return who.kind === "person" ? `1 ${who.person.name}` : `${who.kind === "login" ? 2 : 3} ${who.client}`;
}
