/**
 * Rows 29, 31 and 33 of the fault matrix: the provider process and the server's session are killed at every write of
 * every resource type. Nothing in the package knows of these tests: a request is held on the server at the moment that
 * is meant, and the process that waits for its answer is killed from outside. Engines die with their whole provider process in
 * engines.test.ts and enginesBetweenSteps.test.ts.
 */
import assert from "node:assert/strict";
import type { Hold, RequestFault } from "../aegir/SmallAegir";
import { ProviderProcess } from "../dynamic/ProviderProcess";
import type { Declaration } from "../scenarios/program";
import { skipUnlessLong } from "../support/random";
import { until } from "../support/until";
import { eachFaultRun, type FaultRun } from "./FaultRun";
import { partOf } from "./Provider";
import { memoriesOf, type Write, writes } from "./writes";

describe("killed", () => {
  const faultRun = eachFaultRun();

  async function prepared({ before, after, prepare }: Write): Promise<FaultRun> {
    const t = faultRun();
    await t.expectUp(before);
    const deploys = async (declared: Declaration[]) => {
      t.stack.declared = declared;
      return (await t.up()).ok;
    };
    await prepare?.({ aegir: t.aegir, deploys });
    t.stack.declared = after;
    return t;
  }

  /** Runs until the request is held, kills the provider process there, and answers what the engine got to know. */
  async function killProvider(t: FaultRun, hold: Hold): Promise<void> {
    let provider: ProviderProcess | undefined;
    t.provider = async (servers) => (provider = await ProviderProcess.withServers(servers));
    const running = t.up();
    await Promise.race([hold.reached, running.then((run) => assert.fail(JSON.stringify(run)))]);
    await provider!.kill();
    const run = await running;
    assert.equal(run.failures.length, 1);
    assert.equal(partOf(run.failures[0]!.error), undefined, "a process that is killed records nothing");
    t.printed.push(...provider!.stdout, ...provider!.stderr);
    t.provider = undefined;
  }

  describe("the provider process", () => {
    for (const [turn, write] of writes.entries()) {
      const { row, what, verb, nth = 1 } = write;

      it(`row ${row}: before it, when ${what}`, async () => {
        const t = await prepared(write);
        await killProvider(t, t.aegir.faults.holdRequest(verb, "begun", { nth }));
        await t.check();
      });

      // PHP in the middle of a query does not notice that nobody waits for it any more.
      it(`row ${row}: during it, which then ends while the next run is at work, when ${what}`, async () => {
        const t = await prepared(write);
        const orphan = t.aegir.faults.holdRequest(verb, "begun", { nth, outlives: true });
        await killProvider(t, orphan);
        const logins = () => Object.values(t.aegir.counts.connections).reduce((sum, count) => sum + count, 0);
        const before = logins();
        const checking = t.check();
        await until(() => logins() > before);
        orphan.release();
        await checking;
      });

      for (const [index, memory] of memoriesOf(write).entries()) {
        it(`row ${row}: after it, ${memory}, when ${what}`, async function () {
          // Each write with one memory, in turn.
          const isPlayed = index === turn % memoriesOf(write).length;
          if (!isPlayed) skipUnlessLong(this, "further memories of a killed provider process");
          const t = await prepared(write);
          const forget = t.stack.checkpoint();
          await killProvider(t, t.aegir.faults.holdRequest(verb, "committed", { nth }));
          if (memory === "without checkpoints") forget();
          if (memory === "with its state lost") {
            t.stack.state.clear();
            t.stack.declared = write.lost ?? write.after;
          }
          const passwords = t.aegir.counts.unlinks;
          await t.check();
          assert.equal(t.aegir.counts.unlinks, passwords, "no password is rotated twice");
        });
      }
    }
  });

  describe("the server's session", () => {
    for (const write of writes) {
      const { row, what, verb, nth = 1 } = write;
      // Files are removed over another connection, with no session of a worker to be killed.
      if (verb === "unlink" || verb === "authorizedKeys") continue;
      const fail = (t: FaultRun, ...faults: RequestFault[]) =>
        faults.forEach((fault, index) => t.aegir.faults.onRequest(verb, fault, nth + index));

      it(`row ${row}: during and after it, which the same run completes, when ${what}`, async () => {
        const t = await prepared(write);
        fail(t, "killInside", "halfAnswer");
        assert.equal((await t.up()).ok, true);
        await t.check();
      });

      for (const [last, how] of [
        ["killAfter", "before, during and after it"],
        ["killBefore", "before it and during it, until nothing is left to try"],
      ] as const) {
        it(`row ${row}: ${how}, which the next run completes, when ${what}`, async () => {
          const t = await prepared(write);
          fail(t, "killBefore", "killInside", last);
          const run = await t.up();
          assert.match(run.failures[0]!.message, /killed by SIGKILL/);
          await t.check(run);
        });
      }
    }

    it("row 31: before and after a password file is removed", async () => {
      for (const moment of ["begun", "committed"] as const) {
        const t = await prepared(writes.find(({ verb }) => verb === "unlink")!);
        const hold = t.aegir.faults.holdRequest("unlink", moment);
        const running = t.up();
        await hold.reached;
        t.proxy.cut();
        const run = await running;
        assert.match(run.failures[0]?.message ?? "", /could not remove .*Whether it was done is unknown/);
        await t.check(run);
        await t.destroy();
      }
    });
  });
});
