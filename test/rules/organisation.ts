/**
 * Small organisations that are drawn, the manifests that declare them, and what breaks their rules: tried person by person
 * and client by client, where the program goes from rule to entry.
 */
import * as fc from "fast-check";

export interface Organisation {
  /** By id; true: external. */
  people: Record<string, boolean>;
  teams: Record<string, string[]>;
  clients: Client[];
  rules: DrawnRule[];
}

interface Client {
  internalName: string;
  renamedFrom?: string;
  sites: string[];
  users: { who: string; expires?: string }[];
}

export interface DrawnRule {
  rule: string;
  level: "refuse" | "never";
  clients?: string[];
  sites?: string[];
  only?: { people: string[]; teams: string[] };
  never?: { people: string[]; teams: string[] };
  apart?: { teams: string[] };
  externalsEnd?: { within: number };
  mostPeople?: number;
  leastPeople?: number;
}

export const TODAY = "2026-11-24";
const IDS = ["ann", "ben", "cat"];
// A team has those after it only, so that none is in itself.
const TEAMS = ["t1", "t2", "t3"];
const CLIENTS = ["acme", "bank"];
const SITES = ["a.example", "b.example", "c.example"];
/** Within 90 days, after them, and over. */
const ENDS = ["2026-12-24", "2027-06-01", "2026-11-23"];

const some = (names: string[]) => fc.subarray(names, { maxLength: 2 });
const few = (names: string[]) => fc.subarray(names, { minLength: 1, maxLength: 2 });
const selection = fc.record({ people: few(IDS), teams: few(TEAMS) });

const body: fc.Arbitrary<Partial<DrawnRule>> = fc.oneof(
  fc.record({ clients: few(CLIENTS), only: selection }),
  fc.record({ sites: few(SITES), only: selection }),
  fc.record({ clients: few(CLIENTS), never: selection }),
  fc.record({ sites: few(SITES), never: selection }),
  fc.record({ apart: fc.record({ teams: fc.constantFrom<string[]>(["t1", "t2"], ["t2", "t3"]) }) }),
  fc.record({ externalsEnd: fc.constant({ within: 90 }) }),
  fc.record({ mostPeople: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ clients: few(CLIENTS), leastPeople: fc.integer({ min: 1, max: 2 }) }),
);

export const rules: fc.Arbitrary<DrawnRule[]> = fc
  .array(fc.tuple(body, fc.constantFrom("refuse" as const, "never" as const)), { maxLength: 3 })
  .map((drawn) => drawn.map(([one, level], index) => ({ rule: `rule ${index}`, level, ...one })));

const users = fc.uniqueArray(
  fc.record({
    who: fc.constantFrom(...IDS, ...TEAMS),
    expires: fc.option(fc.constantFrom(...ENDS), { nil: undefined }),
  }),
  { selector: ({ who }) => who, maxLength: 3 },
);

export const organisations: fc.Arbitrary<Organisation> = fc
  .record({
    people: fc.record({ ann: fc.boolean(), ben: fc.boolean(), cat: fc.boolean() }),
    teams: fc.record({ t1: some([...IDS, "t2", "t3"]), t2: some([...IDS, "t3"]), t3: some(IDS) }),
    owners: fc.record({ "a.example": fc.nat(1), "b.example": fc.nat(1), "c.example": fc.nat(1) }),
    users: fc.tuple(users, users),
    rules,
  })
  .map(({ owners, users: drawn, ...rest }) => ({
    ...rest,
    clients: CLIENTS.map((internalName, index) => ({
      internalName,
      sites: SITES.filter((site) => owners[site as keyof typeof owners] === index),
      users: drawn[index]!.map(({ who, expires }) => ({ who, ...(expires !== undefined && { expires }) })),
    })),
  }));

/** JSON is YAML. */
export function manifestText({ people, teams, clients, rules: drawn }: Organisation): string {
  return JSON.stringify({
    version: 1,
    people: Object.fromEntries(Object.entries(people).map(([id, external]) => [id, { external }])),
    teams,
    rules: drawn.map((rule) => ({ ...rule, reason: "drawn" })),
    clients: clients.map(({ users: entries, ...client }) => ({
      name: client.internalName,
      ...client,
      users: entries.map(({ who, expires }) => ({ ...(who in teams ? { team: who } : { name: who }), expires })),
    })),
  });
}

/** What of an organisation breaks a rule: `person client`, one of the two if it is about the other alone. */
export function breaking(rule: DrawnRule, { people, teams, clients }: Organisation): string[] {
  const isIn = (id: string, team: string): boolean =>
    (teams[team] ?? []).some((member) => member === id || (member in teams && isIn(id, member)));
  const entriesOf = (id: string, { users: entries }: Client) =>
    entries.filter(({ who }) => who === id || isIn(id, who));
  const reaches = (id: string, client: Client, asOf = TODAY) =>
    entriesOf(id, client).some(({ expires }) => expires === undefined || expires >= asOf);
  const isAbout = (client: Client) => {
    if (!rule.clients && !rule.sites) return true;
    const names = [client.internalName, client.renamedFrom];
    return (
      names.some((name) => rule.clients?.includes(name ?? "")) ||
      client.sites.some((site) => rule.sites?.includes(site))
    );
  };
  const isNamed = (id: string, named: { people: string[]; teams: string[] }) =>
    named.people.includes(id) || named.teams.some((team) => isIn(id, team));
  const found: string[] = [];
  if (rule.apart) {
    const [one, other] = rule.apart.teams as [string, string];
    for (const id of Object.keys(people)) if (isIn(id, one) && isIn(id, other)) found.push(`${id} `);
  }
  for (const client of clients.filter(isAbout)) {
    const reaching = Object.keys(people).filter((id) => reaches(id, client));
    for (const id of reaching) {
      const lasts = entriesOf(id, client).some(({ expires }) => expires === undefined || expires > "2027-02-22");
      if (rule.only && !isNamed(id, rule.only)) found.push(`${id} ${client.internalName}`);
      if (rule.never && isNamed(id, rule.never)) found.push(`${id} ${client.internalName}`);
      if (rule.externalsEnd && people[id] && lasts) found.push(`${id} ${client.internalName}`);
    }
    if (rule.mostPeople && reaching.length > rule.mostPeople) found.push(` ${client.internalName}`);
    if (rule.leastPeople && reaching.length < rule.leastPeople) found.push(` ${client.internalName}`);
  }
  return found.sort();
}

/** Whether only the end of entries has broken a rule. */
export function isByTime(rule: DrawnRule, organisation: Organisation): boolean {
  const endless = organisation.clients.map((client) => ({
    ...client,
    users: client.users.map(({ who }) => ({ who })),
  }));
  return rule.leastPeople !== undefined && breaking(rule, { ...organisation, clients: endless }).length === 0;
}
