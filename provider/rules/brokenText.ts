/** What is said of something that breaks a rule, and what would allow it. */
import { enumerated, name, type Phrase, phrase } from "../text/Phrase";
import { yamlScalar } from "../text/yamlScalar";
import type { BrokenRule } from "./judge";
import type { Place } from "./RuledAccess";

const SHOWN = 5;

/** What a broken rule of the level `advise` means. */
export const ADVICE = "This is advice, and nothing is refused.";

/** What breaks a rule, the reason of the rule, and the entries that bring it about. */
export function brokenText({ rule, violation }: BrokenRule): Phrase {
  const { says, ways } = violation;
  const by = ways.length < 2 ? [] : phrase` This comes from ${enumerated(ways.map(wayText), SHOWN)}.`;
  return phrase`This breaks the rule ${name(rule.rule)}: ${says}.${by} The rule's reason: ${name(rule.reason)}.`;
}

function wayText({ file, line, team }: Place): Phrase {
  const through = team === undefined ? [] : phrase` (the team ${name(team)})`;
  return phrase`${name(`${file}:${line}`)}${through}`;
}

/** The line of YAML that allows a violation by name. */
export function exceptionText({ violation }: BrokenRule, until: string): string {
  const { person, client, sites } = violation;
  const fields = [
    ...(person === undefined ? [] : [`people: [${yamlScalar(person.name)}]`]),
    ...(client === undefined
      ? []
      : sites.length > 0
        ? [`sites: [${sites.map(yamlScalar).join(", ")}]`]
        : [`clients: [${client.internalName}]`]),
    `until: ${until}`,
    `reason: "..."`,
  ];
  return `allow: [{ ${fields.join(", ")} }]`;
}
