import type { z } from "zod";
import type { Scope } from "./Rule";
import type { RuledAccess } from "./RuledAccess";
import type { Violation } from "./Violation";

/** What the kinds have in common: the table of kinds.ts is all that knows them. */
export interface RuleKind<Value> {
  /** What is written for it; its description is the documentation. */
  schema: z.ZodType<Value>;
  /** Whatever breaks the rule, allowed or not. */
  judge: (value: Value, scope: Scope, access: RuledAccess) => Violation[];
}
