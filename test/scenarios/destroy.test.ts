/** The order of a destroy, and its end. */
import assert from "node:assert/strict";
import { expectGolden } from "../engine/golden";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, login, owned, Scenario } from "./Scenario";

const site = "www.acme.example";

onEveryEngine("destroy", (engine) => {
  let scenario: Scenario;
  beforeEach(async () => {
    scenario = await Scenario.open(engine());
    scenario.aegir.addSites([{ site }]);
    scenario.aegir.panel.addUser({ name: "alice" });
  });
  afterEach(() => scenario.close());

  it("goes in the reverse order, and ends with every site at the default owner (traps 22, 32)", async () => {
    const declared = [
      client("acme", "Acme Corp", { waitForLogin: true }),
      bound("acme", "alice"),
      owned(site, "acme"),
      login("acme", site),
    ];
    await scenario.up(declared);
    const destroyed = expectOk(await scenario.stack.destroy({ parallel: 1 }));
    expectGolden("access/destroy-order", engine(), destroyed);
    assert.equal(scenario.owner(site), "octopus123456");
    assert.deepEqual(scenario.aegir.tables().sites.find((row) => row.site === site)!.links, ["octopus123456"]);
    assert.ok(!("o1.acme" in scenario.aegir.tables().passwordFiles), "waitForLogin waited until the login was gone");
    assert.ok(
      scenario.aegir.tables().users.some(({ name }) => name === "alice"),
      "the user stays",
    );
    assert.deepEqual(
      scenario.aegir.ownerHistory.filter(({ owner }) => owner === null),
      [],
    );
  });
});
