/** Every kind of rule, by the field that it is written in. A new kind is a file in kinds/, and a line here and in RuleValues. */
import { apart } from "./kinds/apart";
import { externalsEnd } from "./kinds/externalsEnd";
import { leastPeople } from "./kinds/leastPeople";
import { mailDomains } from "./kinds/mailDomains";
import { mostPeople } from "./kinds/mostPeople";
import { never } from "./kinds/never";
import { noAdministrators } from "./kinds/noAdministrators";
import { only } from "./kinds/only";
import type { RuleKindName, RuleValues } from "./Rule";
import type { RuleKind } from "./RuleKind";

export const RULE_KINDS: { readonly [Kind in RuleKindName]: RuleKind<RuleValues[Kind]> } = {
  only,
  never,
  apart,
  externalsEnd,
  mostPeople,
  leastPeople,
  mailDomains,
  noAdministrators,
};
