import * as assert from "node:assert/strict";
import { expectGolden } from "./golden";
import { dependsOn, describeEngines, record, urnOf } from "./RecordsWorld";

describeEngines("a resource option", (engine, world) => {
  it("ignoreChanges keeps the old value, whole or in part", async () => {
    const w = world();
    w.plan(record("a", { value: "old" }), record("b", { value: { x: "old", y: "old" } }));
    const stack = await w.open(engine);
    await stack.up();
    w.plan(
      record("a", { value: "new" }, { ignoreChanges: ["value"] }),
      record("b", { value: { x: "new", y: "new" } }, { ignoreChanges: ["value.x"] }),
    );
    const up = await stack.up({ parallel: 1 });
    assert.equal(up.ok, true, up.output);
    expectGolden("ignore-changes", engine, up);
    assert.deepEqual(w.records, { a: "old", b: { x: "old", y: "new" } });
  });

  it("replaceOnChanges acts where the provider leaves the comparison to the engine", async () => {
    const w = world();
    const plan = (value: string): void =>
      w.plan(
        { ...record("plain", { value }, { replaceOnChanges: ["value"] }), class: "Plain" },
        { ...record("updated", { value }), class: "Plain" },
      );
    plan("old");
    const stack = await w.open(engine);
    await stack.up();
    plan("new");
    const up = await stack.up({ parallel: 1 });
    assert.equal(up.ok, true, up.output);
    expectGolden("replace-on-changes", engine, up);
  });

  it("retainOnDelete forgets without deleting, deletedWith leaves the deletion to another", async () => {
    const w = world();
    w.plan(
      record("kept", {}, { retainOnDelete: true }),
      record("host"),
      record("guest", {}, { deletedWith: { from: "host" } }),
    );
    const stack = await w.open(engine);
    await stack.up();
    w.forgetCalls();
    const destroy = await stack.destroy({ parallel: 1 });
    assert.equal(destroy.ok, true, destroy.output);
    expectGolden("retain-and-deleted-with", engine, destroy);
    assert.deepEqual(w.callsOf("delete"), ["delete host"]);
    assert.deepEqual(Object.keys(w.records), ["guest", "kept"]);
  });
});

describeEngines("--target", (engine, world) => {
  it("changes what it names, and leaves the rest as it is", async () => {
    const w = world();
    w.plan(record("a"), record("b", {}, dependsOn("a")), record("c"), record("obsolete"));
    const stack = await w.open(engine);
    await stack.up();
    w.plan(record("a", { value: "new" }), record("b", { value: "new" }, dependsOn("a")), record("c"), record("d"));
    const up = await stack.up({ target: [urnOf("b")], parallel: 1 });
    assert.equal(up.ok, true, up.output);
    expectGolden("target/up", engine, up);
    assert.deepEqual(w.records, {
      a: "value of a",
      b: "new",
      c: "value of c",
      obsolete: "value of obsolete",
    });
    const destroy = await stack.destroy({ target: [urnOf("c")], parallel: 1 });
    assert.equal(destroy.ok, true, destroy.output);
    expectGolden("target/destroy", engine, destroy);
    assert.deepEqual(Object.keys(w.records), ["a", "b", "obsolete"]);
    assert.equal((await stack.up()).ok, true);
  });

  it("refuses what cannot be done to it alone", async () => {
    const w = world();
    w.plan(record("a"), record("b", {}, dependsOn("a")));
    const stack = await w.open(engine);
    const creation = await stack.up({ target: [urnOf("b")], parallel: 1 });
    assert.equal(creation.ok, false);
    assert.match(creation.diagnostics, /depends on '.*::a' which was was not specified in --target list/);
    await stack.up();
    const destroy = await stack.destroy({ target: [urnOf("a")], parallel: 1 });
    assert.equal(destroy.ok, false);
    assert.match(destroy.diagnostics, /'.*::b' will be destroyed but was not specified in --target list/);
    const nothing = await stack.up({ target: [urnOf("nobody")] });
    assert.equal(nothing.ok, false);
    assert.match(nothing.diagnostics, /Target '.*::nobody' could not be found in the stack/);
    assert.deepEqual(Object.keys(w.records), ["a", "b"]);
  });
});
