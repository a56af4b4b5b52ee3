/** The order of a destroy, and its end. */
import assert from "node:assert/strict";
import { expectGolden } from "../engine/golden";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, login, owned, World } from "./World";

const site = "www.acme.example";

onEveryEngine("destroy", (engine) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(engine());
    world.aegir.addSites([{ site }]);
    world.aegir.panel.addUser({ name: "alice" });
  });
  afterEach(() => world.close());

  it("goes in the reverse order, and ends with every site at the default owner (traps 22, 32)", async () => {
    const declared = [
      client("acme", "Acme Corp", { waitForLogin: true }),
      bound("acme", "alice"),
      owned(site, "acme"),
      login("acme", site),
    ];
    await world.up(declared);
    const destroyed = expectOk(await world.stack.destroy({ parallel: 1 }));
    expectGolden("access/destroy-order", engine(), destroyed);
    assert.equal(world.owner(site), "octopus123456");
    assert.deepEqual(world.aegir.tables().sites.find((row) => row.site === site)!.links, ["octopus123456"]);
    assert.ok(!("o1.acme" in world.aegir.tables().passwordFiles), "waitForLogin waited until the login was gone");
    assert.ok(
      world.aegir.tables().users.some(({ name }) => name === "alice"),
      "the user stays",
    );
    assert.deepEqual(
      world.aegir.ownerHistory.filter(({ owner }) => owner === null),
      [],
    );
  });
});
