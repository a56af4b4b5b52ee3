/** The shape of a rule and of its exceptions. What is written for each kind of rule is in provider/rules/kinds. */
import { z } from "zod";
import { clients, people, sites, teams } from "../rules/fields";
import { RULE_KINDS } from "../rules/kinds";
import { RULE_LEVELS, type RuleKindName } from "../rules/Rule";
import { day, text } from "./fieldTypes";
import { LONGEST_RULE_ALLOWANCE_DAYS } from "./Manifest";

export const Allowance = z
  .strictObject(
    {
      people: people("The people who are allowed it, by name or mail address."),
      teams: teams("Everyone in these teams is allowed it."),
      clients: clients("The clients for which it is allowed."),
      sites: sites("The sites for which it is allowed."),
      reason: text("a short text, for example TICKET-12, on call").meta({
        description: "Why it is allowed. Reviewers see it.",
        minLength: 1,
      }),
      until: day(`The last day (UTC) on which it is allowed, at most ${LONGEST_RULE_ALLOWANCE_DAYS} days ahead.`),
    },
    { error: "must be a map with reason, until and what is allowed" },
  )
  .meta({ title: "entry of allow" });

type KindFields = { [Kind in RuleKindName]: z.ZodOptional<(typeof RULE_KINDS)[Kind]["schema"]> };

const kindFields = Object.fromEntries(
  Object.entries(RULE_KINDS).map(([kind, { schema }]) => [
    kind,
    (schema as z.ZodType).optional().meta(described(schema)),
  ]),
) as unknown as KindFields;

function described(schema: z.ZodType): { description: string | undefined } {
  return { description: schema.meta()?.description };
}

export const RuleSchema = z
  .strictObject(
    {
      rule: text("the name of the rule, for example auditors stay out").meta({
        description: "The name of the rule, unique in this file. Messages show it.",
        minLength: 1,
      }),
      reason: text("a short text, for example contract with the bank, section 4").meta({
        description: "Why the rule exists. Messages show it.",
        minLength: 1,
      }),
      level: z.enum(RULE_LEVELS, { error: "must be advise, refuse or never" }).meta({
        description:
          "advise: a warning. refuse: refused, unless the rule allows it by name. never: refused, without exceptions.",
      }),
      clients: clients("The clients that the rule is about. With neither clients nor sites, it is about all of them."),
      sites: sites("The sites that the rule is about, also when they move to another client."),
      ...kindFields,
      allow: z
        .array(Allowance, { error: "must be a list of exceptions, each a map with reason and until" })
        .optional()
        .meta({ description: "Exceptions from the rule, each for a time. A rule of the level never has none." }),
    },
    { error: "must be a map with rule, reason, level and one kind of rule" },
  )
  .meta({ title: "rule" });

/** The maps within a rule, by their keys, as MAPS has those of the manifest. */
export const RULE_MAPS: [string, z.ZodObject][] = [
  ["rules", RuleSchema],
  ["allow", Allowance],
  ...Object.entries(RULE_KINDS).flatMap(([kind, { schema }]): [string, z.ZodObject][] =>
    schema instanceof z.ZodObject ? [[kind, schema]] : [],
  ),
];
