/** What the kinds of rules have in common. */
import type { z } from "zod";
import type { Phrase } from "../text/Phrase";
import type { Place, RuledAccess, RuledClient, RuledPerson } from "./RuledAccess";

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

/** What the kinds have in common: the table of kinds.ts is all that knows them. */
export interface RuleKind<Value> {
  /** What is written for it; its description is the documentation. */
  schema: z.ZodType<Value>;
  /** Whatever breaks the rule, allowed or not. */
  judge: (value: Value, scope: Scope, access: RuledAccess) => Violation[];
}

/** One thing that breaks a rule. */
export interface Violation {
  /** Undefined if it is about a client as a whole. */
  person: RuledPerson | undefined;
  /** Undefined if it is about a person wherever. */
  client: RuledClient | undefined;
  /** The sites that the rule is about; empty if it is about the whole client. */
  sites: readonly string[];
  /** The entries that bring it about, the first one to point at; empty if none does. */
  ways: readonly Place[];
  /** What is the case, as a clause: `bob may act for ...`. */
  says: Phrase;
  /** What else it consists of, where person, client and sites are not all; more of it is worse. */
  parts?: readonly string[];
  /** It has come about with the passing of days, and no entry is to blame. */
  byTime?: boolean;
}
