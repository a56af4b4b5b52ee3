/** Rules, and the access that they are judged on: what breaks them, and which change does. */
import { RULE_KINDS } from "./kinds";
import type { Rule, RuleAllowance } from "./Rule";
import { type RuledAccess, seenFrom } from "./RuledAccess";
import type { RuleKind } from "./RuleKind";
import { covers, selector } from "./scope";
import type { Violation } from "./Violation";

/** A rule, and one thing that breaks it. */
export interface BrokenRule {
  rule: Rule;
  violation: Violation;
  /** The exception for it, ended or not. */
  allowance: RuleAllowance | undefined;
  /** Whether that still holds. */
  isAllowed: boolean;
}

/** What breaks the rules and is not allowed, in the order of the rules. */
export function brokenRules(rules: readonly Rule[], access: RuledAccess): BrokenRule[] {
  return rules.flatMap((rule) => brokenBy(rule, access, rule.allow)).filter(({ isAllowed }) => !isAllowed);
}

/** Whether nothing but the passing of days has broken it: no entry has to go, and nothing that is to be revoked may wait. */
export function isOverdue({ allowance, violation }: BrokenRule): boolean {
  return allowance !== undefined || violation.byTime === true;
}

/**
 * What a change brings about that the rules before it forbid, whatever it makes of them, or that its own rules allow no
 * more. Its exceptions from a rule count, and are among the answers; none counts from a rule that was `never` before.
 */
export function brokenByChange(before: RuledState, after: RuledState): BrokenRule[] {
  if (before.rules.length + after.rules.length === 0) return [];
  const [was, is] = [before.access, after.access];
  const seen = seenFrom(was, is);
  const named = new Map(after.rules.map((rule) => [rule.rule, rule]));
  const former = before.rules.flatMap((rule) => {
    const allow = rule.level === "never" ? [] : (named.get(rule.rule)?.allow ?? []);
    return added(rule, was, brokenBy(rule, seen, allow));
  });
  const current = after.rules.flatMap((rule) => added(rule, was, brokenBy(rule, is, rule.allow)));
  const known = new Set(former.map(brokenKey));
  return [...former, ...current.filter((each) => !known.has(brokenKey(each)))];
}

export interface RuledState {
  rules: readonly Rule[];
  access: RuledAccess;
}

/** The same for the same thing at every look. */
function brokenKey({ rule, violation }: BrokenRule): string {
  return JSON.stringify([rule.rule, partsOf(violation)]);
}

function brokenBy(rule: Rule, access: RuledAccess, allow: readonly RuleAllowance[]): BrokenRule[] {
  const kind = RULE_KINDS[rule.kind] as RuleKind<unknown>;
  return kind.judge(rule.value, rule.scope, access).map((violation): BrokenRule => {
    const fitting = allow.filter((each) => allows(each, violation, access));
    const allowance = fitting.find(({ until }) => until >= access.asOf) ?? fitting[0];
    return { rule, violation, allowance, isAllowed: allowance !== undefined && allowance.until >= access.asOf };
  });
}

function allows(allowance: RuleAllowance, { person, client, sites }: Violation, access: RuledAccess): boolean {
  const { people, teams } = allowance;
  if (people !== undefined || teams !== undefined) {
    if (person === undefined || !selector(allowance, access)(person)) return false;
  }
  if (allowance.clients === undefined && allowance.sites === undefined) return true;
  return client !== undefined && covers(allowance, { client, sites: [...sites] });
}

/** Those of which at least a part was not so before. */
function added(rule: Rule, before: RuledAccess, broken: BrokenRule[]): BrokenRule[] {
  if (broken.length === 0) return [];
  const had = new Set(brokenBy(rule, before, []).flatMap(({ violation }) => partsOf(violation).flat()));
  return broken.filter(({ violation }) => partsOf(violation).some((part) => !part.some((key) => had.has(key))));
}

/** What a violation consists of: keys of each part, one for every name that its client has or had. */
function partsOf({ person, client, sites, parts }: Violation): string[][] {
  const all = parts ?? (sites.length > 0 ? sites : [""]);
  return all.map((part) => (client?.names ?? [""]).map((name) => JSON.stringify([person?.key ?? "", name, part])));
}

/** For programs; names are as they are. */
export function jsonBroken({ rule, violation }: BrokenRule) {
  const { person, client, sites, ways } = violation;
  return {
    rule: rule.rule,
    level: rule.level,
    reason: rule.reason,
    who: person?.name ?? null,
    client: client?.internalName ?? null,
    sites,
    ways: ways.map(({ file, line, column, team }) => ({ file, line, column, team: team ?? null })),
  };
}
