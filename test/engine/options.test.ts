import * as assert from "node:assert/strict";
import { expectGolden } from "./golden";
import { dependsOn, describeEngines, record, urnOf } from "./records/RecordsFixture";

describeEngines("--target", (engine, fixture) => {
  it("changes what it names, and leaves the rest as it is", async () => {
    const w = fixture();
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
    const w = fixture();
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
