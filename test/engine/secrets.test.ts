import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listEngines } from "./engines";
import { describeEngines, passphrase, record, RecordsFixture, urnOf } from "./records/RecordsFixture";
import { Secrets } from "./Secrets";

const canary = "canary-4711";

describeEngines("a secret", (engine, fixture) => {
  it("is in the state in no clear form, in no output, and known again by its name", async () => {
    const w = fixture();
    w.planAll({
      resources: [
        record("a", { value: { secret: canary } }, { additionalSecretOutputs: ["derived"] }),
        record(
          "b",
          { value: { list: [{ secret: canary }], open: "to see" } },
          { additionalSecretOutputs: ["derived"] },
        ),
        record("c", { value: { config: "password", isSecret: true } }, { additionalSecretOutputs: ["derived"] }),
      ],
      outputs: { password: { from: "a", output: "value" }, derived: { from: "a", output: "derived" } },
    });
    const stack = await w.open(engine, { config: { "records:password": { secret: canary } } });
    const outcomes = [await stack.preview(), await stack.up(), await stack.up(), await stack.refresh()];
    for (const outcome of outcomes) {
      assert.equal(outcome.ok, true, outcome.output);
      assert.doesNotMatch(outcome.output + outcome.diagnostics, new RegExp(canary));
    }
    assert.equal(w.records["a"], canary, "the provider gets it in clear");
    assert.deepEqual(outcomes[2]?.changes, { same: 3 });
    assert.deepEqual(outcomes[2]?.outputs, { password: canary, derived: `derived from ${canary}` });

    const text = readFileSync(join(w.stateDirectory, ".pulumi", "stacks", "records", "dev.json"), "utf8");
    assert.doesNotMatch(text, new RegExp(canary));
    const exported = JSON.stringify(await stack.exportState());
    assert.doesNotMatch(exported, new RegExp(canary));
    const b = (await stack.exportState()).deployment.resources?.find(({ urn }) => urn === urnOf("b"));
    const { value } = b?.["outputs"] as { value: { open: unknown; list: Record<string, unknown> } };
    assert.equal(value.open, "to see");
    assert.equal(typeof value.list["ciphertext"], "string", "a list with a secret in it is secret as a whole");

    w.planAll({ resources: [record("a", { value: { secret: "another" } })] });
    const changed = await stack.up();
    assert.equal(changed.ok, true, changed.output);
    assert.doesNotMatch(changed.output, /another|canary/);
  });

  it("cannot be had with a wrong passphrase", async () => {
    const w = fixture();
    w.plan(record("a"));
    const stack = await w.open(engine);
    await stack.up();
    w.plan(record("a", { value: "changed by a stranger" }));
    const stranger = await w.open(engine, { passphrase: "a guess" });
    const up = await stranger.up();
    assert.equal(up.ok, false);
    assert.match(up.diagnostics, /incorrect passphrase/);
    assert.deepEqual(up.outputs, {});
    assert.equal(w.records["a"], "value of a");
  });
});

describe("the state of one engine", () => {
  for (const [index, first] of listEngines().entries()) {
    const second = listEngines()[(index + 1) % listEngines().length] ?? first;
    const how =
      second.name === first.name ? "exported and imported into another directory" : `opened by the ${second.name}`;
    it(`(${first.name}), ${how}, is what it was`, async () => {
      const w = new RecordsFixture();
      try {
        w.planAll({
          resources: [
            record("a", { value: { secret: canary } }),
            record("b", { value: { from: "a", output: "serial" } }),
          ],
          outputs: { password: { from: "a", output: "value" } },
        });
        const options = { config: { "records:greeting": "hello" } };
        const stack = await w.open(first, options);
        assert.equal((await stack.up()).ok, true);

        const taken = await w.open(second, options);
        const same = await taken.up();
        assert.equal(same.ok, true, same.output);
        assert.deepEqual(same.changes, { same: 2 });
        assert.deepEqual(same.outputs, { password: canary });

        const back = await (await w.open(first, options)).up();
        assert.deepEqual(back.changes, { same: 2 }, back.output);

        const elsewhere = await w.open(second, { ...options, stateDirectory: join(w.directory, "elsewhere") });
        await elsewhere.importState(await stack.exportState());
        const imported = await elsewhere.up();
        assert.deepEqual(imported.changes, { same: 2 }, imported.output);
        assert.deepEqual(imported.outputs, { password: canary });
      } finally {
        w.dispose();
      }
    });
  }
});

describe("the passphrase provider", () => {
  it("opens what the Pulumi CLI has encrypted", async () => {
    // Written by `pulumi stack init` of pulumi v3.248.0 with PULUMI_CONFIG_PASSPHRASE=x.
    const salt = "v1:RUcmBkBZ9d4=:v1:FJIkMzQbHjvYYjuo:E1jr2QcWKlZGpl0VCQGvCexSb+j5LA==";
    const secrets = await Secrets.open("x", salt);
    assert.equal(secrets.salt, salt);
    await assert.rejects(Secrets.open("y", salt), /incorrect passphrase/);
  });

  it("gives a value another ciphertext every time, and refuses one that was changed", async () => {
    const secrets = await Secrets.create(passphrase);
    const [one, two] = [secrets.encrypt("value"), secrets.encrypt("value")];
    assert.notEqual(one, two);
    assert.equal(secrets.decrypt(one), "value");
    assert.equal(secrets.decrypt(two), "value");
    const [version, nonce] = one.split(":");
    assert.throws(() => secrets.decrypt(`${version}:${nonce}:${two.split(":")[2]}`));
  });
});
