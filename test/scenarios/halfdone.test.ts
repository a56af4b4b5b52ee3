/** A resource that is recorded as half done can be refreshed, taken back, removed and destroyed like any other. */
import assert from "node:assert/strict";
import { onEveryEngine, onTheLifecycles } from "./everyEngine";
import type { Opener } from "./ScenarioStack";
import { bound, client, expectOk, owned, World } from "./World";

const site = "www.acme.example";

let world: World;

function eachWorld(engine: () => Opener): void {
  beforeEach(async () => {
    world = await World.open(engine());
    world.aegir.addSites([{ site }]);
    world.aegir.panel.addUser({ name: "alice" });
  });
  afterEach(() => world.close());
}

const half = async (): Promise<void> => {
  world.aegir.faults.nextVerify(site, "failure");
  world.declare([client("acme", "Acme Corp"), owned(site, "acme")]);
  assert.equal((await world.stack.up()).ok, false);
};

onEveryEngine("half done", (engine) => {
  eachWorld(engine);

  it("it is refreshed and repaired by up --refresh", async () => {
    await half();
    expectOk(await world.stack.refresh());
    expectOk(await world.stack.up({ refresh: true }));
    assert.deepEqual(world.aegir.tables().sites.find((row) => row.site === site)!.links, ["acme"]);
  });
});

onTheLifecycles("half done", (engine) => {
  eachWorld(engine);

  it("it is destroyed", async () => {
    await half();
    expectOk(await world.stack.destroy());
    assert.equal(world.owner(site), "octopus123456");
  });

  it("it is removed", async () => {
    await half();
    await world.up([client("acme", "Acme Corp")]);
    assert.equal(world.owner(site), "octopus123456");
  });

  it("a move that failed on the way is taken back", async () => {
    const both = [client("acme", "Acme Corp"), client("beta", "Beta GmbH")];
    await world.up([...both, owned(site, "acme")]);
    for (const time of [2, 3]) world.aegir.faults.onRequest("site", "fatal", time);
    world.declare([...both, owned(site, "beta")]);
    assert.equal((await world.stack.up()).ok, false);
    await world.up([...both, owned(site, "acme")]);
    assert.equal(world.owner(site), "acme");
    assert.deepEqual(world.aegir.tables().sites.find((row) => row.site === site)!.links, ["acme"]);
  });

  it("a server that gets another name costs nobody access", async () => {
    const declared = (server: string) => [
      client("acme", "Acme Corp", { server }),
      bound("acme", "alice", { server }),
      owned(site, "acme", { server }),
    ];
    await world.up(declared("main"));
    const { writes } = world.aegir.counts;
    const servers = { main: world.aegir.configuration(), prod: world.aegir.configuration() };
    await world.configure({ "aegir:servers": { secret: JSON.stringify(servers) } });
    await world.up(declared("prod"));
    assert.equal(world.owner(site), "acme");
    assert.deepEqual(world.aegir.panel.sitesOf("alice"), [site]);
    assert.equal(world.aegir.counts.writes, writes);
  });
});
