/** The types of what is written in a rule. The `error` of a type continues a sentence that begins with the field's name. */
import { z } from "zod";

const list = (what: string, example: string) =>
  z
    .array(z.string({ error: `must be ${what}` }), { error: `must be a list, for example [${example}]` })
    .min(1, { error: `must be a list that is not empty, for example [${example}]` });

export const people = (description: string) =>
  list("the name of a person, for example alice", "alice, bob").optional().meta({ description });
export const teams = (description: string) =>
  list("the name of a team, for example web", "web").optional().meta({ description });

const STAR = "A `*` stands for any characters.";
const clientList = list("the internal name of a client, for example acme", 'acme, "agency-*"');
export const clients = (description: string) => clientList.optional().meta({ description: `${description} ${STAR}` });
export const sites = (description: string) =>
  list("a domain, for example www.acme.example", 'www.acme.example, "*.bank.example"')
    .optional()
    .meta({ description: `${description} ${STAR}` });

/** Two sets at least. */
export const clientSets = (description: string) =>
  z
    .array(clientList, { error: "must be a list of lists, for example [[bank], [agency]]" })
    .min(2, { error: "must be a list of two lists at least, for example [[bank], [agency]]" })
    .optional()
    .meta({ description: `${description} ${STAR}` });
export const teamSet = (description: string) =>
  list("the name of a team, for example web", "developers, auditors")
    .min(2, { error: "must be a list of two teams at least, for example [developers, auditors]" })
    .optional()
    .meta({ description });

export const domains = list("a domain, for example acme.example", "acme.example");

export const wholeNumber = (least: number, example: string) => {
  const error = `must be a whole number from ${least} on, for example ${example}`;
  return z.number({ error }).int({ error }).min(least, { error }).max(1_000_000_000, { error });
};
