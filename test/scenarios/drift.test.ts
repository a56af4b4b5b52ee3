/** What others change is seen by a refresh, and repaired by the next up - never overwritten unseen. */
import assert from "node:assert/strict";
import { onEveryEngine, onTheLifecycles } from "./everyEngine";
import type { Opener } from "./ScenarioStack";
import { bound, client, expectOk, login, owned, World } from "./World";

const site = "www.acme.example";

let world: World;

function eachWorld(engine: () => Opener): void {
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
}

onEveryEngine("drift", (engine) => {
  eachWorld(engine);

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
});

onTheLifecycles("drift", (engine) => {
  eachWorld(engine);

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
});
