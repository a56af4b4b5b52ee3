/**
 * Rows 29, 31 and 33 once more with a whole engine, which is killed with its provider process: what it recorded until
 * then, or recorded nothing of, or has lost, is all that the next run knows. Each write is played at one moment with one
 * memory, in turn; a long run plays each at each moment with each memory. At which write the kill falls makes no difference
 * to an engine, so only some are played every day; kills.test.ts kills the provider process at each of them every day.
 */
import assert from "node:assert/strict";
import { fullSeed } from "../aegir/seed";
import { onEveryEngine } from "../scenarios/everyEngine";
import type { Declaration } from "../scenarios/program";
import { expectOk, Scenario } from "../scenarios/Scenario";
import { longRun, skipUnlessLong } from "../support/random";
import { until } from "../support/until";
import { oneOfEach, serverHolds } from "./checker";
import { OURS } from "./FaultRun";
import { memoriesOf, type Memory, type Write, writes } from "./writes";

const SKIPPING = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };

const moments = ["before it", "during it", "after it"] as const;
type Moment = (typeof moments)[number];

/** Turns in which each row, each moment and each memory comes up. */
const EVERY_DAY = new Set([1, 2, 6, 8, 12]);

function played(write: Write, turn: number): [Moment, Memory][] {
  const memories = memoriesOf(write);
  const all = moments.flatMap((moment) => memories.map((memory): [Moment, Memory] => [moment, memory]));
  // Neighbours differ in both.
  return longRun ? all : [[moments[turn % 3]!, memories[((turn + turn / 3) % memories.length) | 0]!]];
}

/** The writes of these rows; two files share them, so that they can be played at the same time. */
export function describeKilledEngine(...rows: Write["row"][]): void {
  onEveryEngine("an engine that is killed", (engine) => {
    for (const [turn, write] of writes.entries()) {
      if (!rows.includes(write.row)) continue;
      for (const [moment, memory] of played(write, turn)) {
        it(`row ${write.row}: ${moment}, ${memory}, when ${write.what}`, async function () {
          if (!EVERY_DAY.has(turn)) skipUnlessLong(this, "engines that are killed at further writes");
          const scenario = await Scenario.open(engine(), { aegir: { seed: fullSeed } });
          try {
            await survives(scenario, write, moment, memory);
          } finally {
            await scenario.close();
          }
        });
      }
    }
  });
}

async function survives(scenario: Scenario, write: Write, moment: Moment, memory: Memory): Promise<void> {
  const { aegir, stack } = scenario;
  aegir.addSites(OURS.sites.map((site) => ({ site })));
  const others = aegir.digest(OURS);
  const env = memory === "without checkpoints" ? SKIPPING : {};
  const empty = await stack.exportState();
  const deploys = async (declared: Declaration[]) => {
    scenario.declare(declared);
    return (await stack.up()).ok;
  };
  if (write.before.length > 0) await scenario.up(write.before);
  await write.prepare?.({ aegir, deploys });

  // PHP in the middle of a query does not notice that nobody waits for it any more.
  const outlives = moment === "during it";
  const { verb, nth = 1 } = write;
  const hold = aegir.faults.holdRequest(verb, moment === "after it" ? "committed" : "begun", { nth, outlives });
  const kill = new AbortController();
  scenario.declare(write.after);
  const running = stack.up({ env, kill: kill.signal });
  await Promise.race([hold.reached, running.then(({ output }) => assert.fail(output))]);
  kill.abort();
  assert.equal((await running).ok, false);
  await stack.cancel();
  if (memory === "with its state lost") await stack.importState(empty);

  const declared = (memory === "with its state lost" && write.lost) || write.after;
  const { unlinks } = aegir.counts;
  const logins = () => Object.values(aegir.counts.connections).reduce((sum, count) => sum + count, 0);
  const before = logins();
  scenario.declare(declared);
  const next = stack.up({ env });
  if (outlives) {
    await until(() => logins() > before);
    hold.release();
  }
  expectOk(await next);
  serverHolds(aegir, declared);
  oneOfEach(aegir);
  if (moment === "after it") assert.equal(aegir.counts.unlinks, unlinks, "no password is rotated twice");
  const { writes: made } = aegir.counts;
  assert.deepEqual((await scenario.up()).changes, declared.length > 0 ? { same: declared.length } : {});
  assert.equal(aegir.counts.writes, made);
  assert.equal(aegir.digest(OURS), others);
}
