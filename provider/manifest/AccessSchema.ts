/**
 * The shape of a manifest: fields, types and descriptions. The JSON Schema for editors is generated from it. Rules about
 * values and between entries are in rules/.
 */
import { z } from "zod";
import { Client, CreateUser, OnDestroy, RotationByAge, ShellAccount, Site, User, userNamesError } from "./ClientSchema";
import { count, day, domain, text, userName, wholeNumber } from "./fieldTypes";
import { DEFAULT_REMOVAL_LIMIT, LONGEST_ALLOWANCE_DAYS } from "./Manifest";
import { Owners, Scope } from "./OwnersSchema";
import { People, Person, Teams } from "./PeopleSchema";
import { RULE_MAPS, RuleSchema } from "./RulesSchema";

const percent = "must be a whole number of percent from 1 to 100, for example 30";

const RemovalLimit = z
  .strictObject(
    {
      percent: wholeNumber(1, 100, percent).meta({
        description: `The largest share of the grants that a change may take away (default: ${DEFAULT_REMOVAL_LIMIT.percent}). A grant is one person, or one shell login, that reaches one site.`,
      }),
      atLeast: wholeNumber(1, 1_000_000_000, count("10")).meta({
        description: `The percentage does not apply to a change that takes away fewer grants than this (default: ${DEFAULT_REMOVAL_LIMIT.atLeast}).`,
      }),
    },
    { error: "must be a map such as { percent: 30, atLeast: 10 }" },
  )
  .meta({ title: "removalLimit map" });

const AllowRemovals = z
  .strictObject(
    {
      until: day(`The last day (UTC) on which this applies, at most ${LONGEST_ALLOWANCE_DAYS} days ahead.`),
      reason: text("a short text, for example TICKET-12, the customer leaves").meta({
        description: "Why the removal is intended. Reviewers see it.",
        minLength: 1,
      }),
      grants: wholeNumber(1, 1_000_000_000, count("42")).meta({
        description: "How many grants the change may take away. Not needed below removalLimit.",
      }),
      clients: z
        .array(text("the internal name of a client, for example acme"), {
          error: "must be a list of internal names, for example [acme]",
        })
        .optional()
        .meta({
          description:
            "Clients that may lose something although they are marked protect or keepPeople, or that may lose the last of " +
            "their people or sites.",
        }),
      sites: z
        .array(domain("The main domain of a site marked protect."), {
          error: "must be a list of domains, for example [www.acme.example]",
        })
        .optional()
        .meta({ description: "Sites marked protect that the change may take away from their client." }),
      users: z
        .array(userName("A person who may be left without any site."), {
          error: userNamesError,
        })
        .optional()
        .meta({ description: "People who may be left without any site, although this file still names them." }),
    },
    { error: "must be a map with until, reason and what is allowed" },
  )
  .meta({ title: "allowRemovals map" });

const GainLimit = z
  .strictObject(
    {
      percent: wholeNumber(1, 10_000, "must be a whole number of percent from 1 on, for example 10").meta({
        description: `The largest share of the grants before the change that it may add (default: ${DEFAULT_REMOVAL_LIMIT.percent}).`,
      }),
      atLeast: wholeNumber(1, 1_000_000_000, count("10")).meta({
        description: `The percentage does not apply to a change that adds fewer grants than this (default: ${DEFAULT_REMOVAL_LIMIT.atLeast}).`,
      }),
    },
    { error: "must be a map such as { percent: 10, atLeast: 20 }" },
  )
  .meta({ title: "gainLimit map" });

const AllowGains = z
  .strictObject(
    {
      until: day(`The last day (UTC) on which this applies, at most ${LONGEST_ALLOWANCE_DAYS} days ahead.`),
      reason: text("a short text, for example TICKET-12, the new agency").meta({
        description: "Why the gain is intended. Reviewers see it.",
        minLength: 1,
      }),
      grants: z
        .number({ error: count("42") })
        .int({ error: count("42") })
        .min(1, { error: count("42") })
        .max(1_000_000_000, { error: count("42") })
        .meta({ description: "How many grants the change may add." }),
    },
    { error: "must be a map with until, reason and grants" },
  )
  .meta({ title: "allowGains map" });

const KnownFinding = z
  .strictObject(
    {
      finding: text("the id of a finding, for example undeclared-binding:acme:alice").meta({
        description: "The finding's id, as `aegir-access audit` prints it.",
        minLength: 1,
      }),
      names: z
        .array(text("a name that the finding lists"), { error: "must be a list of names, for example [alice]" })
        .optional()
        .meta({
          description: "The names that the finding lists. If it lists another name later, `audit` reports it again.",
        }),
      reason: text("a short text, for example TICKET-12, moves in spring").meta({
        description: "Why the finding is acceptable. `audit` prints it.",
        minLength: 1,
      }),
      until: day("The last day (UTC) on which the finding is silenced, at most a year ahead."),
    },
    { error: "must be a map with finding, reason and until" },
  )
  .meta({ title: "entry of knownFindings" });

export const AccessSchema = z
  .strictObject(
    {
      version: z
        .literal(1, { error: "must be the number 1, the version of the format" })
        .meta({ description: "The version of this format: 1." }),
      server: text("the name of a configured server, for example main")
        .optional()
        .meta({ description: "The name of a server in the stack's configuration. Not needed if there is only one." }),
      removalLimit: RemovalLimit.optional().meta({
        description:
          "How much a change of this file may take away before it is refused. The limit that applies to a change is the " +
          "one in the file before that change.",
      }),
      allowRemovals: AllowRemovals.optional().meta({
        description: "Confirms a change that would otherwise be refused, and limits what it may take away.",
      }),
      gainLimit: GainLimit.optional().meta({
        description:
          "How much a change of this file may add before it is refused; no limit if it is absent. The limit that applies to " +
          "a change is the one in the file before that change.",
      }),
      allowGains: AllowGains.optional().meta({
        description: "Confirms a change that adds more than gainLimit allows.",
      }),
      rules: z.array(RuleSchema, { error: "must be a list of rules, each beginning with - rule:" }).optional().meta({
        description: "What access must keep, whatever is written. A manifest that breaks a rule is refused.",
      }),
      knownFindings: z
        .array(KnownFinding, { error: "must be a list of findings, each beginning with - finding:" })
        .optional()
        .meta({
          description: "Findings of `audit` that are accepted until a given day. `audit --accept` writes them.",
        }),
      owners: Owners.optional().meta({
        description:
          "Who approves changes of this file: `codeowners` writes them to CODEOWNERS, and `review` names them.",
      }),
      scope: Scope.optional().meta({
        description: "Restricts what this file may declare. Everything else in it is refused.",
      }),
      people: People.optional(),
      teams: Teams.optional(),
      clients: z.array(Client, { error: "must be a list of clients, each beginning with - name:" }).optional().meta({
        description:
          "Every client whose access this file declares. Other clients stay untouched. A manifest of several files needs clients in one of them.",
      }),
    },
    { error: "must be a map with version and clients" },
  )
  .meta({
    title: "manifest",
    description: "Who may reach which Drupal site on an Aegir server.",
  });

/** The maps of the format, by the key whose value or entry they are; the manifest itself by "". */
export const MAPS: ReadonlyMap<string, z.ZodObject> = new Map<string, z.ZodObject>([
  ["", AccessSchema],
  ["people", Person],
  ["clients", Client],
  ["sites", Site],
  ["users", User],
  ["createUser", CreateUser],
  ["onDestroy", OnDestroy],
  ["shellAccount", ShellAccount],
  ["rotation", RotationByAge],
  ["removalLimit", RemovalLimit],
  ["allowRemovals", AllowRemovals],
  ["gainLimit", GainLimit],
  ["allowGains", AllowGains],
  ...RULE_MAPS,
  ["knownFindings", KnownFinding],
  ["scope", Scope],
]);

/** The keys of the manifest whose values are entries by name, where lists have them by number. */
export const NAMED_ENTRIES: readonly unknown[] = ["people", "teams"];

/** A kind of file: its schema, and the maps in it, by the key whose value or entry they are; the file itself by "". */
export interface FileFormat {
  schema: z.ZodType;
  maps: ReadonlyMap<string, z.ZodObject>;
}

export const MANIFEST: FileFormat = { schema: AccessSchema, maps: MAPS };
