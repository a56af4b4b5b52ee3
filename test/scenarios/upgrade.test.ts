/**
 * The exported state of every release previews without a change: new code understands what old code wrote. A release
 * records its own with AEGIR_RECORD_STATE=<version>, on the Pulumi CLI where it is found.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExportedState } from "../engine/Engine";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, login, owned, Scenario } from "./Scenario";

const states = join(__dirname, "states");
const site = "www.acme.example";
const declarations = [
  client("acme", "Acme Corp", { email: "it@acme.example", onDestroy: { bindings: "drop" } }),
  bound("acme", "alice"),
  owned(site, "acme", { onDestroy: "leave" }),
  login("acme", site, { rotation: "2026-07" }),
];

onEveryEngine("upgrade", (engine) => {
  let scenario: Scenario;
  beforeEach(async () => {
    scenario = await Scenario.open(engine());
    scenario.declare(declarations);
  });
  afterEach(() => scenario.close());

  const recording = process.env["AEGIR_RECORD_STATE"];
  if (recording) {
    it(`records the state of ${recording}`, async () => {
      scenario.aegir.addSites([{ site }]);
      scenario.aegir.panel.addUser({ name: "alice" });
      await scenario.up();
      mkdirSync(states, { recursive: true });
      writeFileSync(
        join(states, `${recording}.json`),
        `${JSON.stringify(await scenario.stack.exportState(), null, 2)}\n`,
      );
    });
  }

  for (const file of recording ? [] : readdirSync(states)) {
    it(`the state of ${file.replace(/\.json$/, "")} previews without a change, and without the server`, async () => {
      await scenario.stack.importState(JSON.parse(readFileSync(join(states, file), "utf8")) as ExportedState);
      await scenario.aegir.down();
      const preview = expectOk(await scenario.stack.preview());
      assert.deepEqual(preview.changes, { same: declarations.length });
      assert.equal(scenario.aegir.counts.authentications.accepted, 0);
    });
  }
});
