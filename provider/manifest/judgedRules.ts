/** The rules of a manifest, judged on the access that it declares: each thing that breaks one is a problem where it is declared. */
import { daysLater } from "../naming/Day";
import { userNameKey } from "../naming/PanelUser";
import { ADVICE, brokenText, exceptionText } from "../rules/brokenText";
import { type BrokenRule, brokenRules, isOverdue } from "../rules/judge";
import type { Place, RuledAccess } from "../rules/RuledAccess";
import { personKey, targetsOf } from "../rules/scope";
import type { Violation } from "../rules/Violation";
import { rendered } from "../text/Phrase";
import { quoted } from "../text/quoted";
import { closest } from "./closest";
import type { Manifest } from "./Manifest";
import type { ManifestEntries, Text } from "./ManifestEntries";
import type { Roster } from "./Roster";
import { ruledAccess } from "./ruledAccess";
import type { RuleEntry } from "./RuleEntries";
import { placeOf, type Report, type Span } from "./SourceText";

export function reportBrokenRules(
  entries: ManifestEntries,
  roster: Roster,
  manifest: Omit<Manifest, "warnings">,
  report: Report,
  warn: Report,
): void {
  if (entries.rules.length === 0) return;
  const access = ruledAccess(manifest);
  for (const entry of entries.rules) checkNames(entry, manifest, access, report, warn);
  const spans = spansOf(entries);
  for (const broken of brokenRules(manifest.rules, access)) {
    const { rule, violation } = broken;
    const [way] = violation.ways;
    const at = manifest.rules.find((each) => each.rule === rule.rule)!;
    const member =
      rule.kind === "apart" && way?.team !== undefined && roster.membersOf(way.team).people.get(keyOf(violation));
    const span = member || (way && spans.get(placeKey(way))) || spans.get(placeKey(at))!;
    if (rule.level === "advise" || isOverdue(broken)) warn(span, "ruleBroken", message(broken, access));
    else report(span, "ruleBroken", message(broken, access));
  }
}

function message(broken: BrokenRule, { asOf }: RuledAccess): string {
  const { rule, allowance } = broken;
  const says = rendered(brokenText(broken), quoted);
  if (allowance !== undefined) {
    return `${says} The exception for it ended on ${allowance.until}. Take the access away, or write a later day.`;
  }
  if (rule.level === "advise") return `${says} ${ADVICE}`;
  if (broken.violation.byTime) return `${says} An end that was written has come. Add a person, or write a later end.`;
  if (rule.level === "never") return `${says} The rule has no exceptions: change what is declared here.`;
  return `${says} Change what is declared here, or write an exception in the rule: ${exceptionText(broken, daysLater(asOf, 30))}`;
}

/** What a rule names must be there, because a rule that matches nothing protects nothing. */
function checkNames(
  { names }: RuleEntry,
  { people, teams, clients }: Omit<Manifest, "warnings">,
  access: RuledAccess,
  report: Report,
  warn: Report,
): void {
  const known = {
    people: [
      ...people.map(({ id }) => id),
      ...clients.flatMap(({ users, expired }) => [...users, ...expired]).map(({ name }) => name),
    ],
    teams: teams.map(({ name }) => name),
    clients: access.clients.flatMap((client) => client.names),
    sites: access.clients.flatMap(({ sites }) => sites.map(({ site }) => site)),
  };
  const unknown = (text: Text, what: string, candidates: readonly string[]) => {
    const meant = closest(text.text, candidates);
    const advice = meant === undefined ? "" : ` Did you mean ${quoted(meant)}?`;
    return `This manifest has no ${what} ${quoted(text.text)}, so nothing here is held to it.${advice} Correct the name, or delete it.`;
  };
  const hasPerson = new Set([
    ...known.people.map(userNameKey),
    ...[...access.people.values()].flatMap(({ mails }) => mails),
  ]);
  for (const person of names.people) {
    if (hasPerson.has(userNameKey(person.text)) || access.people.has(personKey(person.text))) continue;
    if (people.length > 0) report(person, "unknownInRule", unknown(person, "person", known.people));
    else warn(person, "ruleMatchesNothing", unknown(person, "person", known.people));
  }
  for (const team of names.teams) {
    if (!known.teams.includes(team.text)) report(team, "unknownInRule", unknown(team, "team", known.teams));
  }
  for (const field of ["clients", "sites"] as const) {
    for (const pattern of names[field]) {
      if (targetsOf({ [field]: [pattern.text] }, access).length > 0) continue;
      if (pattern.text.includes("*")) {
        warn(
          pattern,
          "ruleMatchesNothing",
          `${quoted(pattern.text)} matches no ${field.slice(0, -1)} of this manifest yet.`,
        );
      } else report(pattern, "unknownInRule", unknown(pattern, field.slice(0, -1), known[field]));
    }
  }
}

/** The key of a person, as a roster has it. */
function keyOf({ person }: Violation): string {
  return person?.key.slice("user:".length) ?? "";
}

/** Where things are declared, with the part of the text to point at. */
function spansOf({ clients, rules }: ManifestEntries): Map<string, Span> {
  const spans = [
    ...clients.flatMap(({ name, span, users, teams }) => [
      name ?? span,
      ...users.map((user) => user.name),
      ...teams.map(({ team }) => team),
    ]),
    ...rules.map(({ rule, span }) => rule ?? span),
  ];
  return new Map(spans.map((span) => [placeKey(placeOf(span)), span]));
}

function placeKey({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
