/** What goes wrong is said, recorded as far as it is done, and completed by the next run. */
import assert from "node:assert/strict";
import { expectGolden } from "../engine/golden";
import { onEveryEngine, onTheLifecycles } from "./everyEngine";
import type { Opener } from "./ScenarioStack";
import { bound, client, expectOk, owned, World } from "./World";

const site = "www.acme.example";

let world: World;

function eachWorld(engine: () => Opener): void {
  beforeEach(async () => {
    world = await World.open(engine());
    world.aegir.addSites([{ site }]);
    for (const name of ["alice", "bob"]) world.aegir.panel.addUser({ name });
  });
  afterEach(() => world.close());
}

onEveryEngine("failure", (engine) => {
  eachWorld(engine);

  it("a failed create stops the removals of the same plan", async () => {
    await world.up([client("acme", "Acme Corp"), bound("acme", "alice"), bound("acme", "bob")]);
    world.declare([
      client("acme", "Acme Corp"),
      bound("acme", "alice"),
      { ...bound("acme", "nobody"), options: { dependsOn: ["binding:acme:alice"] } },
    ]);
    const outcome = await world.stack.up({ parallel: 1 });
    assert.equal(outcome.ok, false);
    assert.match(
      outcome.output,
      /there is no panel user nobody to bind to acme .* Nothing was changed\. .*createUser: \{ email/,
    );
    expectGolden("access/failed-create", engine(), outcome);
    assert.ok(world.aegir.tables().bindings.some(({ user }) => user === "bob"));
  });

  it("with --continue-on-error it does not", async () => {
    await world.up([client("acme", "Acme Corp"), bound("acme", "alice"), bound("acme", "bob")]);
    world.declare([
      client("acme", "Acme Corp"),
      bound("acme", "alice"),
      { ...bound("acme", "nobody"), options: { dependsOn: ["binding:acme:alice"] } },
    ]);
    const outcome = await world.stack.up({ parallel: 1, continueOnError: true });
    assert.equal(outcome.ok, false);
    expectGolden("access/failed-create-continue-on-error", engine(), outcome);
    assert.ok(!world.aegir.tables().bindings.some(({ user }) => user === "bob"));
  });

  it("a verify that fails after the write is recorded as half done, and the next up repairs it (trap 13)", async () => {
    const declared = [client("acme", "Acme Corp"), owned(site, "acme")];
    world.aegir.faults.nextVerify(site, "failure");
    world.declare(declared);
    const failed = await world.stack.up({ parallel: 1 });
    assert.equal(failed.ok, false);
    assert.match(
      failed.output,
      /is recorded as owned by acme, but that is not effective: its verify \(task \d+\) failed/,
    );
    assert.match(failed.output, /octopus123456 can still reach its files/);
    expectGolden("access/partial-failure", engine(), failed);
    assert.equal(world.owner(site), "acme");
    const { resources } = (await world.stack.exportState()).deployment;
    const recorded = resources!.find(({ id }) => id === `site:${site}`) as {
      outputs: Record<string, unknown>;
      initErrors: string[];
    };
    assert.equal(recorded.outputs["applied"], false);
    assert.equal(recorded.outputs["client"], "acme");
    assert.equal(recorded.initErrors.length, 1);

    const repaired = expectOk(await world.stack.up({ parallel: 1 }));
    expectGolden("access/partial-failure-repaired", engine(), repaired);
    const links = world.aegir.tables().sites.find((row) => row.site === site)!.links;
    assert.deepEqual(links, ["acme"]);
    assert.deepEqual((await world.up()).changes, { same: 2 });
  });
});

onTheLifecycles("failure", (engine) => {
  eachWorld(engine);

  it("a verify with warnings is a success (trap 12)", async () => {
    world.aegir.faults.nextVerify(site, "warning");
    await world.up([client("acme", "Acme Corp"), owned(site, "acme")]);
    assert.equal(world.owner(site), "acme");
  });

  it("a task that puts the old owner back is repaired within the same up (trap 11)", async () => {
    world.aegir.faults.nextVerify(site, "oldOwner");
    await world.up([client("acme", "Acme Corp"), owned(site, "acme")]);
    assert.equal(world.owner(site), "acme");
    assert.deepEqual(world.aegir.tables().sites.find((row) => row.site === site)!.links, ["acme"]);
  });

  it("a cancelled verify is not taken for success (trap 12)", async () => {
    world.aegir.faults.nextVerify(site, "cancelled");
    world.declare([client("acme", "Acme Corp"), owned(site, "acme")]);
    const outcome = await world.stack.up();
    assert.equal(outcome.ok, false);
    assert.match(outcome.output, /its verify \(task \d+\) was cancelled/);
    expectOk(await world.stack.up());
  });

  it("an answer that is lost after the commit costs nothing: the change is found, not repeated", async () => {
    for (const verb of ["createClient", "setOwner", "bind"] as const) world.aegir.faults.onRequest(verb, "cutAfter");
    await world.up([client("acme", "Acme Corp"), owned(site, "acme"), bound("acme", "alice")]);
    assert.equal(world.owner(site), "acme");
    assert.equal(world.aegir.tables().clients.filter(({ internalName }) => internalName === "acme").length, 1);
    assert.deepEqual((await world.up()).changes, { same: 3 });
  });

  it("a server that cannot be reached is not taken for an empty one", async () => {
    await world.up([client("acme", "Acme Corp"), owned(site, "acme")]);
    const { connection, ...others } = world.aegir.configuration();
    const main = { ...others, connection: { ...connection, dialErrorLimit: 1 } };
    await world.configure({ "aegir:servers": { secret: JSON.stringify({ main }) } });
    await world.aegir.down();
    const refreshed = expectOk(await world.stack.refresh());
    for (const id of ["client:acme", `site:${site}`]) {
      assert.match(refreshed.output, new RegExp(`${id}: could not be looked at: \\S+@127\\.0\\.0\\.1:`));
    }
    await world.aegir.up();
    const state = await world.stack.exportState();
    assert.equal(state.deployment.resources!.filter(({ type }) => /aegir:/.test(String(type))).length, 2);
    // What was not looked at is looked at now, and that is not "no changes".
    assert.deepEqual((await world.up()).changes, { update: 2 });
    assert.deepEqual((await world.up()).changes, { same: 2 });
  });
});
