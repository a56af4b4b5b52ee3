import * as assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { until } from "../support/until";
import { expectGolden } from "./golden";
import { dependsOn, describeEngines, projectDirectory, record, urnOf } from "./records/RecordsFixture";

describeEngines("a stack from its first preview to its end", (engine, fixture) => {
  it("is previewed, made, left alone, changed, refreshed and destroyed, and nothing is written to the project", async () => {
    const w = fixture();
    const plan = (value: string): void =>
      w.planAll({
        print: ["a line of the program"],
        resources: [
          record("a", { value, note: "a line of the provider" }),
          record("b", { value: { from: "a", output: "derived" } }),
        ],
        outputs: { copied: { from: "b", output: "value" }, serial: { from: "a", output: "serial" } },
      });
    plan("one");
    const stack = await w.open(engine);

    const preview = await stack.preview({ parallel: 1 });
    assert.equal(preview.ok, true, preview.output);
    expectGolden("lifecycle/preview", engine, preview);
    assert.deepEqual(w.callsOf("create"), [], "a preview changes nothing");
    assert.deepEqual(preview.outputs, {});
    assert.match(preview.diagnostics, /a line of the program/);

    const up = await stack.up({ parallel: 1 });
    assert.equal(up.ok, true, up.output);
    expectGolden("lifecycle/up", engine, up);
    assert.deepEqual(up.changes, { create: 2 });
    assert.deepEqual(w.records, { a: "one", b: "derived from one" });
    assert.deepEqual(up.outputs, { copied: "derived from one", serial: 1 });

    const again = await stack.up({ parallel: 1 });
    expectGolden("lifecycle/up-without-changes", engine, again);
    assert.deepEqual(again.changes, { same: 2 });
    assert.match(again.diagnostics, /info: a line of the provider/);

    plan("two");
    const changed = await stack.up({ parallel: 1 });
    expectGolden("lifecycle/update", engine, changed);
    assert.deepEqual(
      changed.steps.map(({ name, op, diffs }) => ({ name, op, diffs })),
      [
        { name: "a", op: "update", diffs: ["value"] },
        { name: "b", op: "update", diffs: ["value"] },
      ],
    );
    assert.deepEqual(changed.outputs, { copied: "derived from two", serial: 2 });

    const refresh = await stack.refresh({ parallel: 1 });
    expectGolden("lifecycle/refresh", engine, refresh);
    assert.deepEqual(
      refresh.steps.filter(({ type }) => type.includes("dynamic")).map(({ found }) => found),
      ["same", "same"],
    );

    const destroy = await stack.destroy({ parallel: 1 });
    expectGolden("lifecycle/destroy", engine, destroy);
    assert.deepEqual(w.records, {});
    assert.deepEqual(destroy.outputs, {});
    assert.equal((await stack.exportState()).deployment.resources, undefined);
    assert.deepEqual(readdirSync(projectDirectory).sort(), ["Pulumi.yaml", "index.js", "provider.js"]);
  });

  it("shows what it cannot know in a preview as unknown, to the provider, too", async () => {
    const w = fixture();
    w.plan(record("a"), record("b", { value: { from: "a", output: "derived" } }));
    const stack = await w.open(engine);
    await stack.preview();
    const check = w.calls.find(({ call, key }) => call === "check" && key === "b");
    assert.equal(check?.value, "04da6b54-80e4-46f7-96ec-b56ff0331ba9");
  });

  it("finds drift by refresh and repairs it by up", async () => {
    const w = fixture();
    w.plan(record("a"), record("b"), record("c"));
    const stack = await w.open(engine);
    await stack.up();
    w.write("a", "changed by hand");
    w.remove("b");

    const refresh = await stack.refresh({ parallel: 1 });
    expectGolden("drift/refresh", engine, refresh);
    assert.deepEqual(Object.fromEntries(refresh.steps.map(({ name, found }) => [name, found])), {
      a: "update",
      b: "delete",
      c: "same",
    });
    assert.deepEqual(refresh.steps.find(({ name }) => name === "a")?.diffs, ["derived", "serial", "value"]);

    const up = await stack.up({ parallel: 1 });
    expectGolden("drift/repair", engine, up);
    assert.deepEqual(up.changes, { update: 1, create: 1, same: 1 });
    assert.deepEqual(w.records, { a: "value of a", b: "value of b", c: "value of c" });

    w.write("c", "changed by hand");
    const both = await stack.up({ refresh: true, parallel: 1 });
    expectGolden("drift/up-with-refresh", engine, both);
    assert.equal(w.records["c"], "value of c");
  });

  it("compares the inputs where the provider has no opinion", async () => {
    const w = fixture();
    const plan = (value: string): void => w.plan({ ...record("plain", { value }), class: "Plain" });
    plan("old");
    const stack = await w.open(engine);
    await stack.up();
    plan("new");
    const up = await stack.up();
    assert.deepEqual(up.changes, { update: 1 }, up.output);
  });

  it("registers in parallel, but checks and diffs one by one", async () => {
    const w = fixture();
    w.plan(record("a"), record("b"), record("c"));
    const stack = await w.open(engine);
    w.hold("create", "a");
    const up = stack.up({ parallel: 4 });
    await w.calledWith("create", "a");
    await w.calledWith("create", "b");
    await w.calledWith("create", "c");
    assert.deepEqual(w.records["a"], undefined);
    w.release("create", "a");
    assert.equal((await up).ok, true);
    assert.equal(new Set(w.calls.filter(({ call }) => call === "create").map(({ pid }) => pid)).size, 1, "one process");
  });

  it("creates one after the other with parallel 1", async () => {
    const w = fixture();
    const names = ["a", "b", "c"];
    w.plan(...names.map((name) => record(name)));
    names.forEach((name) => w.hold("create", name));
    const stack = await w.open(engine);
    const up = stack.up({ parallel: 1 });
    // Which one comes first is up to the SDK.
    for (let done = 0; done < names.length; done++) {
      await until(() => w.callsOf("create").length > done);
      assert.equal(w.callsOf("create").length, done + 1);
      assert.equal(Object.keys(w.records).length, done);
      w.release("create", w.calls.filter(({ call }) => call === "create").at(-1)?.key ?? "");
    }
    assert.equal((await up).ok, true);
  });

  it("destroys in the reverse order of dependencies, and what is independent together with the roots", async () => {
    const w = fixture();
    w.plan(
      record("root"),
      record("trunk", {}, dependsOn("root")),
      record("leaf", { value: { from: "trunk", output: "derived" } }),
      record("other-leaf", {}, dependsOn("trunk")),
      record("alone"),
    );
    const stack = await w.open(engine);
    await stack.up();
    const destroy = await stack.destroy({ parallel: 1 });
    expectGolden("destroy-order", engine, destroy);
    assert.deepEqual(
      destroy.steps.map(({ wave, name }) => ({ wave, name })).sort((x, y) => (x.name < y.name ? -1 : 1)),
      [
        { wave: 2, name: "alone" },
        { wave: 0, name: "leaf" },
        { wave: 0, name: "other-leaf" },
        { wave: 2, name: "root" },
        { wave: 1, name: "trunk" },
      ],
    );
  });

  it("keeps components and their children together", async () => {
    const w = fixture();
    w.plan({ class: "Group", name: "g" }, record("child", {}, { parent: { from: "g" } }));
    const stack = await w.open(engine);
    const up = await stack.up({ parallel: 1 });
    expectGolden("component/up", engine, up);
    assert.equal(
      up.steps.find(({ name }) => name === "child")?.urn,
      urnOf("child", "records:index:Group$pulumi-nodejs:dynamic/records:Record"),
    );
    const group = (await stack.exportState()).deployment.resources?.find(({ type }) => type === "records:index:Group");
    assert.deepEqual(group?.["outputs"], { label: "group g" });
    assert.deepEqual((await stack.up()).changes, { same: 2 });
    const destroy = await stack.destroy({ parallel: 1 });
    expectGolden("component/destroy", engine, destroy);
  });

  it("gives its configuration to the program and to the provider; a destroy uses what the last up recorded", async () => {
    const w = fixture();
    w.planAll({
      resources: [
        record("a", { value: { config: "shown" } }),
        record("b", { value: { config: "hidden", isSecret: true } }),
      ],
    });
    const stack = await w.open(engine, {
      config: { "records:shown": "plain", "records:hidden": { secret: "not to be seen" }, "records:greeting": "hello" },
    });
    const up = await stack.up();
    assert.equal(up.ok, true, up.output);
    assert.deepEqual(w.records, { a: "plain", b: "not to be seen" });
    assert.deepEqual([...new Set(w.calls.map(({ greeting }) => greeting))], ["hello"]);
    w.forgetCalls();

    await stack.setConfig({
      "records:shown": "plain",
      "records:hidden": { secret: "not to be seen" },
      "records:greeting": "hi",
    });
    await stack.destroy({ target: [urnOf("a")] });
    assert.deepEqual([...new Set(w.calls.map(({ greeting }) => greeting))], ["hello"]);
    w.forgetCalls();

    await stack.destroy({ runProgram: true });
    assert.deepEqual([...new Set(w.calls.map(({ greeting }) => greeting))], ["hi"]);
    assert.deepEqual(w.records, {});
  });

  it("refreshes with the program's configuration if asked to run it", async () => {
    const w = fixture();
    w.plan(record("a"), record("gone"));
    const stack = await w.open(engine, { config: { "records:greeting": "hello" } });
    await stack.up();
    w.plan(record("a"));
    w.write("a", "changed by hand");
    w.forgetCalls();
    await stack.setConfig({ "records:greeting": "hi" });
    const refresh = await stack.refresh({ runProgram: true, parallel: 1 });
    assert.equal(refresh.ok, true, refresh.output);
    expectGolden("refresh-with-program", engine, refresh);
    assert.deepEqual(w.callsOf("read").sort(), ["read a", "read gone"]);
    assert.deepEqual([...new Set(w.calls.map(({ greeting }) => greeting))], ["hi"]);
    assert.deepEqual(w.callsOf("update", "delete"), []);
  });

  it("knows its own outputs of the last time", async () => {
    const w = fixture();
    const plan = (now: string): void =>
      w.planAll({ stackReference: "organization/records/dev", resources: [record("a")], outputs: { now } });
    plan("first");
    const stack = await w.open(engine);
    const first = await stack.up({ parallel: 1 });
    assert.equal(first.ok, true, first.output);
    assert.deepEqual(first.outputs, { now: "first" });
    plan("second");
    const preview = await stack.preview();
    assert.equal(preview.ok, true, preview.output);
    const second = await stack.up({ parallel: 1 });
    assert.deepEqual(second.outputs, { now: "second", previously: "first" });
    expectGolden("stack-reference", engine, second);
  });

  it("reads what it does not manage", async () => {
    const w = fixture();
    w.write("theirs", "made by hand");
    w.plan(
      { name: "theirs", properties: { key: "theirs" }, options: { id: "record:theirs" } },
      record("ours", { value: { from: "theirs", output: "value" } }),
    );
    const stack = await w.open(engine);
    const up = await stack.up({ parallel: 1 });
    assert.equal(up.ok, true, up.output);
    expectGolden("read", engine, up);
    assert.equal(w.records["ours"], "made by hand");
    const destroy = await stack.destroy({ parallel: 1 });
    expectGolden("read/destroy", engine, destroy);
    assert.deepEqual(w.records, { theirs: "made by hand" });
  });
});
