/** What goes wrong is said, recorded as far as it is done, and completed by the next run. */
import assert from "node:assert/strict";
import { expectGolden } from "../engine/golden";
import { onEveryEngine, onTheLifecycles } from "./everyEngine";
import { bound, client, expectOk, owned, Scenario } from "./Scenario";
import type { Opener } from "./ScenarioStack";

const site = "www.acme.example";

let scenario: Scenario;

function eachWorld(engine: () => Opener): void {
  beforeEach(async () => {
    scenario = await Scenario.open(engine());
    scenario.aegir.addSites([{ site }]);
    for (const name of ["alice", "bob"]) scenario.aegir.panel.addUser({ name });
  });
  afterEach(() => scenario.close());
}

onEveryEngine("failure", (engine) => {
  eachWorld(engine);

  it("a failed create stops the removals of the same plan", async () => {
    await scenario.up([client("acme", "Acme Corp"), bound("acme", "alice"), bound("acme", "bob")]);
    scenario.declare([
      client("acme", "Acme Corp"),
      bound("acme", "alice"),
      { ...bound("acme", "nobody"), options: { dependsOn: ["binding:acme:alice"] } },
    ]);
    const outcome = await scenario.stack.up({ parallel: 1 });
    assert.equal(outcome.ok, false);
    assert.match(
      outcome.output,
      /there is no panel user nobody to bind to acme .* Nothing was changed\. .*createUser: \{ email/,
    );
    expectGolden("access/failed-create", engine(), outcome);
    assert.ok(scenario.aegir.tables().bindings.some(({ user }) => user === "bob"));
  });

  it("with --continue-on-error it does not", async () => {
    await scenario.up([client("acme", "Acme Corp"), bound("acme", "alice"), bound("acme", "bob")]);
    scenario.declare([
      client("acme", "Acme Corp"),
      bound("acme", "alice"),
      { ...bound("acme", "nobody"), options: { dependsOn: ["binding:acme:alice"] } },
    ]);
    const outcome = await scenario.stack.up({ parallel: 1, continueOnError: true });
    assert.equal(outcome.ok, false);
    expectGolden("access/failed-create-continue-on-error", engine(), outcome);
    assert.ok(!scenario.aegir.tables().bindings.some(({ user }) => user === "bob"));
  });

  it("a verify that fails after the write is recorded as half done, and the next up repairs it (trap 13)", async () => {
    const declared = [client("acme", "Acme Corp"), owned(site, "acme")];
    scenario.aegir.faults.nextVerify(site, "failure");
    scenario.declare(declared);
    const failed = await scenario.stack.up({ parallel: 1 });
    assert.equal(failed.ok, false);
    assert.match(
      failed.output,
      /is recorded as owned by acme, but that is not effective: its verify \(task \d+\) failed/,
    );
    assert.match(failed.output, /octopus123456 can still reach its files/);
    expectGolden("access/partial-failure", engine(), failed);
    assert.equal(scenario.owner(site), "acme");
    const { resources } = (await scenario.stack.exportState()).deployment;
    const recorded = resources!.find(({ id }) => id === `site:${site}`) as {
      outputs: Record<string, unknown>;
      initErrors: string[];
    };
    assert.equal(recorded.outputs["applied"], false);
    assert.equal(recorded.outputs["client"], "acme");
    assert.equal(recorded.initErrors.length, 1);

    const repaired = expectOk(await scenario.stack.up({ parallel: 1 }));
    expectGolden("access/partial-failure-repaired", engine(), repaired);
    const links = scenario.aegir.tables().sites.find((row) => row.site === site)!.links;
    assert.deepEqual(links, ["acme"]);
    assert.deepEqual((await scenario.up()).changes, { same: 2 });
  });
});

onTheLifecycles("failure", (engine) => {
  eachWorld(engine);

  it("a verify with warnings is a success (trap 12)", async () => {
    scenario.aegir.faults.nextVerify(site, "warning");
    await scenario.up([client("acme", "Acme Corp"), owned(site, "acme")]);
    assert.equal(scenario.owner(site), "acme");
  });

  it("a task that puts the old owner back is repaired within the same up (trap 11)", async () => {
    scenario.aegir.faults.nextVerify(site, "oldOwner");
    await scenario.up([client("acme", "Acme Corp"), owned(site, "acme")]);
    assert.equal(scenario.owner(site), "acme");
    assert.deepEqual(scenario.aegir.tables().sites.find((row) => row.site === site)!.links, ["acme"]);
  });

  it("a cancelled verify is not taken for success (trap 12)", async () => {
    scenario.aegir.faults.nextVerify(site, "cancelled");
    scenario.declare([client("acme", "Acme Corp"), owned(site, "acme")]);
    const outcome = await scenario.stack.up();
    assert.equal(outcome.ok, false);
    assert.match(outcome.output, /its verify \(task \d+\) was cancelled/);
    expectOk(await scenario.stack.up());
  });

  it("an answer that is lost after the commit costs nothing: the change is found, not repeated", async () => {
    for (const verb of ["createClient", "setOwner", "bind"] as const) scenario.aegir.faults.onRequest(verb, "cutAfter");
    await scenario.up([client("acme", "Acme Corp"), owned(site, "acme"), bound("acme", "alice")]);
    assert.equal(scenario.owner(site), "acme");
    assert.equal(scenario.aegir.tables().clients.filter(({ internalName }) => internalName === "acme").length, 1);
    assert.deepEqual((await scenario.up()).changes, { same: 3 });
  });

  it("a server that cannot be reached is not taken for an empty one", async () => {
    await scenario.up([client("acme", "Acme Corp"), owned(site, "acme")]);
    const { connection, ...others } = scenario.aegir.configuration();
    const main = { ...others, connection: { ...connection, dialErrorLimit: 1 } };
    await scenario.configure({ "aegir:servers": { secret: JSON.stringify({ main }) } });
    await scenario.aegir.down();
    const refreshed = expectOk(await scenario.stack.refresh());
    for (const id of ["client:acme", `site:${site}`]) {
      assert.match(refreshed.output, new RegExp(`${id}: could not be looked at: \\S+@127\\.0\\.0\\.1:`));
    }
    await scenario.aegir.up();
    const state = await scenario.stack.exportState();
    assert.equal(state.deployment.resources!.filter(({ type }) => /aegir:/.test(String(type))).length, 2);
    // What was not looked at is looked at now, and that is not "no changes".
    assert.deepEqual((await scenario.up()).changes, { update: 2 });
    assert.deepEqual((await scenario.up()).changes, { same: 2 });
  });
});
