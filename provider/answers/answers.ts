/** The questions about a picture of access, and their answers as data. */
import type { AccessSite, EffectiveAccess, Person } from "../review/EffectiveAccess";
import { compareText } from "../text/order";
import { peopleInto, type Reach, type SharedLogin, sharedLogin, type WayIn, waysTo } from "./ways";

/** Who reaches this site? */
export interface WhoAnswer {
  site: AccessSite;
  people: Reach[];
  login: SharedLogin | undefined;
}

/** What does this person reach? */
export interface WhatAnswer {
  person: Person;
  /** In the order of their internal names. */
  clients: ClientReach[];
  /** The person sees all sites, so many. */
  administers: number | undefined;
  notReached: NotReached[];
}

/** What a person reaches by acting for a client, or with a key in its login. */
export interface ClientReach {
  client: string;
  sites: readonly string[];
  ways: WayIn[];
  login: SharedLogin | undefined;
}

/** Why does this person reach this site, or not? */
export interface WhyAnswer {
  person: Person;
  site: AccessSite;
  /** Empty if the person does not reach it. */
  ways: WayIn[];
  login: SharedLogin | undefined;
  /** What is nearest, if there is no way. */
  notReached: NotReached[];
}

/** What explains that a person does not reach something. */
export type NotReached =
  /** `at`: the entry that has ended. */
  | { kind: "ended"; client: string; day: string; at: { file: string; line: number } | undefined }
  | { kind: "blocked" }
  /** The clients that the person acts for, none of which owns the site. */
  | { kind: "actsFor"; clients: string[] }
  | { kind: "withoutOwner" };

export function whoReaches(access: EffectiveAccess, site: AccessSite): WhoAnswer {
  return { site, people: peopleInto(access, site.owner), login: sharedLogin(access, site.owner) };
}

/** @param users that are the person, as `People` finds them; not empty */
export function whatIsReached(access: EffectiveAccess, users: readonly Person[]): WhatAnswer {
  const clients = [...access.clients.keys()].sort(compareText).flatMap((client): ClientReach[] => {
    const ways = users.flatMap((user) => waysTo(access, client, user)).filter(({ kind }) => kind !== "administrator");
    if (ways.length === 0) return [];
    return [{ client, sites: access.sitesOf(client), ways, login: sharedLogin(access, client) }];
  });
  const administers = users.some(({ administrator, blocked }) => administrator && !blocked);
  return {
    person: users[0]!,
    clients,
    administers: administers ? access.sites.size : undefined,
    notReached: [...endedFor(access, users), ...blocked(users)],
  };
}

/** @param users as in `whatIsReached` */
export function whyReached(access: EffectiveAccess, users: readonly Person[], site: AccessSite): WhyAnswer {
  const ways = users.flatMap((user) => waysTo(access, site.owner, user));
  return {
    person: users[0]!,
    site,
    ways,
    login: sharedLogin(access, site.owner),
    notReached: ways.length > 0 ? [] : notReached(access, users, site),
  };
}

function notReached(access: EffectiveAccess, users: readonly Person[], { owner }: AccessSite): NotReached[] {
  const clients = [...access.clients.values()]
    .filter(({ bindings }) => users.some(({ key }) => bindings.get(key)?.ended === false))
    .map(({ internalName }) => internalName);
  return [
    ...(owner === undefined ? [{ kind: "withoutOwner" as const }] : []),
    ...endedFor(access, users).filter(({ client }) => client === owner),
    ...blocked(users),
    ...(owner !== undefined && clients.includes(owner)
      ? []
      : [{ kind: "actsFor" as const, clients: clients.sort(compareText) }]),
  ];
}

function endedFor(access: EffectiveAccess, users: readonly Person[]) {
  return [...access.clients.values()].flatMap(({ internalName: client, bindings }) =>
    users.flatMap(({ key }) => {
      const { ended, expires, ways = [] } = bindings.get(key) ?? { ended: false, expires: undefined };
      return ended && expires !== undefined ? [{ kind: "ended" as const, client, day: expires, at: ways[0] }] : [];
    }),
  );
}

function blocked(users: readonly Person[]): NotReached[] {
  return users.some((user) => user.blocked) ? [{ kind: "blocked" }] : [];
}
