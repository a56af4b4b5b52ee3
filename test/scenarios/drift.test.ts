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

onEveryEngine("a refresh", (engine) => {
  eachWorld(engine);

  it("calls drift drift, and announces only what will be done", async () => {
    world.aegir.panel.addClient({ name: "Gamma", internalName: "gamma" });
    world.aegir.panel.setOwner(site, "Gamma");
    world.aegir.panel.saveClient("acme", { title: "Acme by hand" });
    world.aegir.runQueue();
    world.declare([
      client("acme", "Acme Limited", { email: "it@acme.example" }),
      client("beta", "Beta GmbH"),
      bound("acme", "alice"),
      owned(site, "beta"),
    ]);
    const { output } = expectOk(await world.stack.up({ refresh: true }));
    assert.match(output, /was moved by hand: it belongs to gamma now, and this stack gave it to acme\./);
    assert.match(output, /moves from gamma to beta: /);
    assert.doesNotMatch(output, /moves from gamma to acme/);
    assert.match(output, /was renamed by hand: it is called "Acme by hand" now, and was declared as "Acme Corp"\./);
    assert.match(output, /is renamed from "Acme by hand" to "Acme Limited"/);
    assert.doesNotMatch(output, /is renamed from "Acme by hand" to "Acme Corp"/);
  });

  for (const isKnown of [false, true]) {
    const title = isKnown ? "which an earlier one has shown" : "which none has shown";
    it(`that cannot look, because the pinned host key is an old one, has its update undo nothing ${title}`, async () => {
      const users = () => world.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!.users;
      world.aegir.panel.unbind("acme", "alice");
      world.aegir.panel.setOwner(site, "Beta GmbH");
      world.aegir.runQueue();
      if (isKnown) expectOk(await world.stack.refresh());
      await world.aegir.down();
      await world.aegir.up({ newHostKey: true });
      await world.configure({ "aegir:servers": { secret: JSON.stringify({ main: world.aegir.configuration() }) } });
      const blind = await world.stack.up({ refresh: true, continueOnError: true });
      assert.equal(blind.ok, false, blind.output);
      assert.match(blind.output, /Run `pulumi up --refresh`/);
      assert.deepEqual([users().includes("alice"), world.owner(site)], [false, "beta"]);
      expectOk(await world.stack.up({ refresh: true, continueOnError: true }));
      assert.deepEqual([users().includes("alice"), world.owner(site)], [true, "acme"]);
    });
  }

  it("announces the repair of drift once", async () => {
    world.aegir.panel.setOwner(site, "Beta GmbH");
    world.aegir.runQueue();
    const { output } = expectOk(await world.stack.up({ refresh: true }));
    assert.equal(output.match(/moves from beta to acme/g)?.length, 1, output);
  });
});

onTheLifecycles("mass drift", (engine) => {
  const sites = Array.from({ length: 12 }, (_, index) => `site${index}.acme.example`);
  const people = Array.from({ length: 12 }, (_, index) => `person${index}`);
  beforeEach(async () => {
    world = await World.open(engine());
    world.aegir.addSites(sites.map((each) => ({ site: each })));
    for (const name of people) world.aegir.panel.addUser({ name });
    world.aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
    await world.up([
      client("acme", "Acme Corp"),
      ...people.map((name) => bound("acme", name)),
      ...sites.map((each) => owned(each, "acme")),
    ]);
  });
  afterEach(() => world.close());

  const moveByHand = (moved: string[]) => moved.forEach((each) => world.aegir.panel.setOwner(each, "Beta GmbH"));
  const owners = () => [...new Set(sites.map((each) => world.owner(each)))];

  it("is shown and not undone, night after night, until a person says which side is right", async () => {
    moveByHand(sites);
    const { writes } = world.aegir.counts;
    for (const night of ["first", "second"]) {
      const refused = await world.stack.up({ refresh: true, continueOnError: true });
      assert.equal(refused.ok, false, night);
      assert.match(
        refused.output,
        /12 of 24 sites and bindings were changed by hand \(site\d+\.acme\.example from acme to beta/,
      );
      assert.match(refused.output, /Nothing was changed\. Declare the current situation, or confirm/);
      assert.deepEqual(owners(), ["beta"]);
      assert.equal(world.aegir.counts.writes, writes);
    }
    const { main } = { main: world.aegir.configuration() };
    const today = new Date().toISOString().slice(0, 10);
    await world.configure({
      "aegir:servers": { secret: JSON.stringify({ main: { ...main, undoDriftUntil: today } }) },
    });
    expectOk(await world.stack.up({ refresh: true }));
    assert.deepEqual(owners(), ["acme"]);
  });

  it("is right as it is, if it is declared so", async () => {
    moveByHand(sites);
    world.declare([
      client("acme", "Acme Corp"),
      client("beta", "Beta GmbH"),
      ...people.map((name) => bound("acme", name)),
      ...sites.map((each) => owned(each, "beta")),
    ]);
    expectOk(await world.stack.up({ refresh: true }));
    assert.deepEqual(owners(), ["beta"]);
  });

  it("counts people who were unbound as well, and what is below the limits is repaired", async () => {
    moveByHand(sites.slice(0, 4));
    for (const name of people.slice(0, 4)) world.aegir.panel.unbind("acme", name);
    expectOk(await world.stack.up({ refresh: true }));
    assert.deepEqual(owners(), ["acme"]);
    moveByHand(sites.slice(0, 6));
    for (const name of people.slice(0, 6)) world.aegir.panel.unbind("acme", name);
    for (const night of ["first", "second"]) {
      const refused = await world.stack.up({ refresh: true, continueOnError: true });
      assert.equal(refused.ok, false, night);
      assert.match(refused.output, /12 of 24 sites and bindings were changed by hand/);
      const acme = world.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!;
      assert.ok(!acme.users.includes("person0"));
    }
  });

  it("does not stop the removal of what is no longer declared", async () => {
    moveByHand(sites);
    world.declare([
      client("acme", "Acme Corp"),
      ...people.slice(1).map((name) => bound("acme", name)),
      ...sites.map((each) => owned(each, "acme")),
    ]);
    assert.equal((await world.stack.up({ refresh: true, continueOnError: true })).ok, false);
    const acme = world.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!;
    assert.ok(!acme.users.includes("person0"));
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

  it("is undone only by a run that has counted it: one without a refresh fails, and changes nothing", async () => {
    const users = () => world.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!.users;
    world.aegir.panel.setOwner(site, "Beta GmbH");
    world.aegir.panel.unbind("acme", "alice");
    world.aegir.runQueue();
    expectOk(await world.stack.refresh());
    const refused = await world.stack.up({ continueOnError: true });
    assert.equal(refused.ok, false);
    assert.equal(refused.output.match(/no refresh in this run has counted what else was/g)?.length, 2, refused.output);
    assert.deepEqual([world.owner(site), users().includes("alice")], ["beta", false]);
    expectOk(await world.stack.up({ refresh: true }));
    assert.deepEqual([world.owner(site), users().includes("alice")], ["acme", true]);
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
