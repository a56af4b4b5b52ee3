/** What others change is seen by a refresh, and repaired by the next up - never overwritten unseen. */
import assert from "node:assert/strict";
import { onEveryEngine, onTheLifecycles } from "./everyEngine";
import { bound, client, expectOk, login, owned, Scenario } from "./Scenario";
import type { Opener } from "./ScenarioStack";

const site = "www.acme.example";

let scenario: Scenario;

function eachWorld(engine: () => Opener): void {
  beforeEach(async () => {
    scenario = await Scenario.open(engine());
    scenario.aegir.addSites([{ site }]);
    scenario.aegir.panel.addUser({ name: "alice" });
    scenario.aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
    await scenario.up([
      client("acme", "Acme Corp", { email: "it@acme.example" }),
      bound("acme", "alice"),
      owned(site, "acme"),
      login("acme", site),
    ]);
  });
  afterEach(() => scenario.close());
}

onEveryEngine("drift", (engine) => {
  eachWorld(engine);

  it("a refresh keeps inputs that the server knows nothing of", async () => {
    const declared = [
      client("acme", "Acme Corp", { email: "it@acme.example", welcomeMail: true, onExisting: "adopt" }),
      bound("acme", "alice"),
      bound("acme", "bob", { createUser: { email: "bob@acme.example" } }),
      owned(site, "acme", { takeOverFrom: "beta" }),
      login("acme", site),
    ];
    await scenario.up(declared);
    const inputs = async () =>
      (await scenario.stack.exportState()).deployment
        .resources!.filter(({ type }) => /dynamic\/aegir:/.test(String(type)))
        .map((resource) => resource["inputs"]);
    const before = await inputs();
    const refreshed = expectOk(await scenario.stack.refresh());
    assert.deepEqual(await inputs(), before);
    assert.doesNotMatch(refreshed.output, /takeOverFrom|createUser|onExisting/);
    assert.deepEqual((await scenario.up()).changes, { same: 5 });
  });

  it("a refresh that finds nothing changed changes nothing", async () => {
    const refreshed = expectOk(await scenario.stack.refresh());
    assert.deepEqual(
      Object.keys(refreshed.changes).filter((operation) => operation !== "same" && operation !== "refresh"),
      [],
    );
    assert.deepEqual((await scenario.up()).changes, { same: 4 });
  });
});

onEveryEngine("a refresh", (engine) => {
  eachWorld(engine);

  it("calls drift drift, and announces only what will be done", async () => {
    scenario.aegir.panel.addClient({ name: "Gamma", internalName: "gamma" });
    scenario.aegir.panel.setOwner(site, "Gamma");
    scenario.aegir.panel.saveClient("acme", { title: "Acme by hand" });
    scenario.aegir.runQueue();
    scenario.declare([
      client("acme", "Acme Limited", { email: "it@acme.example" }),
      client("beta", "Beta GmbH"),
      bound("acme", "alice"),
      owned(site, "beta"),
    ]);
    const { output } = expectOk(await scenario.stack.up({ refresh: true }));
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
      const users = () => scenario.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!.users;
      scenario.aegir.panel.unbind("acme", "alice");
      scenario.aegir.panel.setOwner(site, "Beta GmbH");
      scenario.aegir.runQueue();
      if (isKnown) expectOk(await scenario.stack.refresh());
      await scenario.aegir.down();
      await scenario.aegir.up({ newHostKey: true });
      await scenario.configure({
        "aegir:servers": { secret: JSON.stringify({ main: scenario.aegir.configuration() }) },
      });
      const blind = await scenario.stack.up({ refresh: true, continueOnError: true });
      assert.equal(blind.ok, false, blind.output);
      assert.match(blind.output, /Run `pulumi up --refresh`/);
      assert.deepEqual([users().includes("alice"), scenario.owner(site)], [false, "beta"]);
      expectOk(await scenario.stack.up({ refresh: true, continueOnError: true }));
      assert.deepEqual([users().includes("alice"), scenario.owner(site)], [true, "acme"]);
    });
  }

  it("announces the repair of drift once", async () => {
    scenario.aegir.panel.setOwner(site, "Beta GmbH");
    scenario.aegir.runQueue();
    const { diagnostics } = expectOk(await scenario.stack.up({ refresh: true }));
    assert.equal(diagnostics.match(/moves from beta to acme/g)?.length, 1, diagnostics);
  });
});

onTheLifecycles("mass drift", (engine) => {
  const sites = Array.from({ length: 12 }, (_, index) => `site${index}.acme.example`);
  const people = Array.from({ length: 12 }, (_, index) => `person${index}`);
  beforeEach(async () => {
    scenario = await Scenario.open(engine());
    scenario.aegir.addSites(sites.map((each) => ({ site: each })));
    for (const name of people) scenario.aegir.panel.addUser({ name });
    scenario.aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
    await scenario.up([
      client("acme", "Acme Corp"),
      ...people.map((name) => bound("acme", name)),
      ...sites.map((each) => owned(each, "acme")),
    ]);
  });
  afterEach(() => scenario.close());

  const moveByHand = (moved: string[]) => moved.forEach((each) => scenario.aegir.panel.setOwner(each, "Beta GmbH"));
  const owners = () => [...new Set(sites.map((each) => scenario.owner(each)))];

  it("is shown and not undone, night after night, until a person says which side is right", async () => {
    moveByHand(sites);
    const { writes } = scenario.aegir.counts;
    for (const night of ["first", "second"]) {
      const refused = await scenario.stack.up({ refresh: true, continueOnError: true });
      assert.equal(refused.ok, false, night);
      assert.match(
        refused.output,
        /12 of 24 sites and bindings were changed by hand \(site\d+\.acme\.example from acme to beta/,
      );
      assert.match(refused.output, /Nothing was changed\. Declare the current situation, or confirm/);
      assert.deepEqual(owners(), ["beta"]);
      assert.equal(scenario.aegir.counts.writes, writes);
    }
    const { main } = { main: scenario.aegir.configuration() };
    const today = new Date().toISOString().slice(0, 10);
    await scenario.configure({
      "aegir:servers": { secret: JSON.stringify({ main: { ...main, undoDriftUntil: today } }) },
    });
    expectOk(await scenario.stack.up({ refresh: true }));
    assert.deepEqual(owners(), ["acme"]);
  });

  it("is right as it is, if it is declared so", async () => {
    moveByHand(sites);
    scenario.declare([
      client("acme", "Acme Corp"),
      client("beta", "Beta GmbH"),
      ...people.map((name) => bound("acme", name)),
      ...sites.map((each) => owned(each, "beta")),
    ]);
    expectOk(await scenario.stack.up({ refresh: true }));
    assert.deepEqual(owners(), ["beta"]);
  });

  it("counts people who were unbound as well, and what is below the limits is repaired", async () => {
    moveByHand(sites.slice(0, 4));
    for (const name of people.slice(0, 4)) scenario.aegir.panel.unbind("acme", name);
    expectOk(await scenario.stack.up({ refresh: true }));
    assert.deepEqual(owners(), ["acme"]);
    moveByHand(sites.slice(0, 6));
    for (const name of people.slice(0, 6)) scenario.aegir.panel.unbind("acme", name);
    for (const night of ["first", "second"]) {
      const refused = await scenario.stack.up({ refresh: true, continueOnError: true });
      assert.equal(refused.ok, false, night);
      assert.match(refused.output, /12 of 24 sites and bindings were changed by hand/);
      const acme = scenario.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!;
      assert.ok(!acme.users.includes("person0"));
    }
  });

  it("does not stop the removal of what is no longer declared", async () => {
    moveByHand(sites);
    scenario.declare([
      client("acme", "Acme Corp"),
      ...people.slice(1).map((name) => bound("acme", name)),
      ...sites.map((each) => owned(each, "acme")),
    ]);
    assert.equal((await scenario.stack.up({ refresh: true, continueOnError: true })).ok, false);
    const acme = scenario.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!;
    assert.ok(!acme.users.includes("person0"));
  });
});

onTheLifecycles("drift", (engine) => {
  eachWorld(engine);

  it("a client's user whose address was changed is drift of email", async () => {
    scenario.aegir.panel.setMail("acme", "somebody@else.example");
    scenario.aegir.panel.addUser({ name: "it", mail: "it@acme.example" });
    const repaired = expectOk(await scenario.stack.up({ refresh: true }));
    assert.equal(repaired.changes.update, 1);
    const users = scenario.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!.users;
    assert.deepEqual(users, ["acme", "alice", "it"]);
  });

  it("is undone only by a run that has counted it: one without a refresh fails, and changes nothing", async () => {
    const users = () => scenario.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!.users;
    scenario.aegir.panel.setOwner(site, "Beta GmbH");
    scenario.aegir.panel.unbind("acme", "alice");
    scenario.aegir.runQueue();
    expectOk(await scenario.stack.refresh());
    const refused = await scenario.stack.up({ continueOnError: true });
    assert.equal(refused.ok, false);
    assert.equal(
      refused.diagnostics.match(/no refresh in this run has counted what else was/g)?.length,
      2,
      refused.output,
    );
    assert.deepEqual([scenario.owner(site), users().includes("alice")], ["beta", false]);
    expectOk(await scenario.stack.up({ refresh: true }));
    assert.deepEqual([scenario.owner(site), users().includes("alice")], ["acme", true]);
  });

  it("links that show the files to another client are drift, and a verify repairs them (trap 13)", async () => {
    scenario.aegir.panel.setOwner(site, "Beta GmbH");
    scenario.aegir.runQueue();
    scenario.aegir.faults.nextVerify(site, "failure");
    scenario.aegir.panel.setOwner(site, "Acme Corp");
    scenario.aegir.runQueue();
    assert.deepEqual(scenario.aegir.tables().sites.find((row) => row.site === site)!.links, ["beta"]);
    const repaired = expectOk(await scenario.stack.up({ refresh: true }));
    assert.match(repaired.output, /site:www\.acme\.example: is recorded for acme, but its files are not linked so/);
    assert.deepEqual(scenario.aegir.tables().sites.find((row) => row.site === site)!.links, ["acme"]);
  });
});
