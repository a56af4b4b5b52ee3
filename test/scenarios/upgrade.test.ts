/**
 * The exported state of every release previews without a change: new code understands what old code wrote. A release
 * records its own with AEGIR_RECORD_STATE=<version>, on the Pulumi CLI where it is found.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExportedState } from "../engine/Engine";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, login, owned, World } from "./World";

const states = join(__dirname, "states");
const site = "www.acme.example";
const declarations = [
  client("acme", "Acme Corp", { email: "it@acme.example", onDestroy: { bindings: "drop" } }),
  bound("acme", "alice"),
  owned(site, "acme", { onDestroy: "leave" }),
  login("acme", site, { rotation: "2026-07" }),
];

onEveryEngine("upgrade", (engine) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(engine());
    world.declare(declarations);
  });
  afterEach(() => world.close());

  const recording = process.env["AEGIR_RECORD_STATE"];
  if (recording) {
    it(`records the state of ${recording}`, async () => {
      world.aegir.addSites([{ site }]);
      world.aegir.panel.addUser({ name: "alice" });
      await world.up();
      mkdirSync(states, { recursive: true });
      writeFileSync(join(states, `${recording}.json`), `${JSON.stringify(await world.stack.exportState(), null, 2)}\n`);
    });
  }

  for (const file of recording ? [] : readdirSync(states)) {
    it(`the state of ${file.replace(/\.json$/, "")} previews without a change, and without the server`, async () => {
      await world.stack.importState(JSON.parse(readFileSync(join(states, file), "utf8")) as ExportedState);
      await world.aegir.down();
      const preview = expectOk(await world.stack.preview());
      assert.deepEqual(preview.changes, { same: declarations.length });
      assert.equal(world.aegir.counts.authentications.accepted, 0);
    });
  }
});
