/** The main job as stories, on every engine that is there. */
import assert from "node:assert/strict";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, login, owned, World } from "./World";

const site = "www.acme.example";

onEveryEngine("access", (engine) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(engine());
    world.aegir.addSites([{ site }]);
    world.aegir.panel.addUser({ name: "alice" });
  });
  afterEach(() => world.close());

  const acme = [client("acme", "Acme Corp"), bound("acme", "alice"), owned(site, "acme"), login("acme", site)];

  it("a client, its user, its site and its login come true, and a second up changes and writes nothing", async () => {
    world.declare(acme);
    expectOk(await world.stack.preview());
    assert.equal(world.aegir.counts.writes, 0);
    await world.up();
    assert.equal(world.owner(site), "acme");
    assert.deepEqual(world.aegir.panel.sitesOf("alice"), [site]);
    assert.deepEqual(await world.sitesOf("o1.acme"), [site]);

    const { writes } = world.aegir.counts;
    const again = await world.up();
    assert.deepEqual(again.changes, { same: 4 });
    assert.equal(world.aegir.counts.writes, writes);
  });
});
