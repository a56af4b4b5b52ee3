import * as assert from "node:assert/strict";
import { describeEngines, record, type RecordsFixture } from "./records/RecordsFixture";

describeEngines("a resource hook", (engine, fixture) => {
  /** Two records, of which one is protected, with a hook that from now on refuses what is `guarded`. */
  async function deployed(w: RecordsFixture, guarded: string[]) {
    const resources = [record("a"), record("kept", {}, { protect: true })];
    w.planAll({ resources, guard: [] });
    const stack = await w.open(engine);
    const up = await stack.up();
    assert.equal(up.ok, true, up.output);
    w.planAll({ resources, guard: guarded });
    return stack;
  }

  it("is in the state, which is of version 4 for its sake, and does not count as a change", async () => {
    const w = fixture();
    w.plan(record("a"));
    const stack = await w.open(engine);
    await stack.up();
    assert.equal((await stack.exportState()).version, 3);
    w.planAll({ resources: [record("a")], guard: [] });
    const up = await stack.up();
    assert.deepEqual(up.changes, { same: 1 });
    const { version, features, deployment } = await stack.exportState();
    assert.deepEqual([version, features], [4, ["hooks"]]);
    assert.deepEqual(deployment.resources?.at(-1)?.["resourceHooks"], {
      BeforeCreate: ["guard"],
      BeforeDelete: ["guard"],
    });
    await stack.importState(await stack.exportState());
    assert.deepEqual((await stack.up()).changes, { same: 1 });
  });

  it("refuses a creation, in a preview too", async () => {
    const w = fixture();
    w.planAll({ resources: [record("a")], guard: ["a"] });
    const stack = await w.open(engine);
    for (const outcome of [await stack.preview(), await stack.up()]) {
      assert.equal(outcome.ok, false);
      assert.match(outcome.diagnostics, /before hook "guard" failed: a is guarded/);
    }
    assert.deepEqual(w.records, {});
  });

  it("refuses a deletion by up, and lets others pass", async () => {
    const w = fixture();
    w.planAll({ resources: [record("a"), record("b")], guard: [] });
    const stack = await w.open(engine);
    await stack.up();
    w.planAll({ resources: [], guard: ["a"] });
    const up = await stack.up({ continueOnError: true });
    assert.equal(up.ok, false);
    assert.match(up.diagnostics, /before hook "guard" failed: a is guarded/);
    assert.deepEqual(Object.keys(w.records), ["a"]);
  });

  it("that the program has not registered any more stops the deletion", async () => {
    const w = fixture();
    w.planAll({ resources: [record("a")], guard: [] });
    const stack = await w.open(engine);
    await stack.up();
    w.plan();
    const up = await stack.up();
    assert.equal(up.ok, false);
    assert.match(up.diagnostics, /hook "guard" was not registered/);
    assert.deepEqual(Object.keys(w.records), ["a"]);
  });

  for (const options of [{}, { excludeProtected: true }]) {
    it(`stops a destroy that does not run the program, with ${JSON.stringify(options)}`, async () => {
      const w = fixture();
      const stack = await deployed(w, []);
      for (const outcome of [await stack.previewDestroy(options), await stack.destroy(options)]) {
        assert.equal(outcome.ok, false);
        assert.match(outcome.diagnostics, /You must run with the `--run-program` flag to use delete hooks/);
      }
      assert.deepEqual(Object.keys(w.records), ["a", "kept"]);
    });

    it(`is asked by a destroy that runs the program, with ${JSON.stringify(options)}`, async () => {
      const w = fixture();
      const stack = await deployed(w, ["a"]);
      const asked = { ...options, runProgram: true };
      for (const outcome of [await stack.previewDestroy(asked), await stack.destroy(asked)]) {
        assert.equal(outcome.ok, false);
        assert.match(outcome.diagnostics, /before hook "guard" failed: a is guarded/);
      }
      assert.deepEqual(Object.keys(w.records), ["a", "kept"]);
    });
  }
});
