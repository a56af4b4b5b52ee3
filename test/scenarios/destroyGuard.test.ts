/** What a program of one's own keeps when it calls `refuseDestroy()`. */
import assert from "node:assert/strict";
import type { Outcome } from "../engine/Engine";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, owned, Scenario } from "./Scenario";

const site = "www.acme.example";
const declared = [client("acme", "Acme Corp"), bound("acme", "alice"), owned(site, "acme")];
const renamed = [...declared.slice(0, 2), { ...owned(site, "acme"), name: "the shop" }];
const urnOf = (name: string) => `urn:pulumi:test::scenario::pulumi-nodejs:dynamic/aegir:SiteOwnership::${name}`;

onEveryEngine("refuseDestroy()", (engine) => {
  let scenario: Scenario;
  beforeEach(async () => {
    scenario = await Scenario.open(engine(), { config: { "scenario:refuseDestroy": "true" } });
    scenario.aegir.addSites([{ site }]);
    scenario.aegir.panel.addUser({ name: "alice" });
    await scenario.up(declared);
  });
  afterEach(() => scenario.close());

  function unchanged({ output }: Outcome): void {
    assert.equal(scenario.owner(site), "acme", output);
    assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), [site], output);
  }

  it("refuses a destroy, with the program and without", async () => {
    for (const runProgram of [false, true]) {
      const refused = await scenario.stack.destroy({ runProgram, continueOnError: true });
      assert.equal(refused.ok, false, refused.output);
      unchanged(refused);
    }
  });

  it("leaves a resource alone whose logical name is a target, while the program declares it under another one", async () => {
    scenario.declare(renamed);
    const up = await scenario.stack.up({ target: [urnOf(`site:${site}`)] });
    unchanged(up);
    assert.equal(up.ok, false, up.output);
    assert.match(up.diagnostics, /is declared by this program as the shop, which was not deployed in this run/);
    assert.match(up.diagnostics, /Nothing was done to it\. Run `pulumi up` without --target/);
  });

  it("lets a logical name change, and what the program no longer declares go", async () => {
    unchanged(await scenario.up(renamed));
    await scenario.up([]);
    assert.equal(scenario.owner(site), "octopus123456");
    assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), []);
  });

  it("lets a client be replaced by one with another internal name", async () => {
    await scenario.up([
      client("beta", "Acme Corp"),
      bound("beta", "alice"),
      owned(site, "beta", { takeOverFrom: "acme" }),
    ]);
    assert.equal(scenario.owner(site), "beta");
    assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), [site]);
  });

  it("takes hold with the first deployment after it was added, which changes nothing", async () => {
    await scenario.configure({ "scenario:refuseDestroy": "false" });
    await scenario.up();
    assert.equal((await scenario.stack.exportState()).version, 3);
    await scenario.configure({ "scenario:refuseDestroy": "true" });
    assert.deepEqual(expectOk(await scenario.stack.preview()).changes, { same: 3 });
    assert.deepEqual((await scenario.up()).changes, { same: 3 });
    assert.equal((await scenario.stack.exportState()).version, 4);
    assert.equal((await scenario.stack.destroy()).ok, false);
  });

  it("lets go what a killed replacement has left behind", async () => {
    const [before] = scenario.aegir.tables().bindings.filter(({ user }) => user === "alice");
    scenario.aegir.panel.renameUser("alice", "alice.miller");
    const uid = scenario.aegir.panel.addUser({ name: "alice", mail: "another@example.com" });
    scenario.declare([declared[0]!, bound("acme", "alice", { expectedUid: uid }), declared[2]!]);
    const kill = new AbortController();
    const dying = scenario.aegir.faults.holdRequest("unbind", "begun");
    const killed = scenario.stack.up({ kill: kill.signal });
    await Promise.race([dying.reached, killed]);
    kill.abort();
    assert.equal((await killed).ok, false);
    await scenario.stack.cancel();
    scenario.aegir.faults.forgetPlans();
    assert.deepEqual(scenario.aegir.panel.sitesOf("alice.miller"), [site], "the former user is still bound");

    expectOk(await scenario.stack.up());
    assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), [site]);
    assert.deepEqual(scenario.aegir.panel.sitesOf("alice.miller"), []);
    assert.notEqual(before?.uid, uid);
    assert.equal((await scenario.stack.destroy({ runProgram: true })).ok, false);
    assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), [site]);
  });

  it("lets the stack be destroyed that aegir:destroy names", async () => {
    await scenario.configure({ "aegir:destroy": "test" });
    expectOk(await scenario.stack.destroy({ runProgram: true }));
    assert.equal(scenario.owner(site), "octopus123456");
  });
});
