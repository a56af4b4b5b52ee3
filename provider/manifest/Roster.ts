/** Who the names in a manifest mean: people, and teams with everybody in them. */
import { userNameKey } from "../naming/PanelUser";
import { canonicalName } from "../naming/SpelledName";
import type { ClientEntry, ManifestEntries, Text } from "./ManifestEntries";
import type { PersonEntry, TeamEntry } from "./PeopleEntries";

/** Memberships, and people in the teams of clients: far more than a server has bindings. A small file could exhaust the memory. */
export const MOST_MEMBERSHIPS = 250_000;

const MOST_CYCLES = 20;

/** Everybody in a team and in the teams in it. */
export interface TeamMembers {
  /** By key of the person: the name, as a team has it. */
  people: ReadonlyMap<string, Text>;
  /** The names of those teams. */
  teams: ReadonlySet<string>;
}

const NOBODY: TeamMembers = { people: new Map(), teams: new Set() };

export class Roster {
  /** Teams that contain themselves: each by the entries that lead from it back to it. */
  readonly cycles: Text[][] = [];
  /** The first team with which there are more than MOST_MEMBERSHIPS: no team has members then. */
  tooLarge: Text | undefined;
  readonly #people: ReadonlyMap<string, PersonEntry>;
  readonly #byKey: ReadonlyMap<string, PersonEntry>;
  /** By the name that refers to a record. */
  readonly #keys: ReadonlyMap<string, string>;
  readonly #teams: ReadonlyMap<string, TeamEntry>;
  readonly #members = new Map<string, TeamMembers>();
  #memberships = 0;

  constructor({ people, teams, clients }: ManifestEntries) {
    this.#people = new Map(people.map((person) => [person.id.text, person]));
    this.#keys = new Map(people.map(({ id, name }) => [id.text, keyOfName(name.text)]));
    this.#byKey = new Map(people.map((person) => [this.#keys.get(person.id.text)!, person]));
    this.#teams = new Map(teams.map((team) => [team.name.text, team]));
    for (const { name } of teams) this.#expand(name);
    let bindings = 0;
    for (const { team } of clients.flatMap((client) => client.teams)) {
      bindings += this.membersOf(team.text).people.size;
      if (bindings > MOST_MEMBERSHIPS) this.tooLarge ??= team;
    }
    if (this.tooLarge !== undefined) this.#members.clear();
  }

  /** Where people have records, nobody else may be named. */
  get hasRecords(): boolean {
    return this.#people.size > 0;
  }

  get ids(): readonly string[] {
    return [...this.#people.keys()];
  }

  get teamNames(): readonly string[] {
    return [...this.#teams.keys()];
  }

  /** The record that a name refers to. */
  person(name: string): PersonEntry | undefined {
    return this.#people.get(name);
  }

  team(name: string): TeamEntry | undefined {
    return this.#teams.get(name);
  }

  /** Equal for one panel user, by whichever name; safe to show. */
  keyOf(name: string): string {
    return this.#keys.get(name) ?? keyOfName(name);
  }

  recordOf(key: string): PersonEntry | undefined {
    return this.#byKey.get(key);
  }

  /** Nobody, of a team that is not there. */
  membersOf(team: string): TeamMembers {
    return this.#members.get(team) ?? NOBODY;
  }

  /** The keys of all whom a client's entries name, themselves or with a team. */
  keysOf({ users, teams }: ClientEntry): Set<string> {
    const listed = teams.flatMap(({ team }) => [...this.membersOf(team.text).people.keys()]);
    return new Set([...users.map(({ name }) => this.keyOf(name.text)), ...listed]);
  }

  /** What is in a team is expanded before it, and without recursion: a file may nest teams deeply. */
  #expand(start: Text): void {
    const path: { entry: Text; inside: Iterator<Text> }[] = [];
    const open = new Set<string>();
    const enter = (entry: Text) => {
      const team = this.#teams.get(entry.text);
      if (team === undefined || this.#members.has(entry.text)) return;
      if (!open.has(entry.text)) {
        open.add(entry.text);
        path.push({ entry, inside: team.members.values() });
      } else if (this.cycles.length < MOST_CYCLES) {
        const first = path.findIndex((step) => step.entry.text === entry.text);
        this.cycles.push([...path.slice(first + 1).map((step) => step.entry), entry]);
      }
    };
    enter(start);
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const next = step.inside.next();
      if (next.done) {
        this.#members.set(step.entry.text, this.#union(this.#teams.get(step.entry.text)!));
        open.delete(step.entry.text);
        path.pop();
      } else enter(next.value);
    }
  }

  #union({ name, members }: TeamEntry): TeamMembers {
    const people = new Map<string, Text>();
    const teams = new Set<string>();
    for (const member of members) {
      if (this.tooLarge !== undefined) break;
      const inner = this.membersOf(member.text);
      if (this.#teams.has(member.text)) teams.add(member.text);
      else people.set(this.keyOf(member.text), member);
      for (const [key, mention] of inner.people) people.set(key, mention);
      for (const team of inner.teams) teams.add(team);
      if (this.#memberships + people.size + teams.size > MOST_MEMBERSHIPS) this.tooLarge = name;
    }
    this.#memberships += people.size + teams.size;
    return { people, teams };
  }
}

function keyOfName(name: string): string {
  return canonicalName(userNameKey(name));
}
