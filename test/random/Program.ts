/** What two stacks of one server declare in a random story, and the ways in which people change it. */
import type { Declaration } from "../scenarios/program";
import { bound, client, login, owned } from "../scenarios/World";

/** Its declarations stand in the first stack, or in the second. */
export type StackNumber = 1 | 2;

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

/** Answers undefined where there is nothing to change. */
export interface Edit {
  text: string;
  edit: (program: Program) => Program | undefined;
}

const STACKS: Readonly<Record<string, StackNumber>> = { nova: 1, lunar: 1, luna: 2 };
const TEAMS = Object.keys(STACKS);
const SITES = ["www.nova.example", "shop.nova.example", "blog.nova.example"];
const PEOPLE = ["alice", "bob", "dora"];
/** Who is not on the server is made. */
const MADE = ["dora"];

/** Everything that a story may touch. */
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

/** Every story begins with it. */
export const beginning: Program = {
  teams: { nova: { ...newTeam("nova"), email: true, people: ["alice", "dora"] }, luna: newTeam("luna") },
  owners: { "www.nova.example": "nova", "shop.nova.example": "luna" },
};

/** An edit of a team that is there; it answers undefined if it changes nothing. */
function ofTeam(team: string, text: string, change: (team: Team) => Partial<Team>): Edit {
  return {
    text: `${text} ${team}`,
    edit: (program) => {
      const before = program.teams[team];
      if (!before) return undefined;
      const after = { ...before, ...change(before) };
      if (JSON.stringify(after) === JSON.stringify(before)) return undefined;
      return { ...program, teams: { ...program.teams, [team]: after } };
    },
  };
}

function without<T>(
  record: Readonly<Record<string, T>>,
  remove: (key: string, value: T) => boolean,
): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key, value]) => !remove(key, value)));
}

/** Every way to change a program, by kind. */
export const edits: Readonly<Record<string, Edit[]>> = {
  move: SITES.flatMap((site) => [
    ...TEAMS.map((team) => ({
      text: `move ${site} to ${team}`,
      edit: (program: Program) =>
        program.teams[team] && program.owners[site] !== team
          ? { ...program, owners: { ...program.owners, [site]: team } }
          : undefined,
    })),
    {
      text: `stop declaring ${site}`,
      edit: (program: Program) =>
        program.owners[site] ? { ...program, owners: without(program.owners, (other) => other === site) } : undefined,
    },
  ]),
  create: TEAMS.flatMap((team) =>
    [true, false].map((email) => ({
      text: `add ${team}${email ? " with a mail address" : ""}`,
      edit: (program: Program) =>
        program.teams[team]
          ? undefined
          : { ...program, teams: { ...program.teams, [team]: { ...newTeam(team), email } } },
    })),
  ),
  remove: TEAMS.map((team) => ({
    text: `remove ${team} with all that it has`,
    edit: ({ teams, owners }: Program) =>
      teams[team] && {
        teams: without(teams, (other) => other === team),
        owners: without(owners, (_site, owner) => owner === team),
      },
  })),
  rename: TEAMS.flatMap((team) =>
    ["Ltd", "Inc"].map((form) => ofTeam(team, `name it ${team} ${form}:`, () => ({ name: `${team} ${form}` }))),
  ),
  replace: TEAMS.map((team) =>
    ofTeam(team, "give another internal name to", ({ internalName }) => ({
      internalName: internalName === team ? `${team}2` : team,
    })),
  ),
  relabel: TEAMS.map((team) =>
    ofTeam(team, "change the logical names of", ({ label }) => ({ label: label === "" ? "-again" : "" })),
  ),
  bind: TEAMS.flatMap((team) =>
    PEOPLE.map((person) =>
      ofTeam(team, `bind ${person} to`, ({ people }) => ({ people: [...new Set([...people, person])].sort() })),
    ),
  ),
  unbind: TEAMS.flatMap((team) =>
    PEOPLE.map((person) =>
      ofTeam(team, `unbind ${person} from`, ({ people }) => ({ people: people.filter((other) => other !== person) })),
    ),
  ),
  login: TEAMS.flatMap((team) => [
    ofTeam(team, "declare the login of", () => ({ login: true })),
    ofTeam(team, "stop declaring the login of", () => ({ login: false })),
  ]),
  rotate: TEAMS.map((team) => ofTeam(team, "rotate the password of", ({ rotation }) => ({ rotation: rotation + 1 }))),
};

/**
 * Carries out what applies, one edit after the other, and tells which did. A client that stays keeps its address, though it
 * was removed and added: who has been bound by an address stays bound without it, and a checker could not tell.
 */
export function edited(before: Program, changes: readonly Edit[]): { program: Program; done: string[] } {
  let program = before;
  const done: string[] = [];
  for (const { text, edit } of changes) {
    const next = edit(program);
    if (next) done.push(text);
    program = next ?? program;
  }
  const teams = Object.entries(program.teams).map(([name, team]): [string, Team] => {
    return [name, { ...team, email: team.email || before.teams[name]?.email === true }];
  });
  return { program: { ...program, teams: Object.fromEntries(teams) }, done };
}

/**
 * Whether BOA may take a login and make it anew on the way, because for a moment its client has no site: it has another
 * password then, which only a refresh sees.
 */
export function mayRemakeLogin(before: Program, after: Program): boolean {
  const owned = ({ owners }: Program, team: string) => Object.keys(owners).filter((site) => owners[site] === team);
  return Object.keys(after.teams).some((team) => {
    const had = owned(before, team);
    return had.length > 0 && !owned(after, team).some((site) => had.includes(site));
  });
}

/** What one of the stacks declares; `before` is what was deployed, so that the other stack's loser of a site is named. */
export function declarations(program: Program, before: Program, stack: StackNumber): Declaration[] {
  const teams = Object.entries(program.teams).filter(([team]) => STACKS[team] === stack);
  const sitesOf = (team: string) => Object.keys(program.owners).filter((site) => program.owners[site] === team);
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
      sitesOf(team).map((site) => owned(site, `${team}${label}`, takeOverFrom(site))),
    ),
    ...teams.flatMap(([team, { login: wanted, rotation, label }]) => {
      const [site] = sitesOf(team);
      if (!wanted || site === undefined) return [];
      return [named(label, login(team, site, rotation > 0 ? { rotation: `${rotation}` } : {}), `account:${team}`)];
    }),
  ];
}

/** Under a logical name of the team, whatever its internal name is by now. */
function named(label: string, declaration: Declaration, name: string): Declaration {
  return { ...declaration, name: `${name}${label}` };
}
