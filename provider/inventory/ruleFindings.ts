/** What on a server breaks the rules of its manifest, whether the manifest declares it or not. */
import type { Manifest } from "../manifest/Manifest";
import { brokenText } from "../rules/brokenText";
import { brokenRules } from "../rules/judge";
import { capitalizedPhrase, type Phrase, phrase } from "../text/Phrase";
import type { Inventory } from "../worker/facts";
import type { LiveLogins } from "./passwords";
import { planOf } from "./Plan";
import { ruledServer } from "./ruledServer";

/** What breaks one rule at one client, or of a rule about people everything. */
export interface RuleFinding {
  /** The same for the same finding at every look. */
  finding: string;
  isAdvice: boolean;
  /** The id of the client, if it is about one. */
  resource: string | undefined;
  says: Phrase;
  /** The people, sorted. */
  names: string[];
}

export function ruleFindings(manifest: Manifest, inventory: Inventory, logins: LiveLogins): RuleFinding[] {
  if (manifest.rules.length === 0) return [];
  const { before } = planOf(manifest, inventory, undefined, logins);
  const access = ruledServer(manifest, before, inventory, logins);
  const found = new Map<string, RuleFinding>();
  for (const broken of brokenRules(manifest.rules, access)) {
    const { rule, violation } = broken;
    const { person, client, parts = [] } = violation;
    const finding = ["broken-rule", rule.rule, ...(client === undefined ? [] : [client.internalName])].join(":");
    const people = person ? [person] : parts.flatMap((key) => access.people.get(key) ?? []);
    const former = found.get(finding);
    found.set(finding, {
      finding,
      isAdvice: rule.level === "advise",
      resource: client && `client:${client.internalName}`,
      says: former ? phrase`${former.says} ${capitalizedPhrase(violation.says)}.` : brokenText(broken),
      names: [...new Set([...(former?.names ?? []), ...people.map(({ name }) => name)])].sort(),
    });
  }
  return [...found.values()];
}
