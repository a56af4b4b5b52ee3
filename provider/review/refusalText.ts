import { daysLater } from "../naming/Day";
import { brokenText, exceptionText } from "../rules/brokenText";
import type { BrokenRule } from "../rules/judge";
import { capitalizedPhrase, enumerated, name, type Phrase, phrase, plural } from "../text/Phrase";
import { isFinal, type Refusal, type RemovalRefusal, type Review } from "./RemovalLimit";
import type { SubjectText } from "./SubjectText";

/** How long `allowRemovals` holds in the line that a refusal proposes. */
const PROPOSED_DAYS = 7;
/** And an exception from a rule. */
const PROPOSED_RULE_DAYS = 30;
/** How many clients and sites outside of a scope are named. */
const SHOWN = 5;

interface RefusalContext {
  subjects: SubjectText;
  matchedClients: ReadonlyMap<string, string>;
}

/** Why a change is refused. */
export function refusalText(refusal: Refusal, { subjects, matchedClients }: RefusalContext): Phrase {
  switch (refusal.kind) {
    case "tooMuch": {
      const { lost, of, limits, allowed } = refusal;
      const more = allowed > 0 ? ` allowRemovals allows ${allowed}.` : "";
      if (lost === of) return phrase`This takes away all ${of} grants.${more}`;
      return phrase`This takes away ${lost} of ${of} grants (${Math.floor((lost * 100) / of)} %), and ${limits.percent} % may go.${more}`;
    }
    case "protectedClient": {
      const { client, gone, sites, people } = refusal;
      const loses = [
        ...(sites.length > 0 ? [subjects.sites(sites)] : []),
        ...(people.length > 0 ? [subjects.people(people)] : []),
      ];
      const what = gone
        ? matchedClients.has(client)
          ? phrase`would get another internal name`
          : phrase`would be removed`
        : phrase`would lose ${enumerated(loses)}`;
      return phrase`${subjects.client(client)} is protected, and ${what}.`;
    }
    case "protectedSite": {
      const to = refusal.to === undefined ? phrase`leave the manifest` : phrase`go to ${subjects.client(refusal.to)}`;
      return phrase`${name(refusal.site)} of ${subjects.client(refusal.client)} is protected, and would ${to}.`;
    }
    case "lastPerson":
      return phrase`${subjects.client(refusal.client)} must keep a person, and would lose the last: ${subjects.people(refusal.people)}.`;
    case "emptied": {
      const last = refusal.people.length > 0 ? subjects.people(refusal.people) : subjects.sites(refusal.sites);
      return phrase`${subjects.client(refusal.client)} stays, and would lose the last of its ${refusal.people.length > 0 ? "people" : "sites"}: ${last}.`;
    }
    case "lastAccess":
      return phrase`${capitalizedPhrase(subjects.people(refusal.people))} would no longer reach any site, and may still act for a client.`;
    case "tooManyGains": {
      const { gained, of, limits, allowed } = refusal;
      const more = allowed > 0 ? ` allowGains allows ${allowed}.` : "";
      return phrase`This adds ${plural(gained, "grant")} to the ${of} before it, and at most ${limits.percent} % of those may be added.${more}`;
    }
    case "brokenRule":
      return brokenText(refusal.broken);
    case "outOfScope": {
      const declared = [...refusal.clients.map((client) => subjects.client(client)), ...refusal.sites.map(name)];
      return phrase`${refusal.path === "" ? "This file" : name(refusal.path)} declares ${enumerated(declared, SHOWN)}, which its scope before this change does not allow.`;
    }
  }
}

function isRemoval(refusal: Refusal): refusal is RemovalRefusal {
  return !["tooManyGains", "brokenRule", "outOfScope"].includes(refusal.kind);
}

function brokenRulesOf(refusals: readonly Refusal[]): BrokenRule[] {
  return refusals.flatMap((refusal) => (refusal.kind === "brokenRule" ? [refusal.broken] : []));
}

/** What to do about refusals. */
export function remedyText({ difference, refusals, allowed }: Review): Phrase[] {
  const rules = brokenRulesOf(refusals);
  const gains = refusals.flatMap((refusal) => (refusal.kind === "tooManyGains" ? [refusal] : []));
  const removals = refusals.flatMap((refusal) => (isRemoval(refusal) ? [refusal] : []));
  const final = removals.filter(isFinal);
  const rest = removals.filter((refusal) => !isFinal(refusal));
  const { asOf } = difference.after;
  return [
    ...(final.length > 0
      ? [
          phrase`Protected clients and sites cannot be removed or renamed. First remove ${name("protect")} in a separate change and deploy that.`,
        ]
      : []),
    ...(rest.length > 0
      ? [
          phrase`If this is intended, confirm it in the manifest: ${name(proposedAllowance([...rest, ...allowed.filter(isRemoval)], asOf))}`,
        ]
      : []),
    ...gains.map(({ gained }) => {
      const line = `allowGains: { until: ${daysLater(asOf, PROPOSED_DAYS)}, reason: "...", grants: ${gained} }`;
      return phrase`If this is intended, confirm it in the manifest: ${name(line)}`;
    }),
    ...(rules.some(({ rule }) => rule.level === "never")
      ? [
          phrase`The rules from before a change apply to it too, and a rule of the level ${name("never")} has no exceptions. To lift it, first remove it in a separate change.`,
        ]
      : []),
    ...(refusals.some(({ kind }) => kind === "outOfScope")
      ? [phrase`The scope from before a change applies to it too. First widen ${name("scope")} in a separate change.`]
      : []),
    ...rules
      .filter(({ rule }) => rule.level === "refuse")
      .map((broken) => {
        const line = exceptionText(broken, daysLater(asOf, PROPOSED_RULE_DAYS));
        return phrase`If it is intended, write an exception in the rule ${name(broken.rule.rule)}: ${name(line)}`;
      }),
  ];
}

/** The line of the manifest that allows these removals. */
function proposedAllowance(refusals: readonly RemovalRefusal[], asOf: string): string {
  const all = <K extends RemovalRefusal["kind"]>(...kinds: K[]) =>
    refusals.filter((each): each is Extract<RemovalRefusal, { kind: K }> => (kinds as string[]).includes(each.kind));
  const clients = [...new Set(all("protectedClient", "lastPerson", "emptied").map(({ client }) => client))];
  const sites = all("protectedSite").map(({ site }) => site);
  const users = all("lastAccess").flatMap(({ people }) => people.map((person) => person.name));
  const fields = [
    `until: ${daysLater(asOf, PROPOSED_DAYS)}`,
    `reason: "..."`,
    ...all("tooMuch").map(({ lost }) => `grants: ${lost}`),
    ...(clients.length > 0 ? [`clients: [${clients.join(", ")}]`] : []),
    ...(sites.length > 0 ? [`sites: [${sites.join(", ")}]`] : []),
    ...(users.length > 0 ? [`users: [${users.map((user) => JSON.stringify(user)).join(", ")}]`] : []),
  ];
  return `allowRemovals: { ${fields.join(", ")} }`;
}
