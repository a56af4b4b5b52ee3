/** How a person is in a team: listed by it, or by a team in it. */
import type { EffectiveAccess } from "../review/EffectiveAccess";

/**
 * One chain for each team that lists the person: that team, those that it is in, and the given one.
 *
 * @param person the key
 */
export function teamChains({ teamsIn, listedIn }: EffectiveAccess, team: string, person: string): string[][] {
  const within = [team, ...(teamsIn.get(team) ?? [])];
  const listing = within.filter((name) => listedIn.get(name)?.has(person));
  // Who lists the person is not known of every picture.
  return listing.length === 0 ? [[team]] : listing.map(chainFrom);

  function chainFrom(start: string): string[] {
    const chain = [start];
    for (let last = start; last !== team; chain.push(last)) {
      const around = within.filter((name) => teamsIn.get(name)?.has(last));
      last = around.find((name) => !around.some((other) => teamsIn.get(name)?.has(other))) ?? team;
    }
    return chain;
  }
}
