/** What a change makes of the rules themselves, and of whom they mean: from the next change on, that is what counts. */
import type { RuledState } from "../rules/judge";
import type { Rule } from "../rules/Rule";

export type RuleAdvisory =
  /** By name. */
  | { kind: "rules"; removed: string[]; changed: string[]; added: string[] }
  /** The rules from before name the team, which has other people now. */
  | { kind: "ruledTeam"; team: string; rules: string[]; joined: string[]; left: string[] }
  /** Names of people whom these rules were about. */
  | { kind: "noLongerExternal"; names: string[]; rules: string[] };

/** @returns nothing of what has no rules, such as a live server and the last deployment */
export function ruleAdvisories(before: RuledState | undefined, after: RuledState | undefined): RuleAdvisory[] {
  if (before === undefined || after === undefined) return [];
  return [...changedRules(before, after), ...changedTeams(before, after), ...noLongerExternal(before, after)];
}

function changedRules(before: RuledState, after: RuledState): RuleAdvisory[] {
  const textsOf = ({ rules }: RuledState) =>
    new Map(rules.map((rule) => [rule.rule, JSON.stringify({ ...rule, file: "", line: 0, column: 0 })]));
  const [had, has] = [textsOf(before), textsOf(after)];
  const removed = [...had.keys()].filter((rule) => !has.has(rule));
  const added = [...has.keys()].filter((rule) => !had.has(rule));
  const changed = [...has].flatMap(([rule, text]) => (had.has(rule) && had.get(rule) !== text ? [rule] : []));
  return removed.length + added.length + changed.length === 0 ? [] : [{ kind: "rules", removed, changed, added }];
}

function changedTeams(before: RuledState, after: RuledState): RuleAdvisory[] {
  return [...before.access.teams].flatMap(([team, { members: had }]): RuleAdvisory[] => {
    const rules = before.rules.filter((rule) => teamsOf(rule).includes(team)).map(({ rule }) => rule);
    const has = after.access.teams.get(team)?.members ?? new Set();
    const joined = [...has].filter((key) => !had.has(key)).map((key) => after.access.people.get(key)?.name ?? key);
    const left = [...had].filter((key) => !has.has(key)).map((key) => before.access.people.get(key)?.name ?? key);
    return rules.length === 0 || joined.length + left.length === 0
      ? []
      : [{ kind: "ruledTeam", team, rules, joined: joined.sort(), left: left.sort() }];
  });
}

function teamsOf({ value }: Rule): readonly string[] {
  return (typeof value === "object" && "teams" in value && value.teams) || [];
}

function noLongerExternal(before: RuledState, after: RuledState): RuleAdvisory[] {
  const rules = before.rules.filter(({ kind }) => kind === "externalsEnd").map(({ rule }) => rule);
  const names = [...before.access.people.values()]
    .filter(({ key, external }) => external && after.access.people.get(key)?.external === false)
    .map(({ name }) => name);
  return rules.length === 0 || names.length === 0 ? [] : [{ kind: "noLongerExternal", names: names.sort(), rules }];
}
