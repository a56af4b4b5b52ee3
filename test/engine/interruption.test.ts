import * as assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/until";
import { dependsOn, describeEngines, record, urnOf } from "./records/RecordsFixture";

describeEngines("a killed operation", (engine, fixture) => {
  it("leaves its lock and what it was doing; cancel lets the next one in, which warns and goes on", async () => {
    const w = fixture();
    w.plan(record("a"));
    const stack = await w.open(engine);
    await stack.up();
    w.plan(record("a", { value: "new" }), record("b", {}, dependsOn("a")));
    w.hold("update", "a");
    const killing = new AbortController();
    const running = stack.up({ kill: killing.signal });
    await w.calledWith("update", "a");
    const provider = w.calls.at(-1)?.pid ?? 0;
    killing.abort();
    const killed = await running;
    assert.equal(killed.ok, false);
    assert.deepEqual(
      killed.steps.map(({ op, name, outcome }) => ({ op, name, outcome })),
      [{ op: "update", name: "a", outcome: "failed" }],
    );
    await until(() => !isAlive(provider));
    assert.deepEqual(
      (await stack.exportState()).deployment.pending_operations?.map(
        (operation) => (operation as { type: string; resource: { urn: string } }).type,
      ),
      ["updating"],
    );

    w.release("update", "a");
    const refused = await stack.up();
    assert.equal(refused.ok, false);
    assert.deepEqual(refused.steps, []);
    assert.match(refused.diagnostics, /the stack is currently locked by 1 lock\(s\)/);
    assert.match(refused.diagnostics, /delete the lock file with `pulumi cancel`/);
    assert.match(refused.diagnostics, /created by .+@.+ \(pid \d+\) at /);

    await stack.cancel();
    const up = await stack.up();
    assert.equal(up.ok, true, up.output);
    assert.match(up.diagnostics, /warning: Attempting to deploy or update resources with 1 pending operations/);
    assert.match(up.diagnostics, new RegExp(`\\* ${urnOf("a")}, interrupted while updating`));
    assert.deepEqual(w.records, { a: "new", b: "value of b" });
    assert.equal((await stack.exportState()).deployment.pending_operations, undefined);
  });

  it("that was creating something is remembered until a person has looked", async () => {
    const w = fixture();
    w.plan(record("a"));
    w.hold("create", "a");
    const stack = await w.open(engine);
    const killing = new AbortController();
    const running = stack.up({ kill: killing.signal });
    await w.calledWith("create", "a");
    killing.abort();
    await running;
    w.release("create", "a");
    await stack.cancel();
    const up = await stack.up();
    assert.equal(up.ok, true, up.output);
    assert.match(up.diagnostics, /interrupted while creating/);
    assert.equal((await stack.exportState()).deployment.pending_operations?.length, 1);
    const again = await stack.up();
    assert.equal(again.ok, true);
    assert.match(again.diagnostics, /interrupted while creating/);
  });

  it("has written every step, or none with PULUMI_SKIP_CHECKPOINTS", async () => {
    for (const skip of [false, true]) {
      const w = fixture();
      w.plan(record("a"), record("b", {}, dependsOn("a")));
      w.hold("create", "b");
      const stackName = skip ? "skipping" : "dev";
      const stack = await w.open(engine, {
        stack: stackName,
        env: skip ? { PULUMI_SKIP_CHECKPOINTS: "true", PULUMI_EXPERIMENTAL: "true" } : {},
      });
      w.forgetCalls();
      const killing = new AbortController();
      const running = stack.up({ kill: killing.signal });
      await w.calledWith("create", "b");
      killing.abort();
      await running;
      const file = join(w.stateDirectory, ".pulumi", "stacks", "records", `${stackName}.json`);
      assert.equal(readFileSync(file, "utf8").includes("record:a"), !skip);
      w.release("create", "b");
      await stack.cancel();
      const up = await stack.up();
      assert.equal(up.ok, true, up.output);
      assert.equal(readFileSync(file, "utf8").includes("record:b"), true);
      assert.deepEqual(Object.keys(w.records), ["a", "b"]);
    }
  });

  it("is the only one that leaves anything behind", async () => {
    const w = fixture();
    w.plan(record("a"));
    const stack = await w.open(engine);
    w.faults({ "create a": { error: "no space left" } });
    await stack.up();
    w.faults({});
    await stack.up();
    const locks = join(w.stateDirectory, ".pulumi", "locks", "organization", "records", "dev");
    assert.deepEqual(readdirSync(locks), []);
    const providers = [...new Set(w.calls.map(({ pid }) => pid))];
    assert.equal(providers.length, 2);
    for (const pid of providers) await until(() => !isAlive(pid));
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
