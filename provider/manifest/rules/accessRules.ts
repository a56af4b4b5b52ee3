/** Rules about the rules that a manifest has for access: each is of one kind, and its exceptions end. */
import { quoted } from "../../text/quoted";
import { LONGEST_RULE_ALLOWANCE_DAYS } from "../Manifest";
import type { Text } from "../ManifestEntries";
import type { AllowEntry, RuleEntry } from "../RuleEntries";
import { earlier, type RuleContext } from "./RuleContext";

export function checkAccessRules(rules: readonly RuleEntry[], context: RuleContext): void {
  const seen = new Map<string, Text>();
  for (const entry of rules) {
    const { rule, reason } = entry;
    if (rule !== undefined) context.checkVisible("rule", rule, "auditors stay out", 100);
    const first = rule && earlier(seen, rule.text, rule);
    if (rule && first !== undefined) {
      context.report(
        rule,
        "duplicateRule",
        `Two rules have the name ${quoted(rule.text)}, the first on ${context.place(first, rule)}. Give one of them another name.`,
        first,
      );
    }
    context.checkReason(reason, "contract with the bank, section 4");
    checkKind(entry, context);
    for (const allowed of entry.allow) checkAllowance(allowed, entry, context);
  }
}

function checkKind({ span, rule, kinds, scope }: RuleEntry, context: RuleContext): void {
  const [kind, second] = kinds;
  if (kind === undefined) {
    context.report(
      rule ?? span,
      "incompleteRule",
      "This rule says nothing. Write what it is about: only, never, apart, externalsEnd, mostPeople, leastPeople, mailDomains or noAdministrators.",
    );
    return;
  }
  if (second !== undefined) {
    context.report(
      second.key,
      "ruleWithTwoKinds",
      `This rule has ${kind.kind} and ${second.kind}, and a rule is of one kind. Write a rule of its own for ${second.kind}.`,
    );
  }
  const isMap = kind.kind === "only" || kind.kind === "never" || kind.kind === "apart";
  if (isMap && kind.value.fields.size === 0) {
    const fields = kind.kind === "apart" ? "teams or clients" : "people or teams";
    context.report(kind.key, "incompleteRule", `${kind.kind} is empty. Write ${fields} in it.`);
  }
  const [where] = scope;
  if (kind.kind === "apart" && where !== undefined) {
    context.report(
      where.key,
      "ruleWithoutScope",
      "A rule of the kind apart holds everywhere. Write the clients within apart, in two lists, or delete this line.",
    );
  }
}

function checkAllowance({ span, reason, until, value }: AllowEntry, { level }: RuleEntry, context: RuleContext): void {
  context.checkReason(reason, "TICKET-12, on call");
  if (level === "never") {
    context.report(
      span,
      "exceptionFromNever",
      "A rule of the level never has no exceptions. Delete this one, or write level: refuse in a change of its own.",
    );
  }
  if (!["people", "teams", "clients", "sites"].some((field) => value.fields.has(field))) {
    context.report(span, "allowsNothing", "This exception names nothing. Write people, teams, clients or sites in it.");
  }
  const days = context.daysOfException(until, "An exception from a rule may last", LONGEST_RULE_ALLOWANCE_DAYS);
  if (until !== undefined && days !== undefined && days < 0) {
    context.warn(
      until,
      "ruleExceptionEnded",
      `This exception ended on ${until.text}, and \`audit\` reports what it allowed. Delete it with the access, or write a later day.`,
    );
  }
}
