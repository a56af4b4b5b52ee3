/**
 * How people reach the sites of a client: as an administrator, through the panel, or with a key of their own in the client's
 * login. The shared password of a login is a way in as well, but not of a person who is known here.
 */
import {
  type AccessKey,
  type Binding,
  byName,
  type EffectiveAccess,
  type Person,
  type Way,
} from "../review/EffectiveAccess";
import { teamChains } from "./teamChains";

/** One way of one person. */
export interface WayIn {
  kind: "administrator" | "panel" | "key";
  /** Internal name; undefined for an administrator, who sees the sites of all clients. */
  client: string | undefined;
  /** The last day (UTC). */
  expires: string | undefined;
  reason: string | undefined;
  /** The entry of a manifest; undefined if there is none, or it is not known. */
  entry: Way | undefined;
  /** From the team that lists the person, by the teams that this is in, to that of the entry; empty if it names the person. */
  teams: readonly string[];
  /** Undefined if this is not known. */
  isDeclared: boolean | undefined;
  /** Those with which the person gets into the client's login; of kind `key` alone. */
  keys: readonly AccessKey[];
}

/** The login of a client that has sites, which all people get into who know its password. */
export interface SharedLogin {
  client: string;
  login: string;
  /** The last day (UTC) of the password, where it is known. */
  passwordEnds: string | undefined;
}

/** A person, and every way in which it reaches something. */
export interface Reach {
  person: Person;
  ways: WayIn[];
}

/** Every way in which a person reaches the sites of a client. */
export function waysTo(access: EffectiveAccess, client: string | undefined, person: Person): WayIn[] {
  const { administrator, blocked } = person;
  const binding = access.clients.get(client ?? "")?.bindings.get(person.key);
  const none = {
    client: undefined,
    expires: undefined,
    reason: undefined,
    entry: undefined,
    teams: [],
    isDeclared: undefined,
    keys: [],
  };
  return [
    ...(administrator && !blocked ? [{ ...none, kind: "administrator" as const }] : []),
    ...(binding === undefined || binding.ended ? [] : waysOf(access, binding, client)),
  ];
}

/** Who is blocked in the panel still gets in with a key. */
function waysOf(
  access: EffectiveAccess,
  { person, expires, reason, keys = [], ways }: Binding,
  client: string | undefined,
): WayIn[] {
  const isDeclared = ways === undefined ? undefined : ways.length > 0;
  const entries = (ways?.length ? ways : [undefined]).flatMap((entry) =>
    (entry?.team === undefined ? [[]] : teamChains(access, entry.team, person.key)).map((teams) => ({ entry, teams })),
  );
  const through = ({ entry, teams }: (typeof entries)[number]) => ({
    client,
    entry,
    teams,
    isDeclared,
    expires: entry === undefined ? expires : earlier(entry.expires, person.ends),
    reason: entry === undefined ? reason : entry.reason,
  });
  return [
    ...(person.blocked ? [] : entries.map((entry) => ({ ...through(entry), kind: "panel" as const, keys: [] }))),
    ...(keys.length > 0 ? [{ ...through(entries[0]!), expires, kind: "key" as const, keys }] : []),
  ];
}

function earlier(day: string | undefined, other: string | undefined): string | undefined {
  return day === undefined || (other !== undefined && other < day) ? other : day;
}

/** All people who reach the sites of a client, in the order of their names. */
export function peopleInto(access: EffectiveAccess, client: string | undefined): Reach[] {
  const bound = [...(access.clients.get(client ?? "")?.bindings.values() ?? [])].map(({ person }) => person);
  const people = new Map([...bound, ...access.administrators()].map((person) => [person.key, person]));
  return [...people.values()]
    .map((person) => ({ person, ways: waysTo(access, client, person) }))
    .filter(({ ways }) => ways.length > 0)
    .sort((left, right) => byName(left.person, right.person));
}

/** The login of a client, which exists as long as the client has a site. */
export function sharedLogin(access: EffectiveAccess, client: string | undefined): SharedLogin | undefined {
  if (client === undefined || access.loginOf(client) === undefined || access.sitesOf(client).length === 0) {
    return undefined;
  }
  return { client, login: access.loginName(client), passwordEnds: access.clients.get(client)?.passwordEnds };
}
