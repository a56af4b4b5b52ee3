/** A login comes after the sites of its client without depending on them, so that no failure breaks the state. */
import assert from "node:assert/strict";
import { onEveryEngine } from "./everyEngine";
import { client, expectOk, login, owned, Scenario } from "./Scenario";

/** One that stays, so that BOA keeps the login, and one that is exchanged for another. */
const [STAYS, OLD, NEW] = ["www.acme.example", "old.acme.example", "new.acme.example"] as const;
const acme = client("acme", "Acme Corp");
const stays = owned(STAYS, "acme");
const linkedToTheClient = { ...login("acme", ""), args: { client: "${client:acme.internalName}" } };

onEveryEngine("the order of a login and its sites", (engine) => {
  let scenario: Scenario;
  beforeEach(async () => {
    scenario = await Scenario.open(engine());
    scenario.aegir.addSites([{ site: STAYS }, { site: OLD }]);
  });
  afterEach(() => scenario.close());

  it("ShellAccount: waits for the ownerships of its client that are declared before it", async () => {
    await scenario.up([acme, stays, owned(OLD, "acme"), linkedToTheClient]);
    assert.deepEqual(await scenario.sitesOf("o1.acme"), [OLD, STAYS]);
    assert.deepEqual((await scenario.up()).changes, { same: 4 });
  });

  it("ShellAccount: keeps the state readable with --continue-on-error when a site is exchanged and the new one fails", async () => {
    await scenario.up([acme, stays, owned(OLD, "acme"), linkedToTheClient]);
    scenario.declare([acme, stays, owned(NEW, "acme"), linkedToTheClient]);
    const failed = await scenario.stack.up({ continueOnError: true });
    assert.equal(failed.ok, false);
    assert.match(failed.diagnostics, /there is no site new\.acme\.example/);
    assert.equal(scenario.owner(OLD), "octopus123456");
    scenario.aegir.addSites([{ site: NEW }]);
    expectOk(await scenario.stack.up());
    assert.deepEqual(await scenario.sitesOf("o1.acme"), [NEW, STAYS]);
  });

  it("SiteOwnership.client: the state is lost in that case if the login takes its client from it, as the documentation warns", async () => {
    await scenario.up([acme, owned(OLD, "acme"), login("acme", OLD)]);
    scenario.declare([acme, owned(NEW, "acme"), login("acme", NEW)]);
    // The CLI panics, and the state that it leaves behind cannot be read.
    const said = await scenario.stack.up({ continueOnError: true }).then(({ output }) => output, String);
    assert.match(said, /snapshot integrity failure: resource \S+account:acme refers to missing dependency \S+site:old/);
  });
});
