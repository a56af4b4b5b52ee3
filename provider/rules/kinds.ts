/** Every kind of rule, by the field that it is written in. A new kind is a file in kinds/ and a line here. */
import { apart } from "./kinds/apart";
import { externalsEnd } from "./kinds/externalsEnd";
import { leastPeople } from "./kinds/leastPeople";
import { mailDomains } from "./kinds/mailDomains";
import { mostPeople } from "./kinds/mostPeople";
import { never } from "./kinds/never";
import { noAdministrators } from "./kinds/noAdministrators";
import { only } from "./kinds/only";

export const RULE_KINDS = {
  only,
  never,
  apart,
  externalsEnd,
  mostPeople,
  leastPeople,
  mailDomains,
  noAdministrators,
} as const;

export type RuleKindName = keyof typeof RULE_KINDS;
