import * as assert from "node:assert/strict";
import { expectGolden } from "./golden";
import { dependsOn, describeEngines, record, urnOf } from "./records/RecordsFixture";

describeEngines("a replacement", (engine, fixture) => {
  it("creates before it deletes, and checks the new one again without the old inputs", async () => {
    const w = fixture();
    w.plan(record("a"), record("b", { value: { from: "a", output: "key" } }));
    const stack = await w.open(engine);
    await stack.up();
    w.forgetCalls();
    w.plan(record("a", { key: "a2" }), record("b", { value: { from: "a", output: "key" } }));

    const preview = await stack.preview({ parallel: 1 });
    expectGolden("replacement/preview", engine, preview);
    w.forgetCalls();
    const up = await stack.up({ parallel: 1 });
    assert.equal(up.ok, true, up.output);
    expectGolden("replacement/up", engine, up);
    assert.deepEqual(
      w.calls.map(
        ({ call, key, olds }) => `${call} ${key}${olds === undefined ? "" : olds ? " with olds" : " without olds"}`,
      ),
      [
        "check a2 with olds",
        "diff a2",
        "check a2 without olds",
        "create a2",
        "check b with olds",
        "diff b",
        "update b",
        "delete a",
      ],
    );
    assert.deepEqual(up.steps.find(({ op }) => op === "create-replacement")?.diffs, ["key"]);
    assert.deepEqual(w.records, { a2: "value of a", b: "a2" });
  });

  it("is forced by --replace", async () => {
    const w = fixture();
    w.plan(record("a"), record("b", {}, dependsOn("a")));
    const stack = await w.open(engine);
    await stack.up();
    w.forgetCalls();
    const up = await stack.up({ replace: [urnOf("a")], parallel: 1 });
    assert.equal(up.ok, true, up.output);
    expectGolden("forced-replacement", engine, up);
    assert.deepEqual(w.callsOf("create", "delete"), ["create a", "delete a"]);
  });

  it("of a changed logical name is a creation and then a deletion of the same thing", async () => {
    const w = fixture();
    w.plan(record("before", { key: "same" }));
    const stack = await w.open(engine);
    await stack.up();
    w.forgetCalls();
    w.plan(record("after", { key: "same" }));
    const up = await stack.up({ parallel: 1 });
    expectGolden("changed-logical-name", engine, up);
    assert.deepEqual(w.callsOf("check", "create", "delete"), ["check same", "create same", "delete same"]);
  });

  for (const [how, alias] of [
    ["as a URN", urnOf("before")],
    ["by name", { name: "before" }],
  ] as const) {
    it(`of a changed logical name is not needed with an alias ${how}`, async () => {
      const w = fixture();
      w.plan(record("before", { key: "same" }), record("b", { value: { from: "before", output: "derived" } }));
      const stack = await w.open(engine);
      await stack.up();
      w.plan(
        record("after", { key: "same", value: "value of before" }, { aliases: [alias] }),
        record("b", { value: { from: "after", output: "derived" } }),
      );
      const up = await stack.up({ parallel: 1 });
      expectGolden("alias", engine, up);
      assert.deepEqual(up.changes, { same: 2 });
      const resources = (await stack.exportState()).deployment.resources ?? [];
      assert.deepEqual(
        resources.filter(({ urn }) => urn === urnOf("before")),
        [],
      );
      assert.deepEqual(resources.find(({ urn }) => urn === urnOf("b"))?.["dependencies"], [urnOf("after")]);
    });
  }

  it("of a new parent is not needed with an alias, nor for the children of an aliased parent", async () => {
    const w = fixture();
    w.plan({ class: "Group", name: "g" }, record("a"), record("child", {}, { parent: { from: "g" } }));
    const stack = await w.open(engine);
    await stack.up();
    w.plan(
      { class: "Group", name: "h", options: { aliases: [{ name: "g" }] } },
      record("a", {}, { parent: { from: "h" }, aliases: [urnOf("a")] }),
      record("child", {}, { parent: { from: "h" } }),
    );
    const up = await stack.up({ parallel: 1 });
    assert.equal(up.ok, true, up.output);
    assert.deepEqual(up.changes, { same: 3 });
  });
});
