/**
 * How every random test is run and run again: `SEED` is what a failure prints as its seed, `SEED_PATH` what it prints as
 * its path, which leads to the one counterexample. `RUNS` is how often instead of the usual number of runs. With `LONG=1`,
 * which `npm run test:long` sets, each layer spends ten minutes and long tables are played in full.
 */
import * as fc from "fast-check";
import { skip } from "./skip";

const given = (name: string): string | undefined => process.env[name] || undefined;

export const seed = Number(given("SEED") ?? Date.now() % 1_000_000_000);

/** What takes too long for every day is drawn from in `npm test`, and carried out in full in a long run. */
export const longRun = given("LONG") !== undefined;

const LONG_COMMAND = "npm run test:long";
const SECONDS = longRun ? 600 : 10;

/** For a row of a table whose kind another row shows every day: skips it outside a long run. */
export function skipUnlessLong(context: Mocha.Context, what: string): void {
  if (!longRun) skip(context, what, LONG_COMMAND);
}

/** How long a counterexample may be made smaller, once it is found. */
const SHRINK_SECONDS = 60;

/** Parameters for `fc.assert`. */
export function runs(usual: number): { seed: number; numRuns: number; path?: string } {
  const path = given("SEED_PATH");
  return { seed, numRuns: Number(given("RUNS") ?? usual), ...(path !== undefined && { path }) };
}

/** What one random layer may spend: time, or with `RUNS` so many runs however long they take. */
export class Budget {
  readonly #begin = Date.now();
  readonly #end = given("RUNS") ? Infinity : this.#begin + SECONDS * 1000;
  #count = 0;

  /** Whether something is left for one more. The first one always is. */
  take(): boolean {
    if (this.#count > 0 && (Date.now() >= this.#end || this.#count >= Number(given("RUNS") ?? Infinity))) return false;
    this.#count++;
    return true;
  }

  /** Says what it has bought. */
  print(what: string): void {
    const seconds = ((Date.now() - this.#begin) / 1000).toFixed(1);
    const more = longRun ? "" : `; ${LONG_COMMAND} buys more`;
    console.log(`      seed ${seed}: ${this.#count} ${what} in ${seconds} s${more}`);
  }
}

/** Tries what is drawn until the budget is spent. A counterexample is made smaller, and printed with its seed and path. */
export async function tryWithinBudget<T>(
  what: string,
  drawn: fc.Arbitrary<T>,
  attempt: (drawn: T) => Promise<void>,
  { timeout }: { timeout: number },
): Promise<void> {
  const budget = new Budget();
  const { path } = runs(1);
  const parameters = { ...runs(1), numRuns: path === undefined ? Number.MAX_SAFE_INTEGER : 1, timeout };
  let shrinkingEnds: number | undefined;
  const property = fc.asyncProperty(drawn, async (value) => {
    const goOn = shrinkingEnds === undefined ? budget.take() : Date.now() < shrinkingEnds;
    // Ends fast-check's loop without a failure of its own.
    if (!goOn) throw new fc.PreconditionFailure(true);
    try {
      await attempt(value);
    } catch (error) {
      shrinkingEnds ??= Date.now() + SHRINK_SECONDS * 1000;
      throw error;
    }
  });
  try {
    await fc.assert(property, parameters);
  } finally {
    budget.print(what);
  }
}
