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
  /** What it was before the change that is judged, if one is. */
  before?: RuledAccess;
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
  /** Who this was before the change that is judged: the same panel user, and whoever had one of its addresses. */
  formerly?: readonly RuledPerson[];
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
 * is gone has the people that it had, a person is also who it was, and a site still counts as its former owner's.
 */
export function seenFrom(before: RuledAccess, after: RuledAccess): RuledAccess {
  const owners = new Map(before.clients.flatMap(({ names, sites }) => sites.map(({ site }) => [site, names] as const)));
  const holders = new Map([...before.people.values()].flatMap((person) => person.mails.map((mail) => [mail, person])));
  const seen = (person: RuledPerson): RuledPerson => {
    const found = [before.people.get(person.key), ...person.mails.map((mail) => holders.get(mail))];
    const formerly = found.filter((former) => former !== undefined);
    return { ...person, external: person.external || formerly.some(({ external }) => external), formerly };
  };
  return {
    asOf: after.asOf,
    before,
    clients: after.clients.map((client) => ({
      ...client,
      sites: client.sites.map(({ site }) => ({ site, formerOwners: owners.get(site) ?? [] })),
      grants: client.grants.map((grant) => ({ ...grant, person: seen(grant.person) })),
    })),
    teams: new Map([...before.teams, ...after.teams]),
    people: after.people,
  };
}
