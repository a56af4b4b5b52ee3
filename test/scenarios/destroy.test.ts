/** What a destroy takes, hands over, refuses and leaves. */
import assert from "node:assert/strict";
import { expectGolden } from "../engine/golden";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, login, owned, World } from "./World";

const site = "www.acme.example";
const other = "shop.acme.example";

onEveryEngine("destroy", (engine) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(engine());
    world.aegir.addSites([{ site }, { site: other }]);
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

  it("refuses a client that still has undeclared sites, bindings or platforms, and lists them (trap 10)", async () => {
    await world.up([client("acme", "Acme Corp"), owned(site, "acme")]);
    world.aegir.panel.setOwner(other, "Acme Corp");
    world.aegir.panel.bind("acme", "alice");
    world.aegir.panel.addPlatform("private-platform", ["acme"]);
    world.aegir.runQueue();
    const refused = await world.stack.destroy();
    assert.equal(refused.ok, false);
    assert.match(
      refused.output,
      /the client acme still has sites shop\.acme\.example; bindings of alice; platforms that allow it: private-platform/,
    );
    assert.equal(world.owner(other), "acme");
  });

  it("hands undeclared sites over and drops bindings where told so, but never a platform's last row (trap 10)", async () => {
    const onDestroy = { sites: "default-owner", bindings: "drop", platforms: "drop" };
    await world.up([client("acme", "Acme Corp", { onDestroy })]);
    world.aegir.panel.setOwner(other, "Acme Corp");
    world.aegir.panel.bind("acme", "alice");
    world.aegir.panel.addPlatform("private-platform", ["acme"]);
    world.aegir.runQueue();
    const refused = await world.stack.destroy();
    assert.match(refused.output, /the client acme is the only one allowed on private-platform/);
    assert.equal(world.owner(other), "acme");

    world.aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
    world.aegir.panel.addPlatform("shared-platform", ["acme", "beta"]);
    world.aegir.drupal.database.hosting_platform_client_access.delete(
      ({ pid }) => world.aegir.drupal.database.node.get(pid)?.title === "private-platform",
    );
    expectOk(await world.stack.destroy());
    assert.equal(world.owner(other), "octopus123456");
    assert.deepEqual(
      world.aegir.tables().platformAccess.filter(({ platform }) => platform === "shared-platform"),
      [{ platform: "shared-platform", client: "beta" }],
    );
  });

  it("leaves a site alone that belongs to somebody else by now", async () => {
    world.aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
    await world.up([client("acme", "Acme Corp"), owned(site, "acme"), owned(other, "acme", { onDestroy: "leave" })]);
    world.aegir.panel.setOwner(site, "Beta GmbH");
    world.aegir.panel.setOwner(other, "Beta GmbH");
    world.aegir.runQueue();
    expectOk(await world.stack.destroy());
    assert.equal(world.owner(site), "beta");
    assert.equal(world.owner(other), "beta");
  });

  it("hands a site to a named client", async () => {
    world.aegir.panel.addClient({ name: "Beta GmbH", internalName: "beta" });
    await world.up([client("acme", "Acme Corp"), owned(site, "acme", { onDestroy: "client:beta" })]);
    expectOk(await world.stack.destroy());
    assert.equal(world.owner(site), "beta");
  });

  it("removes one pair and leaves the other bindings of both", async () => {
    world.aegir.panel.addUser({ name: "bob" });
    await world.up([client("acme", "Acme Corp"), bound("acme", "alice")]);
    world.aegir.panel.bind("acme", "bob");
    const untouched = world.aegir.digest({ users: ["alice"] });
    world.declare([client("acme", "Acme Corp")]);
    expectOk(await world.stack.up());
    assert.deepEqual(world.aegir.tables().clients.find(({ internalName }) => internalName === "acme")!.users, ["bob"]);
    assert.equal(world.aegir.digest({ users: ["alice"] }), untouched);
  });
});
