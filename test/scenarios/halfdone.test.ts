/** A resource that is recorded as half done can be refreshed, taken back, removed and destroyed like any other. */
import assert from "node:assert/strict";
import { onEveryEngine, onTheLifecycles } from "./everyEngine";
import { bound, client, expectOk, owned, Scenario } from "./Scenario";
import type { Opener } from "./ScenarioStack";

const site = "www.acme.example";

let scenario: Scenario;

function eachWorld(engine: () => Opener): void {
  beforeEach(async () => {
    scenario = await Scenario.open(engine());
    scenario.aegir.addSites([{ site }]);
    scenario.aegir.panel.addUser({ name: "alice" });
  });
  afterEach(() => scenario.close());
}

const half = async (): Promise<void> => {
  scenario.aegir.faults.nextVerify(site, "failure");
  scenario.declare([client("acme", "Acme Corp"), owned(site, "acme")]);
  assert.equal((await scenario.stack.up()).ok, false);
};

onEveryEngine("half done", (engine) => {
  eachWorld(engine);

  it("it is refreshed and repaired by up --refresh", async () => {
    await half();
    expectOk(await scenario.stack.refresh());
    expectOk(await scenario.stack.up({ refresh: true }));
    assert.deepEqual(scenario.aegir.tables().sites.find((row) => row.site === site)!.links, ["acme"]);
  });
});

onTheLifecycles("half done", (engine) => {
  eachWorld(engine);

  it("it is destroyed", async () => {
    await half();
    expectOk(await scenario.stack.destroy());
    assert.equal(scenario.owner(site), "octopus123456");
  });

  it("it is removed", async () => {
    await half();
    await scenario.up([client("acme", "Acme Corp")]);
    assert.equal(scenario.owner(site), "octopus123456");
  });

  it("a move that failed on the way is taken back", async () => {
    const both = [client("acme", "Acme Corp"), client("beta", "Beta GmbH")];
    await scenario.up([...both, owned(site, "acme")]);
    for (const time of [2, 3]) scenario.aegir.faults.onRequest("site", "fatal", time);
    scenario.declare([...both, owned(site, "beta")]);
    assert.equal((await scenario.stack.up()).ok, false);
    await scenario.up([...both, owned(site, "acme")]);
    assert.equal(scenario.owner(site), "acme");
    assert.deepEqual(scenario.aegir.tables().sites.find((row) => row.site === site)!.links, ["acme"]);
  });

  it("a server that gets another name takes no access away", async () => {
    const declared = (server: string) => [
      client("acme", "Acme Corp", { server }),
      bound("acme", "alice", { server }),
      owned(site, "acme", { server }),
    ];
    await scenario.up(declared("main"));
    const { writes } = scenario.aegir.counts;
    const servers = { main: scenario.aegir.configuration(), prod: scenario.aegir.configuration() };
    await scenario.configure({ "aegir:servers": { secret: JSON.stringify(servers) } });
    await scenario.up(declared("prod"));
    assert.equal(scenario.owner(site), "acme");
    assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), [site]);
    assert.equal(scenario.aegir.counts.writes, writes);
  });
});
