/** Why a person gains or loses a client by its entries: by name, or with a team. */
import type { Cause } from "./AccessChange";
import type { AccessClient, Binding, EffectiveAccess, Way } from "./EffectiveAccess";

export class TeamCauses {
  readonly #listed = new Map<AccessClient, Set<string>>();

  constructor(
    private readonly before: EffectiveAccess,
    private readonly after: EffectiveAccess,
  ) {}

  /** @param binding of the client after the change, which it did not have before */
  gained(had: AccessClient, has: AccessClient, { person, expires, reason, ways }: Binding): Cause {
    const clients = [has.internalName];
    const team = teamOf(ways);
    if (team === undefined || !this.before.knowsTeams) return { kind: "bound", clients, expires, reason };
    const joined = innermost(this.after, this.before, person.key, team);
    return joined !== undefined && this.#lists(this.before, had, team)
      ? { kind: "joinedTeam", team: joined, clients, expires }
      : { kind: "teamBound", team, clients, expires, reason };
  }

  /** @param person whose binding the client no longer has */
  lost(had: AccessClient, has: AccessClient, person: string): Cause {
    const clients = [has.internalName];
    const team = teamOf(had.bindings.get(person)?.ways);
    if (team === undefined || !this.after.knowsTeams) return { kind: "unbound", clients };
    const left = innermost(this.before, this.after, person, team);
    return left !== undefined && this.#lists(this.after, has, team)
      ? { kind: "leftTeam", team: left, clients }
      : { kind: "teamUnbound", team, clients };
  }

  /** Whether the client lists the team. An empty team is in no binding, and may be listed. */
  #lists(access: EffectiveAccess, client: AccessClient, team: string): boolean {
    let listed = this.#listed.get(client);
    if (listed === undefined) {
      const ways = [...client.bindings.values()].flatMap((binding) => binding.ways ?? []);
      listed = new Set(ways.flatMap((way) => way.team ?? []));
      this.#listed.set(client, listed);
    }
    return listed.has(team) || access.teams.get(team)?.size === 0;
  }
}

/** The team of the first entry, if no entry names the person. */
function teamOf(ways: readonly Way[] | undefined): string | undefined {
  return ways?.every(({ team }) => team !== undefined) ? ways[0]?.team : undefined;
}

/** Of a team and the teams in it, one that has the person on this side alone, and no other such team in it. */
function innermost(here: EffectiveAccess, there: EffectiveAccess, person: string, team: string): string | undefined {
  const isNew = (name: string) =>
    here.teams.get(name)?.has(person) === true && there.teams.get(name)?.has(person) === false;
  const within = [team, ...(here.teamsIn.get(team) ?? [])].filter(isNew);
  return within.find((name) => !within.some((other) => here.teamsIn.get(name)?.has(other)));
}
