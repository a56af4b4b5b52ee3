/** What a program of one's own keeps when it calls `refuseDestroy()`. */
import assert from "node:assert/strict";
import type { Outcome } from "../engine/Engine";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, owned, World } from "./World";

const site = "www.acme.example";
const declared = [client("acme", "Acme Corp"), bound("acme", "alice"), owned(site, "acme")];
const renamed = [...declared.slice(0, 2), { ...owned(site, "acme"), name: "the shop" }];
const urnOf = (name: string) => `urn:pulumi:test::scenario::pulumi-nodejs:dynamic/aegir:SiteOwnership::${name}`;

onEveryEngine("refuseDestroy()", (engine) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(engine(), { config: { "scenario:refuseDestroy": "true" } });
    world.aegir.addSites([{ site }]);
    world.aegir.panel.addUser({ name: "alice" });
    await world.up(declared);
  });
  afterEach(() => world.close());

  function unchanged({ output }: Outcome): void {
    assert.equal(world.owner(site), "acme", output);
    assert.deepEqual(world.aegir.panel.sitesOf("alice"), [site], output);
  }

  it("refuses a destroy, with the program and without", async () => {
    for (const runProgram of [false, true]) {
      const refused = await world.stack.destroy({ runProgram, continueOnError: true });
      assert.equal(refused.ok, false, refused.output);
      unchanged(refused);
    }
  });

  it("leaves a resource alone whose logical name is a target, while the program declares it under another one", async () => {
    world.declare(renamed);
    const up = await world.stack.up({ target: [urnOf(`site:${site}`)] });
    unchanged(up);
    assert.equal(up.ok, false, up.output);
    assert.match(up.diagnostics, /is declared by this program as the shop, which was not deployed in this run/);
    assert.match(up.diagnostics, /Nothing was done to it\. Run `pulumi up` without --target/);
  });

  it("lets a logical name change, and what the program no longer declares go", async () => {
    unchanged(await world.up(renamed));
    await world.up([]);
    assert.equal(world.owner(site), "octopus123456");
    assert.deepEqual(world.aegir.panel.sitesOf("alice"), []);
  });

  it("lets a client be replaced by one with another internal name", async () => {
    await world.up([
      client("beta", "Acme Corp"),
      bound("beta", "alice"),
      owned(site, "beta", { takeOverFrom: "acme" }),
    ]);
    assert.equal(world.owner(site), "beta");
    assert.deepEqual(world.aegir.panel.sitesOf("alice"), [site]);
  });

  it("takes hold with the first deployment after it was added, which changes nothing", async () => {
    await world.configure({ "scenario:refuseDestroy": "false" });
    await world.up();
    assert.equal((await world.stack.exportState()).version, 3);
    await world.configure({ "scenario:refuseDestroy": "true" });
    assert.deepEqual(expectOk(await world.stack.preview()).changes, { same: 3 });
    assert.deepEqual((await world.up()).changes, { same: 3 });
    assert.equal((await world.stack.exportState()).version, 4);
    assert.equal((await world.stack.destroy()).ok, false);
  });

  it("lets go what a killed replacement has left behind", async () => {
    const [before] = world.aegir.tables().bindings.filter(({ user }) => user === "alice");
    world.aegir.panel.renameUser("alice", "alice.miller");
    const uid = world.aegir.panel.addUser({ name: "alice", mail: "another@example.com" });
    world.declare([declared[0]!, bound("acme", "alice", { expectedUid: uid }), declared[2]!]);
    const kill = new AbortController();
    const dying = world.aegir.faults.holdRequest("unbind", "begun");
    const killed = world.stack.up({ kill: kill.signal });
    await Promise.race([dying.reached, killed]);
    kill.abort();
    assert.equal((await killed).ok, false);
    await world.stack.cancel();
    world.aegir.faults.forgetPlans();
    assert.deepEqual(world.aegir.panel.sitesOf("alice.miller"), [site], "the former user is still bound");

    expectOk(await world.stack.up());
    assert.deepEqual(world.aegir.panel.sitesOf("alice"), [site]);
    assert.deepEqual(world.aegir.panel.sitesOf("alice.miller"), []);
    assert.notEqual(before?.uid, uid);
    assert.equal((await world.stack.destroy({ runProgram: true })).ok, false);
    assert.deepEqual(world.aegir.panel.sitesOf("alice"), [site]);
  });

  it("lets the stack be destroyed that aegir:destroy names", async () => {
    await world.configure({ "aegir:destroy": "test" });
    expectOk(await world.stack.destroy({ runProgram: true }));
    assert.equal(world.owner(site), "octopus123456");
  });
});
