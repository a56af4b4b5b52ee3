/** What two stacks of one server declare in a random scenario, and how people change it. */
import * as fc from "fast-check";
import type { Declaration } from "../scenarios/program";
import { bound, client, login, owned } from "../scenarios/Scenario";

/** A client with everything that depends on it. */
export interface Team {
  name: string;
  internalName: string;
  /** A suffix of all its logical names, which say nothing but who is who. */
  label: string;
  email: boolean;
  people: readonly string[];
  /** Has it a shell login declared, if it has a site? */
  login: boolean;
  rotation: number;
}

export interface Program {
  teams: Readonly<Record<string, Team>>;
  /** Team by site; sites of no team are not declared. */
  owners: Readonly<Record<string, string>>;
}

/** The stack that declares a team: the first one or the second. */
const STACKS: Readonly<Record<string, 1 | 2>> = { nova: 1, lunar: 1, luna: 2 };
const TEAMS = Object.keys(STACKS);
const SITES = ["www.nova.example", "shop.nova.example", "blog.nova.example"];
const PEOPLE = ["alice", "bob", "dora"];
/** Who is not on the server is made. */
const MADE = ["dora"];

/** Everything that a scenario may touch. */
export const RANDOM_OURS = {
  clients: TEAMS.flatMap((team) => [team, `${team}2`]),
  sites: SITES,
  users: [...TEAMS.flatMap((team) => [team, `${team}2`]), ...MADE],
};

const newTeam = (team: string): Team => ({
  name: `${team} Ltd`,
  internalName: team,
  label: "",
  email: false,
  people: [],
  login: true,
  rotation: 0,
});

export const nothing: Program = { teams: {}, owners: {} };

/** Every scenario begins with it. */
export const beginning: Program = {
  teams: { nova: { ...newTeam("nova"), email: true, people: ["alice", "dora"] }, luna: newTeam("luna") },
  owners: { "www.nova.example": "nova", "shop.nova.example": "luna" },
};

/** What people change at once; what is absent stays as it is. */
export interface Change {
  /** A team that is not there is added. `rotate`: its password. */
  teams: Record<string, "removed" | (Partial<Omit<Team, "rotation">> & { rotate?: true })>;
  /** The team that a site goes to; a team that is not there stands for none. */
  owners: Record<string, string>;
}

/** Keys are left out at random, and to make a counterexample smaller. */
const sparse = { requiredKeys: [] as [] };

const teamChange = (team: string) =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant("removed" as const) },
    {
      weight: 4,
      arbitrary: fc.record(
        {
          name: fc.constantFrom(`${team} Ltd`, `${team} Inc`),
          internalName: fc.constantFrom(team, `${team}2`),
          label: fc.constantFrom("", "-again"),
          email: fc.boolean(),
          people: fc.subarray(PEOPLE),
          login: fc.boolean(),
          rotate: fc.constant(true as const),
        },
        sparse,
      ),
    },
  );

export const change = fc.record({
  teams: fc.record(Object.fromEntries(TEAMS.map((team) => [team, teamChange(team)])), sparse),
  owners: fc.record(Object.fromEntries(SITES.map((site) => [site, fc.constantFrom(...TEAMS, "nobody")])), sparse),
}) as fc.Arbitrary<Change>;

/**
 * A client keeps its address: who has been bound by an address stays bound without it, and a checker could not tell. A
 * site whose team goes is declared no longer.
 */
export function changed(before: Program, change: Change): Program {
  const teams = TEAMS.flatMap((team): [string, Team][] => {
    const [was, wanted] = [before.teams[team], change.teams[team]];
    if (wanted === "removed") return [];
    if (!wanted) return was ? [[team, was]] : [];
    const { rotate, ...fields } = wanted;
    const { email, rotation, ...others } = was ?? newTeam(team);
    return [
      [team, { ...others, ...fields, email: email || fields.email === true, rotation: rotation + (rotate ? 1 : 0) }],
    ];
  });
  const there = Object.fromEntries(teams);
  const owners = Object.entries({ ...before.owners, ...change.owners }).filter(([, team]) => there[team]);
  return { teams: there, owners: Object.fromEntries(owners) };
}

/** How many passwords a deployment may rotate at the most. */
export function rotations(before: Program, after: Program): number {
  const of = ({ teams }: Program, team: string) => teams[team]?.rotation ?? 0;
  return TEAMS.filter((team) => of(after, team) > of(before, team)).length;
}

/**
 * Whether BOA may take a login and make it anew on the way, because for a moment its client has no site: it has another
 * password then, which only a refresh sees.
 */
export function mayRemakeLogin(before: Program, after: Program): boolean {
  return Object.keys(after.teams).some((team) => {
    const had = sitesOf(before, team);
    return had.length > 0 && !sitesOf(after, team).some((site) => had.includes(site));
  });
}

const sitesOf = ({ owners }: Program, team: string) => Object.keys(owners).filter((site) => owners[site] === team);

/** What one of the stacks declares; `before` is what was deployed, so that the other stack's loser of a site is named. */
export function declarations(program: Program, before: Program, stack: 1 | 2): Declaration[] {
  const teams = Object.entries(program.teams).filter(([team]) => STACKS[team] === stack);
  const takeOverFrom = (site: string): { takeOverFrom?: string } => {
    const loser = before.owners[site];
    if (loser === undefined || STACKS[loser] === stack) return {};
    return { takeOverFrom: before.teams[loser]!.internalName };
  };
  return [
    ...teams.map(([team, { internalName, name, email, label }]) => {
      // Under another logical name it is a new resource, which finds the client as it was.
      const relabelled = before.teams[team] && before.teams[team].label !== label;
      const args = { ...(email && { email: `it@${team}.example` }), ...(relabelled && { onExisting: "adopt" }) };
      return named(label, client(internalName, name, args), `client:${team}`);
    }),
    ...teams.flatMap(([team, { people, label }]) =>
      people.map((person) => {
        const createUser = MADE.includes(person) ? { createUser: { email: `${person}@nova.example` } } : {};
        return named(label, bound(`${team}${label}`, person, createUser), `binding:${team}:${person}`);
      }),
    ),
    ...teams.flatMap(([team, { label }]) =>
      sitesOf(program, team).map((site) => owned(site, `${team}${label}`, takeOverFrom(site))),
    ),
    ...teams.flatMap(([team, { login: wanted, rotation, label }]) => {
      const [site] = sitesOf(program, team);
      if (!wanted || site === undefined) return [];
      return [named(label, login(team, site, rotation > 0 ? { rotation: `${rotation}` } : {}), `account:${team}`)];
    }),
  ];
}

/** Under a logical name of the team, whatever its internal name is by now. */
function named(label: string, declaration: Declaration, name: string): Declaration {
  return { ...declaration, name: `${name}${label}` };
}
