import * as assert from "node:assert/strict";
import { join } from "node:path";
import { describeEngines } from "./records/RecordsFixture";

describeEngines("a program", (engine, fixture) => {
  it("sees nothing of an earlier one, whether that ended well or with an unhandled rejection", async () => {
    const stack = await fixture().open(engine, { projectDirectory: join(__dirname, "records", "traces") });
    const untouched = {
      directory: "traces",
      environment: "",
      exitCode: 0,
      global: "",
      listeners: 0,
      module: 0,
      sdk: "",
    };
    const first = await stack.up();
    assert.equal(first.ok, true, first.output);
    assert.deepEqual(first.outputs["found"], untouched);

    const second = await stack.up();
    assert.deepEqual(second.outputs["found"], untouched);
    const third = await stack.up();
    assert.deepEqual(third.outputs["found"], untouched);
    if (engine.kind === "in-process") {
      // A host may end between two of them, having run its last program, but not twice.
      const hosts = new Set([first, second, third].map(({ outputs }) => outputs["pid"]));
      assert.ok(hosts.size < 3, "a host process serves several");
    }

    const failed = await stack.up({ env: { TRACES_END: "rejection" } });
    assert.equal(failed.ok, false);
    assert.equal(failed.diagnostics.match(/nobody waits for this/g)?.length, 1, failed.diagnostics);
    assert.match(failed.diagnostics, /failed with an unhandled exception/);

    const last = await stack.up();
    assert.equal(last.ok, true, last.output);
    assert.deepEqual(last.outputs["found"], untouched);
  });

  it("runs with the nodeargs of Pulumi.yaml, counted from its own directory", async () => {
    const stack = await fixture().open(engine, { projectDirectory: join(__dirname, "records", "arguments") });
    const { ok, output, outputs } = await stack.up();
    assert.equal(ok, true, output);
    assert.deepEqual(outputs, { preloaded: true, quiet: true });
  });
});
