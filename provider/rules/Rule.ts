/** A rule that access must keep: its types alone, because programs that read a manifest see them. */

/**
 * - `advise`: said, and nothing is refused
 * - `refuse`: refused, unless the rule itself allows it by name
 * - `never`: refused
 */
export type RuleLevel = "advise" | "refuse" | "never";
export const RULE_LEVELS = ["advise", "refuse", "never"] as const satisfies RuleLevel[];

/** Which clients and sites something is about, by name or pattern; everything if neither is given. */
export interface Scope {
  clients?: readonly string[] | undefined;
  sites?: readonly string[] | undefined;
}

/** Which people, by name, mail address or team. */
export interface Selection {
  people?: readonly string[] | undefined;
  teams?: readonly string[] | undefined;
}

/** An exception to a rule. What is not given is not restricted. */
export interface RuleAllowance extends Scope, Selection {
  reason: string;
  /** The last day (UTC). */
  until: string;
}

/** What is written for each kind of rule. */
export interface RuleValues {
  only: Selection;
  never: Selection;
  apart: { teams?: string[] | undefined; clients?: string[][] | undefined };
  externalsEnd: { within: number };
  mostPeople: number;
  leastPeople: number;
  mailDomains: string[];
  noAdministrators: true;
}

export type RuleKindName = keyof RuleValues;

/** One of the kinds, and what is written for it. */
export type RuleBody = { [Kind in RuleKindName]: { kind: Kind; value: RuleValues[Kind] } }[RuleKindName];

export type Rule = RuleBody & {
  /** The name by which people know it; unique. */
  rule: string;
  reason: string;
  level: RuleLevel;
  scope: Scope;
  allow: readonly RuleAllowance[];
};
