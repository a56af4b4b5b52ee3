import { z } from "zod";
import { enumerated, name, phrase } from "../../text/Phrase";
import { clientSets, teamSet } from "../fields";
import type { RuleValues, Scope } from "../Rule";
import type { Grant, RuledAccess } from "../RuledAccess";
import type { RuleKind } from "../RuleKind";
import { clientText, personText } from "../ruleText";
import { targetsOf } from "../scope";
import type { Violation } from "../Violation";

/** Separation of duties: nobody is in two of the teams, or reaches two of the sets of clients. */
export const apart: RuleKind<RuleValues["apart"]> = {
  schema: z
    .strictObject(
      {
        teams: teamSet("No person is in two of these teams."),
        clients: clientSets("No person acts for clients of two of these lists."),
      },
      { error: "must be a map with teams or clients" },
    )
    .meta({ title: "apart map", description: "Separation of duties: what no person may have at once." }),
  judge({ teams = [], clients = [] }, _scope, access) {
    return [
      ...pairs(teams).flatMap((pair) => inBothTeams(pair, access)),
      ...pairs(clients).flatMap(([one, other]) => reachingBoth({ clients: one }, { clients: other }, access)),
    ];
  },
};

function inBothTeams([one, other]: [string, string], { teams, people }: RuledAccess): Violation[] {
  const [first, second] = [teams.get(one), teams.get(other)];
  return [...(first?.members ?? [])].flatMap((key): Violation[] => {
    const person = people.get(key);
    if (!second?.members.has(key) || person === undefined) return [];
    const ways = [
      ...(second.place ? [{ ...second.place, team: other }] : []),
      ...(first?.place ? [{ ...first.place, team: one }] : []),
    ];
    const says = phrase`${personText(person)} is in the team ${name(one)} and in the team ${name(other)}`;
    return [{ person, client: undefined, sites: [], ways, says, parts: [`${one} ${other}`] }];
  });
}

function reachingBoth(one: Scope, other: Scope, access: RuledAccess): Violation[] {
  const [first, second] = [grantsIn(one, access), grantsIn(other, access)];
  return [...first].flatMap(([key, here]): Violation[] => {
    const there = second.get(key);
    if (there === undefined) return [];
    const { person } = here[0]!.grant;
    const clients = (found: Found[]) =>
      enumerated(
        found.map(({ client }) => clientText(client)),
        5,
      );
    return [
      {
        person,
        client: undefined,
        sites: [],
        ways: [...there, ...here].flatMap(({ grant }) => grant.ways),
        says: phrase`${personText(person)} acts for ${clients(here)} and for ${clients(there)}`,
        parts: [...here, ...there].map(({ client }) => client.internalName),
      },
    ];
  });
}

interface Found {
  grant: Grant;
  client: RuledAccess["clients"][number];
}

function grantsIn(scope: Scope, access: RuledAccess): Map<string, Found[]> {
  const found = new Map<string, Found[]>();
  for (const { client } of targetsOf(scope, access)) {
    for (const grant of client.grants) {
      found.set(grant.person.key, [...(found.get(grant.person.key) ?? []), { grant, client }]);
    }
  }
  return found;
}

function pairs<T>(all: readonly T[]): [T, T][] {
  return all.flatMap((one, index) => all.slice(index + 1).map((other): [T, T] => [one, other]));
}
