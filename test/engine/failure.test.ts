import * as assert from "node:assert/strict";
import { expectGolden } from "./golden";
import { dependsOn, describeEngines, record, urnOf } from "./records/RecordsFixture";

describeEngines("a failure", (engine, fixture) => {
  it("of a creation stops the operation: nothing new begins, and nothing is deleted", async () => {
    const w = fixture();
    w.plan(record("a"), record("obsolete"));
    const stack = await w.open(engine);
    await stack.up();
    w.plan(record("a"), record("b", {}, dependsOn("a")), record("c", {}, dependsOn("b")));
    w.faults({ "create b": { error: "no space left" } });

    const up = await stack.up({ parallel: 1 });
    assert.equal(up.ok, false);
    expectGolden("failed-create/stops", engine, up);
    assert.match(up.diagnostics, /error: no space left/);
    assert.match(up.diagnostics, /error: update failed/);
    assert.deepEqual(Object.keys(w.records), ["a", "obsolete"]);

    w.faults({});
    const repaired = await stack.up({ parallel: 1 });
    assert.equal(repaired.ok, true, repaired.output);
    expectGolden("failed-create/repaired", engine, repaired);
    assert.deepEqual(Object.keys(w.records), ["a", "b", "c"]);
  });

  it("of a creation with --continue-on-error stops only what depends on it", async () => {
    const w = fixture();
    w.plan(record("a"), record("obsolete"));
    const stack = await w.open(engine);
    await stack.up();
    w.plan(
      record("a"),
      record("b", {}, dependsOn("a")),
      record("c", {}, dependsOn("b")),
      record("d", {}, dependsOn("a")),
    );
    w.faults({ "create b": { error: "no space left" } });
    const up = await stack.up({ continueOnError: true, parallel: 1 });
    assert.equal(up.ok, false);
    expectGolden("failed-create/continues", engine, up);
    assert.deepEqual(Object.keys(w.records), ["a", "d"]);
    assert.match(up.diagnostics, /error: no space left/);
  });

  it("of a deletion with --continue-on-error leaves what the resource depends on", async () => {
    const w = fixture();
    w.plan(record("root"), record("leaf", {}, dependsOn("root")), record("other"));
    const stack = await w.open(engine);
    await stack.up();
    w.faults({ "delete leaf": { error: "in use" } });
    const destroy = await stack.destroy({ continueOnError: true, parallel: 1 });
    assert.equal(destroy.ok, false);
    expectGolden("failed-delete/continues", engine, destroy);
    assert.deepEqual(Object.keys(w.records), ["leaf", "root"]);
    w.faults({});
    assert.equal((await stack.destroy()).ok, true);
    assert.deepEqual(w.records, {});
  });

  it("that leaves a resource half done is recorded, shown by its reasons alone, and tried again", async () => {
    const w = fixture();
    w.plan(record("a"), record("b", { value: { from: "a", output: "derived" } }));
    w.faults({ "create a": { partial: ["the first reason", "the second reason"] } });
    const stack = await w.open(engine);
    const up = await stack.up({ parallel: 1 });
    assert.equal(up.ok, false);
    expectGolden("partial-failure/create", engine, up);
    assert.match(up.diagnostics, /2 errors occurred:\s+\* the first reason\s+\* the second reason/);
    assert.doesNotMatch(up.diagnostics, /the message that the CLI does not show/);
    const recorded = (await stack.exportState()).deployment.resources?.find(({ urn }) => urn === urnOf("a"));
    assert.deepEqual(recorded?.["initErrors"], ["the first reason", "the second reason"]);
    assert.equal(recorded["id"], "record:a");

    w.faults({});
    const preview = await stack.preview({ parallel: 1 });
    expectGolden("partial-failure/repair-preview", engine, preview);
    w.forgetCalls();
    const repair = await stack.up({ parallel: 1 });
    assert.equal(repair.ok, true, repair.output);
    expectGolden("partial-failure/repair", engine, repair);
    assert.deepEqual(w.callsOf("create", "update"), ["update a", "create b"]);
    assert.deepEqual((await stack.up()).changes, { same: 2 });
  });

  it("that leaves an update half done keeps the old inputs", async () => {
    const w = fixture();
    w.plan(record("a", { value: "old" }));
    const stack = await w.open(engine);
    await stack.up();
    w.plan(record("a", { value: "new" }));
    w.faults({ "update a": { partial: ["not ready yet"] } });
    const up = await stack.up({ parallel: 1 });
    assert.equal(up.ok, false);
    expectGolden("partial-failure/update", engine, up);
    const recorded = (await stack.exportState()).deployment.resources?.find(({ urn }) => urn === urnOf("a"));
    assert.equal((recorded?.["inputs"] as Record<string, unknown>)["value"], "old");
    assert.equal((recorded?.["outputs"] as Record<string, unknown>)["value"], "new");
    w.faults({});
    const repair = await stack.up({ parallel: 1 });
    assert.deepEqual(repair.changes, { update: 1 });
  });

  it("of a check names the property, and nothing is done", async () => {
    const w = fixture();
    w.plan(record("a", { value: "forbidden" }));
    const stack = await w.open(engine);
    for (const outcome of [await stack.preview({ parallel: 1 }), await stack.up({ parallel: 1 })]) {
      assert.equal(outcome.ok, false);
      assert.match(
        outcome.diagnostics,
        /error: pulumi-nodejs:dynamic\/records:Record resource 'a': property value value \{"?forbidden"?\} has a problem: this value is forbidden/,
      );
      assert.deepEqual(outcome.steps, []);
    }
    assert.deepEqual(w.records, {});
  });

  it("of a refresh leaves the rest refreshed, and the operation unbegun", async () => {
    const w = fixture();
    w.plan(record("a"), record("b"));
    const stack = await w.open(engine);
    await stack.up();
    w.write("b", "changed by hand");
    w.faults({ "read a": { error: "unreachable" } });
    const up = await stack.up({ refresh: true, parallel: 1 });
    assert.equal(up.ok, false);
    expectGolden("failed-refresh", engine, up);
    assert.match(up.diagnostics, /unreachable/);
    assert.equal(w.records["b"], "changed by hand");
    assert.deepEqual(Object.keys(w.records), ["a", "b"]);
  });

  it("of the program deletes nothing, and is shown once", async () => {
    const w = fixture();
    w.plan(record("a"), record("obsolete"));
    const stack = await w.open(engine);
    await stack.up();
    w.planAll({ resources: [record("a")], throw: "the program gives up" });
    const said = await stack.up();
    assert.equal(said.ok, false);
    assert.equal(said.diagnostics.match(/error: /g)?.length, 1, said.diagnostics);
    assert.match(said.diagnostics, /error: the program gives up/);
    w.planAll({ resources: [record("a")], exit: 3 });
    const crashed = await stack.up();
    assert.equal(crashed.ok, false);
    assert.match(crashed.diagnostics, /error: an unhandled error occurred: Program exited with non-zero exit code: 3/);
    assert.deepEqual(Object.keys(w.records), ["a", "obsolete"]);
  });

  it("is what becomes of a deletion or replacement of something protected", async () => {
    const w = fixture();
    w.plan(record("a", {}, { protect: true }), record("b"));
    const stack = await w.open(engine);
    await stack.up();
    w.plan(record("b"));
    const deletion = await stack.up({ parallel: 1 });
    assert.equal(deletion.ok, false);
    expectGolden("protect/delete", engine, deletion);
    assert.match(deletion.diagnostics, /cannot be deleted\s+because it is protected/);
    w.plan(record("a", { key: "a2" }, { protect: true }), record("b"));
    const replacement = await stack.up({ parallel: 1 });
    assert.equal(replacement.ok, false);
    assert.match(replacement.diagnostics, /unable to replace resource .*\s+as it is currently marked for protection/);
    assert.deepEqual(Object.keys(w.records), ["a", "b"]);
    w.plan(record("a"), record("b"));
    await stack.up();
    assert.equal((await stack.destroy()).ok, true);
  });

  it("is what becomes of two resources of one name", async () => {
    const w = fixture();
    w.plan(record("a"), record("a", { key: "other" }));
    const stack = await w.open(engine);
    const up = await stack.up();
    assert.equal(up.ok, false);
    assert.match(up.diagnostics, /Duplicate resource URN '.*::a'; try giving it a unique name/);
  });

  if (engine.kind === "in-process") {
    it("is what becomes of whatever this engine does not know: it is refused by name", async () => {
      const w = fixture();
      const options = {
        customTimeouts: { create: "1m" },
        deleteBeforeReplace: true,
        deletedWith: { from: "a" },
        ignoreChanges: ["value"],
        import: "record:a",
        replaceOnChanges: ["value"],
        retainOnDelete: true,
      };
      w.plan(
        record("a"),
        { class: "Foreign", name: "machine" },
        ...Object.entries(options).map(([option, value]) => record(option, {}, { [option]: value })),
      );
      const stack = await w.open(engine);
      const up = await stack.up();
      assert.equal(up.ok, false);
      for (const what of [
        'type cloud:index:Machine (of "machine")',
        ...Object.keys(options).map((option) => `option ${option} (of "${option}")`),
      ]) {
        assert.ok(up.diagnostics.includes(`the resource ${what} is not known to the in-process engine`), what);
      }
      assert.match(up.diagnostics, /run the program with the Pulumi CLI/);
    });

    it("is what becomes of a provider or a state that wants a deletion before the replacement", async () => {
      const w = fixture();
      w.plan(record("a", { deleteFirst: true }));
      const stack = await w.open(engine);
      assert.equal((await stack.up()).ok, true);
      w.plan(record("a", { key: "a2", deleteFirst: true }));
      const up = await stack.up();
      assert.equal(up.ok, false);
      assert.match(
        up.diagnostics,
        /wants .*::a to be deleted before it is replaced, which the in-process engine does not know/,
      );
      assert.deepEqual(Object.keys(w.records), ["a"]);

      const { version, deployment } = await stack.exportState();
      const resources = deployment.resources?.map((entry) =>
        entry["urn"] === urnOf("a") ? { ...entry, pendingReplacement: true } : entry,
      );
      await stack.importState({ version, deployment: { ...deployment, ...(resources && { resources }) } });
      const destroy = await stack.destroy();
      assert.equal(destroy.ok, false);
      assert.match(
        destroy.diagnostics,
        /the state has .*::a with "pendingReplacement", which the in-process engine does not/,
      );
      assert.deepEqual(Object.keys(w.records), ["a"]);
    });
  }
});
