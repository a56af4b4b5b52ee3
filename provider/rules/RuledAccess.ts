/**
 * What rules are judged on: who reaches what in the end, by whatever entries. Which of the ways it is (the panel, a key in
 * the client's login, two teams at once) makes no difference to a rule.
 */
export interface RuledAccess {
  /** The day (UTC) that the picture is of. */
  asOf: string;
  clients: readonly RuledClient[];
  /** By name. */
  teams: ReadonlyMap<string, RuledTeam>;
  /** Everybody who is known, whether they reach something or not, by key. */
  people: ReadonlyMap<string, RuledPerson>;
}

export interface RuledTeam {
  /** Keys of its people, those of teams in it included. */
  members: ReadonlySet<string>;
  place: Place | undefined;
}

export interface RuledClient {
  internalName: string;
  /** Its title. */
  title: string;
  /** Its internal name, and those that it had before. */
  names: readonly string[];
  sites: readonly RuledSite[];
  /** One for each person. */
  grants: readonly Grant[];
  /** Those whose last day is over; they reach nothing. */
  ended: readonly Grant[];
  /** False for a client that a server has and no manifest declares. */
  declared: boolean;
  /** Where it is declared. */
  place: Place | undefined;
}

export interface RuledSite {
  site: string;
  /** Internal names of clients that owned it before the change that is judged. */
  formerOwners: readonly string[];
}

/** That a person may act for a client, or gets into its login. */
export interface Grant {
  person: RuledPerson;
  /** Last day (UTC), inclusive. */
  expires: string | undefined;
  /** The entries that say so; empty if none does, as on a live server. */
  ways: readonly Place[];
}

export interface RuledPerson {
  /** `user:` and the name as it is compared, or `mail:` and the address of a person who is known by that alone. */
  key: string;
  name: string;
  /** Addresses that are known to be the person's, as they are compared. */
  mails: readonly string[];
  /** Has a record that says the rest. */
  recorded: boolean;
  external: boolean;
  /** Known of a live server only. */
  administrator: boolean;
}

/** Where something is declared; line and column count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
  /** The team that an entry gives access to. */
  team?: string | undefined;
}

/**
 * The access after a change as the rules before it see it, so that no one gets out of a rule by the same change: a team that
 * is gone has the people that it had, a person without a record stays external, and a site still counts as its former owner's.
 */
export function seenFrom(before: RuledAccess, after: RuledAccess): RuledAccess {
  const owners = new Map(before.clients.flatMap(({ names, sites }) => sites.map(({ site }) => [site, names] as const)));
  const seen = (person: RuledPerson): RuledPerson =>
    !person.recorded && before.people.get(person.key)?.external ? { ...person, external: true } : person;
  return {
    asOf: after.asOf,
    clients: after.clients.map((client) => ({
      ...client,
      sites: client.sites.map(({ site }) => ({ site, formerOwners: owners.get(site) ?? [] })),
      grants: client.grants.map((grant) => ({ ...grant, person: seen(grant.person) })),
    })),
    teams: new Map([...before.teams, ...after.teams]),
    people: new Map([...after.people].map(([key, person]) => [key, seen(person)])),
  };
}
