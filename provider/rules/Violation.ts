import type { Phrase } from "../text/Phrase";
import type { Place, RuledClient, RuledPerson } from "./RuledAccess";

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
