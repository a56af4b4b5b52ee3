/** The random layer over the fault matrix: whatever is declared and whatever goes wrong, the points of the checker hold. */
import assert from "node:assert/strict";
import { RunningClock } from "../aegir/Clock";
import { nothingElse } from "../faults/checker";
import { FaultRun } from "../faults/FaultRun";
import { LifecycleStack } from "../faults/LifecycleStack";
import { InProcessProvider, type Provider } from "../faults/Provider";
import { secondProvider } from "../faults/secondProvider";
import { seed, tryWithinBudget } from "../support/random";
import { arrange, type Interruption, mortal, ProcessDied } from "./Interruption";
import { declarations, mayRemakeLogin, RANDOM_OURS, rotations } from "./Program";
import { type Attempt, type Chapter, scenarios, withPrograms } from "./Scenario";

/** A scenario takes a fraction of a second; one that takes so long hangs. */
const SCENARIO_MILLISECONDS = 60_000;

describe(`a random scenario (seed ${seed})`, () => {
  /** How often an interruption was tried, and how often something failed for it. */
  const met = new Map<Interruption["kind"], { tried: number; failed: number }>();

  it("ends well whatever goes wrong on its way", async function () {
    this.timeout(0);
    const chapters = scenarios({ min: 1, max: 3 }, 2);
    await tryWithinBudget("scenarios", chapters, play, { timeout: SCENARIO_MILLISECONDS });
  });

  after(() => {
    const lines = [...met].map(([kind, { tried, failed }]) => `${kind} ${failed} of ${tried}`);
    console.log(`      deployments that failed, by what went wrong: ${lines.join(", ")}`);
  });

  async function play(chapters: Chapter[]): Promise<void> {
    const t = await FaultRun.open({
      ours: RANDOM_OURS,
      aegir: { clock: new RunningClock(1000) },
      waits: { pollSeconds: 0.005 },
    });
    let interruption: Interruption = { kind: "none" };
    let mayRotate = 0;
    const living = async (provider: Promise<Provider>): Promise<Provider> =>
      interruption.kind === "death" ? mortal(await provider, interruption) : provider;
    t.provider = (servers) => living(InProcessProvider.start(servers));
    t.stacks.splice(
      0,
      1,
      new LifecycleStack(() => living(InProcessProvider.start(t.configuration()))),
      new LifecycleStack(() => living(secondProvider().start(t.configuration())), "test/two"),
    );
    try {
      for (const chapter of withPrograms(chapters)) {
        const { before, after } = chapter;
        for (const number of [1, 2] as const) t.stacks[number - 1]!.declared = declarations(after, before, number);
        for (const attempt of chapter.attempts) {
          interruption = attempt.interruption;
          await tryUp(t, attempt);
          interruption = { kind: "none" };
        }
        if (chapter.secondFirst) t.stacks.reverse();
        const remade = mayRemakeLogin(before, after);
        if (remade) for (const stack of t.stacks) await t.expectUp(stack.declared, {}, stack);
        await t.check(undefined, { refresh: chapter.refresh || remade });
        if (chapter.secondFirst) t.stacks.reverse();
        const declared = t.stacks.flatMap((stack) => stack.declared);
        nothingElse(t.aegir, declared);
        mayRotate += rotations(before, after);
        assert.ok(t.aegir.counts.unlinks <= mayRotate, "no password is rotated twice");
        if (chapter.stateLost) {
          for (const stack of t.stacks) stack.state.clear();
          await adoptsEverything(t);
        }
      }
    } finally {
      await t.close();
    }
  }

  async function tryUp(t: FaultRun, { interruption, stacks, checkpointLost, ...options }: Attempt): Promise<void> {
    const chosen = t.stacks.filter((_, index) => stacks === "both" || (stacks === "first") === (index === 0));
    const forget = chosen.map((stack) => stack.checkpoint());
    arrange(interruption, t);
    const failures = (await t.upOf(chosen, options)).flatMap((run) => run.failures);
    t.proxy.heal();
    t.aegir.faults.forgetPlans();
    if (checkpointLost) forget.forEach((back) => back());
    for (const { name, message, error } of failures) {
      if (!(error instanceof ProcessDied)) t.assertExplains(name, message);
    }
    const { tried, failed } = met.get(interruption.kind) ?? { tried: 0, failed: 0 };
    met.set(interruption.kind, { tried: tried + 1, failed: failed + (failures.length > 0 ? 1 : 0) });
  }

  async function adoptsEverything(t: FaultRun): Promise<void> {
    const { writes, unlinks } = t.aegir.counts;
    for (const stack of t.stacks) await t.expectUp(stack.declared, {}, stack);
    assert.deepEqual([t.aegir.counts.writes, t.aegir.counts.unlinks], [writes, unlinks]);
    t.reached();
    await t.changesNothing();
  }
});
