/** How rules name people, clients and sites. */
import { enumerated, name, type Phrase, phrase } from "../text/Phrase";
import type { Selection } from "./Rule";
import type { RuledPerson } from "./RuledAccess";
import type { Target } from "./scope";

const SHOWN = 5;

export function personText(person: RuledPerson): Phrase {
  return person.key.startsWith("mail:") ? phrase`the user with ${name(person.name)}` : [name(person.name)];
}

export function clientText({ internalName, title }: { internalName: string; title: string }): Phrase {
  return title === internalName ? [name(internalName)] : phrase`${name(title)} (${name(internalName)})`;
}

/** What a person does: act for a client, and so reach some of its sites. */
export function reachText(person: RuledPerson, { client, sites }: Target): Phrase {
  const reached = sites.length === 0 ? [] : phrase` and reaches ${enumerated(sites.map(name), SHOWN)}`;
  return phrase`${personText(person)} acts for ${clientText(client)}${reached}`;
}

/** `alice, bob and the team web`. */
export function selectionText({ people = [], teams = [] }: Selection): Phrase {
  return enumerated([...people.map(name), ...teams.map((team) => phrase`the team ${name(team)}`)], SHOWN);
}
