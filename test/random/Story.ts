/**
 * A random story: people change what two stacks of one server declare and deploy it, and while they do something goes
 * wrong, once or several times in a row. After each chapter all must be well again.
 */
import * as fc from "fast-check";
import { interruption, type Interruption } from "./Interruption";
import { beginning, edited, edits, type Edit, type Program } from "./Program";

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
  /** What was deployed before, and what is from now on. */
  before: Program;
  after: Program;
  /** The edits that applied, in words. */
  done: string[];
  attempts: Attempt[];
  /** How all is made well: which stack is deployed first, and whether with --refresh. */
  secondFirst: boolean;
  refresh: boolean;
  /** When all is well again the states are lost, and the next deployment has nothing to do all the same. */
  stateLost: boolean;
}

export class Story {
  readonly chapters: Chapter[] = [];

  constructor(drawn: (Omit<Chapter, "before" | "after" | "done"> & { changes: Edit[] })[]) {
    let before: Program = { teams: {}, owners: {} };
    for (const { changes, ...chapter } of drawn) {
      const { program: after, done } = edited(this.chapters.length === 0 ? beginning : before, changes);
      this.chapters.push({ ...chapter, before, after, done });
      before = after;
    }
  }

  /** As fast-check prints a counterexample. */
  toString(): string {
    return this.chapters
      .map(({ done, attempts, secondFirst, refresh, stateLost }, index) => {
        const said = [
          ...(index === 0 ? ["declare nova with a site in the first stack and luna with one in the second"] : []),
          ...done,
          ...attempts.map((attempt) => `up ${JSON.stringify(attempt)}`),
          `up${refresh ? " --refresh" : ""} of the ${secondFirst ? "second stack, then of the first" : "first stack, then of the second"}`,
          ...(stateLost ? ["lose the states"] : []),
        ];
        return `\n  ${index + 1}. ${said.join("; ")}`;
      })
      .join("");
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

const edit: fc.Arbitrary<Edit> = fc.oneof(
  ...Object.entries(edits).map(([kind, ofOneKind]) => ({
    weight: kind === "move" ? 4 : 1,
    arbitrary: fc.constantFrom(...ofOneKind),
  })),
);

/** @param maximum of chapters, of edits in one and of attempts in one; @param minimum of chapters, 1 if absent */
export function stories(
  maximum: { chapters: number; edits: number; attempts: number },
  minimum = 1,
): fc.Arbitrary<Story> {
  const chapter = fc.record({
    changes: fc.array(edit, { maxLength: maximum.edits, size: "max" }),
    attempts: fc.array(attempt, { minLength: 1, maxLength: maximum.attempts, size: "max" }),
    secondFirst: fc.boolean(),
    refresh: seldom(3),
    stateLost: seldom(6),
  });
  return fc
    .array(chapter, { minLength: minimum, maxLength: maximum.chapters, size: "max" })
    .map((drawn) => new Story(drawn));
}
