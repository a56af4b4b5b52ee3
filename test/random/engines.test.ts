/**
 * The random scenarios once more with whole engines, which run what does not depend on each other at the same time, and which
 * are killed with their provider processes. What is found here is looked for in scenarios.test.ts, where it is made small.
 */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { fullSeed } from "../aegir/seed";
import type { Engine, ExportedState, Outcome } from "../engine/Engine";
import { nothingElse, oneOfEach, serverHolds } from "../faults/checker";
import { configurationThrough } from "../faults/FaultRun";
import { onEveryEngine } from "../scenarios/everyEngine";
import { expectOk, Scenario } from "../scenarios/Scenario";
import { ScenarioStack } from "../scenarios/ScenarioStack";
import { Budget, runs, seed } from "../support/random";
import { ToxicProxy } from "../support/ToxicProxy";
import { arrange } from "./Interruption";
import { declarations, RANDOM_OURS } from "./Program";
import { type Attempt, type Chapter, scenarios, withPrograms } from "./Scenario";

/** Of one long scenario, played as far as there is time: a new stack for each would cost engines several times as much. */
const CHAPTERS = 1000;

onEveryEngine(`a random scenario (seed ${seed})`, (engine) => {
  it("ends well whatever goes wrong on its way", async function () {
    this.timeout(0);
    const chapters = scenarios({ min: CHAPTERS, max: CHAPTERS }, 1);
    await fc.assert(
      fc.asyncProperty(chapters, (drawn) => play(drawn, engine())),
      { ...runs(1), numRuns: 1, endOnFailure: true },
    );
  });
});

async function play(chapters: Chapter[], engine: Engine): Promise<void> {
  const scenario = await Scenario.open(engine, { aegir: { seed: fullSeed } });
  const { aegir } = scenario;
  const budget = new Budget();
  const proxy = await ToxicProxy.open(() => aegir.drush);
  const servers = configurationThrough(proxy, aegir);
  await scenario.configure({ "aegir:servers": { secret: JSON.stringify(servers) } });
  const second = await ScenarioStack.of(engine, { servers });
  const stacks: ScenarioStack[] = [scenario, second];
  const all = <T>(work: (stack: ScenarioStack) => Promise<T>): Promise<T[]> => Promise.all(stacks.map(work));
  try {
    aegir.addSites(RANDOM_OURS.sites.map((site) => ({ site })));
    const others = aegir.digest(RANDOM_OURS);
    const empty = await all((each) => each.stack.exportState());
    let number = 0;
    for (const { before, after, attempts, refresh, stateLost } of withPrograms(chapters)) {
      if (!budget.take()) break;
      number++;
      const declared = ([1, 2] as const).map((stack) => declarations(after, before, stack));
      stacks.forEach((each, index) => each.declare(declared[index]!));
      try {
        for (const attempt of attempts) {
          const chosen = stacks.filter(
            (each) => attempt.stacks === "both" || (attempt.stacks === "first") === (each === scenario),
          );
          await tryUp(attempt, chosen);
          proxy.heal();
          aegir.faults.forgetPlans();
        }

        await all(async (each) => expectOk(await each.stack.up({ refresh })));
        serverHolds(aegir, declared.flat());
        nothingElse(aegir, declared.flat());
        if (stateLost) await all((each) => each.stack.importState(empty[stacks.indexOf(each)]!));
        const { writes, unlinks } = aegir.counts;
        const outcomes = await all(async (each) => expectOk(await each.stack.up()));
        assert.deepEqual([aegir.counts.writes, aegir.counts.unlinks], [writes, unlinks]);
        if (!stateLost) assert.deepEqual(outcomes.map(changed), [[], []]);
        oneOfEach(aegir);
        assert.equal(aegir.digest(RANDOM_OURS), others);
      } catch (error) {
        // What was not told is not to be printed either.
        chapters.splice(number);
        throw new Error(`chapter ${number} did not end well`, { cause: error });
      }
    }
    assert.deepEqual(second.exposed(scenario.aegir.secrets()), []);
  } finally {
    budget.print("chapters");
    await proxy.down();
    second.remove();
    await scenario.close();
  }

  async function tryUp({ interruption, checkpointLost, ...attempt }: Attempt, tried: ScenarioStack[]): Promise<void> {
    const states = new Map<ScenarioStack, ExportedState>();
    for (const each of tried) states.set(each, await each.stack.exportState());
    const kill = new AbortController();
    const options = { continueOnError: attempt.continueOnError, refresh: attempt.refresh, kill: kill.signal };
    arrange(interruption, { proxy, aegir });
    const dying =
      interruption.kind === "death" &&
      aegir.faults.holdRequest("write", interruption.moment === "before" ? "begun" : "committed", {
        nth: interruption.step,
      });
    const running = Promise.all(tried.map((each) => each.stack.up(options)));
    if (dying) {
      await Promise.race([dying.reached, running]);
      kill.abort();
      await running;
      for (const each of tried) await each.stack.cancel();
    }
    await running;
    if (checkpointLost) for (const [each, state] of states) await each.stack.importState(state);
  }
}

/** What an operation has done, but for what stayed the same. */
function changed({ changes }: Outcome): string[] {
  return Object.keys(changes).filter((operation) => operation !== "same");
}
