/**
 * A random scenario: people change what two stacks of one server declare and deploy it, and while they do something goes
 * wrong, once or several times in a row. After each chapter all must be well again.
 */
import * as fc from "fast-check";
import { type Interruption, interruption } from "./Interruption";
import { beginning, type Change, change, changed, nothing, type Program } from "./Program";

/** One `up` that may not come to its end. */
export interface Attempt {
  interruption: Interruption;
  /** Which stacks are deployed; both of them at once. */
  stacks: "first" | "second" | "both";
  continueOnError: boolean;
  refresh: boolean;
  /** The engine dies with what it would have written: the state is as before. */
  checkpointLost: boolean;
}

export interface Chapter {
  change: Change;
  attempts: Attempt[];
  /** How all is made well: which stack is deployed first, and whether with --refresh. */
  secondFirst: boolean;
  refresh: boolean;
  /** When all is well again the states are lost, and the next deployment has nothing to do all the same. */
  stateLost: boolean;
}

/** Its chapters, each with what was deployed before, and what is from now on. */
export function* withPrograms(chapters: readonly Chapter[]): Generator<Chapter & { before: Program; after: Program }> {
  let before = nothing;
  for (const chapter of chapters) {
    const after = changed(before === nothing ? beginning : before, chapter.change);
    yield { ...chapter, before, after };
    before = after;
  }
}

const attempt: fc.Arbitrary<Attempt> = fc.record({
  interruption,
  stacks: fc.constantFrom("first" as const, "second" as const, "both" as const),
  continueOnError: fc.boolean(),
  refresh: seldom(3),
  checkpointLost: seldom(4),
});

/** True once in so many draws. */
function seldom(times: number): fc.Arbitrary<boolean> {
  return fc.nat(times - 1).map((drawn) => drawn === times - 1);
}

/** @param attempts in one chapter at most */
export function scenarios(chapters: { min: number; max: number }, attempts: number): fc.Arbitrary<Chapter[]> {
  const chapter = fc.record({
    change,
    attempts: fc.array(attempt, { minLength: 1, maxLength: attempts, size: "max" }),
    secondFirst: fc.boolean(),
    refresh: seldom(3),
    stateLost: seldom(6),
  });
  return fc.array(chapter, { minLength: chapters.min, maxLength: chapters.max, size: "max" });
}
