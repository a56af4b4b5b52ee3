/** A rule that access must keep. */
import type { RULE_KINDS } from "./kinds";
import type { RuleKind, Scope, Selection } from "./RuleKind";

/**
 * - `advise`: said, and nothing is refused
 * - `refuse`: refused, unless the rule itself allows it by name
 * - `never`: refused
 */
export type RuleLevel = "advise" | "refuse" | "never";
export const RULE_LEVELS = ["advise", "refuse", "never"] as const satisfies RuleLevel[];

/** An exception to a rule. What is not given is not restricted. */
export interface RuleAllowance extends Scope, Selection {
  reason: string;
  /** The last day (UTC). */
  until: string;
}

/** One of the kinds, and what is written for it. */
export type RuleBody = {
  [Kind in keyof typeof RULE_KINDS]: {
    kind: Kind;
    value: (typeof RULE_KINDS)[Kind] extends RuleKind<infer Value> ? Value : never;
  };
}[keyof typeof RULE_KINDS];

export type Rule = RuleBody & {
  /** The name by which people know it; unique. */
  rule: string;
  reason: string;
  level: RuleLevel;
  scope: Scope;
  allow: readonly RuleAllowance[];
};
