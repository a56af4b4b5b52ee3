/** What others change is seen by a refresh, and repaired by the next up - never overwritten unseen. */
import assert from "node:assert/strict";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, login, owned, World } from "./World";

const site = "www.acme.example";

onEveryEngine("drift", (engine) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(engine());
    world.aegir.addSites([{ site }]);
    world.aegir.panel.addUser({ name: "alice" });
    world.aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
    await world.up([
      client("acme", "Acme Corp", { email: "it@acme.example" }),
      bound("acme", "alice"),
      owned(site, "acme"),
      login("acme", site),
    ]);
  });
  afterEach(() => world.close());

  it("an owner changed by hand is shown by a refresh and put back", async () => {
    // Else the login, which has lost its only site, would be gone as well by the time of the refresh.
    world.aegir.faults.lockFiles.add("/run/manage_ltd_users.pid");
    world.aegir.panel.setOwner(site, "Beta GmbH");
    world.aegir.runQueue();
    const refreshed = expectOk(await world.stack.refresh());
    assert.deepEqual(
      refreshed.steps.filter(({ diffs }) => diffs.length > 0).map(({ name, diffs }) => [name, diffs]),
      [[`site:${site}`, ["client"]]],
    );
    const repaired = expectOk(await world.stack.up());
    assert.deepEqual(repaired.changes, { same: 3, update: 1 });
    assert.equal(world.owner(site), "acme");
  });

  it("without a refresh, an owner changed by hand is a conflict, not overwritten", async () => {
    world.aegir.panel.setOwner(site, "Beta GmbH");
    world.aegir.runQueue();
    const moved = [
      client("acme", "Acme Corp", { email: "it@acme.example" }),
      client("gamma", "Gamma"),
      bound("acme", "alice"),
      owned(site, "gamma"),
    ];
    world.declare(moved);
    const outcome = await world.stack.up();
    assert.equal(outcome.ok, false);
    assert.match(
      outcome.output,
      /the owner of www\.acme\.example changed since this stack last saw it: expected acme, found beta/,
    );
    assert.equal(world.owner(site), "beta");
    expectOk(await world.stack.up({ refresh: true }));
    assert.equal(world.owner(site), "gamma");
  });

  it("a title changed by hand is put back", async () => {
    const { nid } = world.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!;
    const node = world.aegir.drupal.loadClient(nid)!;
    world.aegir.drupal.saveClient({ ...node, title: "Acme Renamed", users: [], new_user: "" });
    const repaired = expectOk(await world.stack.up({ refresh: true }));
    assert.match(repaired.output, /Acme Renamed/);
    assert.equal(world.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!.name, "Acme Corp");
  });

  it("a pair removed by hand is bound again", async () => {
    world.aegir.panel.unbind("acme", "alice");
    expectOk(await world.stack.up({ refresh: true }));
    assert.deepEqual(world.aegir.panel.sitesOf("alice"), [site]);
  });

  it("a client's user whose address was changed is drift of email", async () => {
    world.aegir.panel.setMail("acme", "somebody@else.example");
    world.aegir.panel.addUser({ name: "it", mail: "it@acme.example" });
    const repaired = expectOk(await world.stack.up({ refresh: true }));
    assert.equal(repaired.changes.update, 1);
    const users = world.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!.users;
    assert.deepEqual(users, ["acme", "alice", "it"]);
  });

  it("links that show the files to somebody else are drift, and a verify repairs them (trap 13)", async () => {
    world.aegir.panel.setOwner(site, "Beta GmbH");
    world.aegir.runQueue();
    world.aegir.faults.nextVerify(site, "failure");
    world.aegir.panel.setOwner(site, "Acme Corp");
    world.aegir.runQueue();
    assert.deepEqual(world.aegir.tables().sites.find((row) => row.site === site)!.links, ["beta"]);
    const repaired = expectOk(await world.stack.up({ refresh: true }));
    assert.match(repaired.output, /site:www\.acme\.example: is recorded for acme, but its files are not linked so/);
    assert.deepEqual(world.aegir.tables().sites.find((row) => row.site === site)!.links, ["acme"]);
  });

  it("a refresh keeps inputs that the server knows nothing of", async () => {
    const declared = [
      client("acme", "Acme Corp", { email: "it@acme.example", welcomeMail: true, onExisting: "adopt" }),
      bound("acme", "alice", { createUser: { email: "alice@acme.example" } }),
      owned(site, "acme", { takeOverFrom: "beta" }),
      login("acme", site),
    ];
    await world.up(declared);
    const inputs = async () =>
      (await world.stack.exportState()).deployment
        .resources!.filter(({ type }) => /dynamic\/aegir:/.test(String(type)))
        .map((resource) => resource["inputs"]);
    const before = await inputs();
    const refreshed = expectOk(await world.stack.refresh());
    assert.deepEqual(await inputs(), before);
    assert.doesNotMatch(refreshed.output, /takeOverFrom|createUser|onExisting/);
    assert.deepEqual((await world.up()).changes, { same: 4 });
  });

  it("a refresh that finds nothing changed changes nothing", async () => {
    const refreshed = expectOk(await world.stack.refresh());
    assert.deepEqual(
      Object.keys(refreshed.changes).filter((operation) => operation !== "same" && operation !== "refresh"),
      [],
    );
    assert.deepEqual((await world.up()).changes, { same: 4 });
  });

  it("a lost state costs nothing: everything is adopted with no write, and a rotation is not repeated", async () => {
    const rotated = [
      client("acme", "Acme Corp", { email: "it@acme.example" }),
      bound("acme", "alice"),
      owned(site, "acme"),
      login("acme", site, { rotation: "2026-08" }),
    ];
    const { writes } = world.aegir.counts;
    const password = world.aegir.tables().passwordFiles["o1.acme"];
    await world.stack.importState({ version: 3, deployment: { resources: [] } });
    const outcome = await world.up(rotated);
    assert.deepEqual(outcome.changes, { create: 4 });
    assert.match(
      outcome.output,
      /account:o1\.acme: exists already; its password is adopted as it is, and rotation "2026-08" is noted, not carried out/,
    );
    assert.equal(world.aegir.counts.writes, writes);
    assert.equal(world.aegir.tables().passwordFiles["o1.acme"], password);
    assert.deepEqual((await world.up()).changes, { same: 4 });
  });
});
