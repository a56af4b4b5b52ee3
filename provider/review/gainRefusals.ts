/** What a change may not give: more than the limit from before it, and what the rules before it or its own forbid. */
import type { GrantLimit } from "../manifest/Manifest";
import type { BrokenRule } from "../rules/judge";
import type { Difference } from "./Difference";

export type GainRefusal =
  /** `of` the grants before. */
  | { kind: "tooManyGains"; gained: number; of: number; limits: GrantLimit; allowed: number }
  | { kind: "brokenRule"; broken: BrokenRule };

export function gainRefusals(difference: Difference): GainRefusal[] {
  return [...tooManyGains(difference), ...brokenRules(difference)];
}

function tooManyGains({ before, after, grants }: Difference): GainRefusal[] {
  const { gained, before: of } = grants;
  const limits = before.gainLimit;
  if (limits === undefined || gained < limits.atLeast || gained * 100 <= of * limits.percent) return [];
  return [{ kind: "tooManyGains", gained, of, limits, allowed: after.allowGains?.grants ?? 0 }];
}

/** A deployment knows no rules but its own, which its manifest has kept: what lifts rules is refused in its review. */
function brokenRules({ broken }: Difference): GainRefusal[] {
  return broken.filter(({ rule }) => rule.level !== "advise").map((each) => ({ kind: "brokenRule", broken: each }));
}
