/**
 * How every random test is run and run again: `SEED` is what a failure prints as its seed, `SEED_PATH` what it prints as
 * its path, which leads to the one counterexample. `RUNS` is how often instead of the usual number of runs: a night long.
 */
const given = (name: string): string | undefined => process.env[name] || undefined;

export const seed = Number(given("SEED") ?? Date.now() % 1_000_000_000);

/** Parameters for `fc.assert`. */
export function runs(usual: number): { seed: number; numRuns: number; path?: string } {
  const path = given("SEED_PATH");
  return { seed, numRuns: Number(given("RUNS") ?? usual), ...(path !== undefined && { path }) };
}
