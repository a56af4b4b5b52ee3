/** Replacement is create-before-delete, and what is still declared is never deleted. */
import assert from "node:assert/strict";
import { expectGolden } from "../engine/golden";
import { onEveryEngine, onTheLifecycles } from "./everyEngine";
import type { Declaration } from "./program/index";
import { bound, client, expectOk, login, owned, Scenario } from "./Scenario";
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

const access = (internalName: string): Declaration[] => {
  const declared = [
    client(internalName, "Acme Corp"),
    bound(internalName, "alice"),
    owned(site, internalName),
    login(internalName, site),
  ];
  // Logical names stay, so that only the internal name changes.
  const names = ["client", "binding", "site", "account"];
  return declared.map((declaration, index) => ({
    ...declaration,
    name: names[index]!,
    args: JSON.parse(
      JSON.stringify(declaration.args)
        .replace(/client:\w+\.internalName/, "client.internalName")
        .replace(/site:[\w.]+\.client/, "site.client"),
    ) as Record<string, unknown>,
  }));
};

onEveryEngine("replacement", (engine) => {
  eachWorld(engine);

  it("a new internal name moves people, sites and login before the old client goes", async () => {
    await scenario.up(access("acme"));
    scenario.declare(access("acme2"));
    const preview = expectOk(await scenario.stack.preview());
    assert.match(preview.output, /client:acme: becomes client:acme2: a new client node/);
    const renamed = expectOk(await scenario.stack.up({ parallel: 1 }));
    expectGolden("access/rename-of-a-client-that-owns-sites", engine(), renamed);

    assert.equal(scenario.owner(site), "acme2");
    assert.deepEqual(
      scenario.aegir
        .tables()
        .clients.filter(({ internalName }) => /acme/.test(internalName))
        .map(({ internalName }) => internalName),
      ["acme2"],
    );
    assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), [site]);
    assert.deepEqual(await scenario.sitesOf("o1.acme2"), [site]);
    const owners = scenario.aegir.ownerHistory.filter((state) => state.site === site).map(({ owner }) => owner);
    assert.deepEqual(owners, ["octopus123456", "acme", "acme2"]);
    assert.deepEqual((await scenario.up()).changes, { same: 4 });
  });

  it("changed logical names take no access away, and write nothing", async () => {
    await scenario.up(access("acme"));
    const { writes } = scenario.aegir.counts;
    const password = scenario.aegir.tables().passwordFiles["o1.acme"];
    const moved = access("acme").map((declaration) => ({
      ...declaration,
      name: `new-${declaration.name}`,
      args: JSON.parse(JSON.stringify(declaration.args).replace(/\$\{/g, "${new-")) as Record<string, unknown>,
    }));
    scenario.declare(moved);
    const outcome = expectOk(await scenario.stack.up({ parallel: 1 }));
    expectGolden("access/changed-logical-names", engine(), outcome);
    assert.equal(scenario.aegir.counts.writes, writes);
    assert.equal(scenario.owner(site), "acme");
    assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), [site]);
    assert.equal(scenario.aegir.tables().passwordFiles["o1.acme"], password);
    assert.match(outcome.output, /site:www\.acme\.example: is still declared/);
  });

  it("--replace of everything takes no access away, and writes nothing", async () => {
    const { steps } = await scenario.up(access("acme"));
    const { writes } = scenario.aegir.counts;
    expectOk(await scenario.stack.up({ replace: steps.map(({ urn }) => urn) }));
    assert.equal(scenario.aegir.counts.writes, writes);
    assert.equal(scenario.owner(site), "acme");
    assert.deepEqual(await scenario.sitesOf("o1.acme"), [site]);
  });

  it("a destroy with --run-program takes what was declared, as one without it", async () => {
    await scenario.up(access("acme"));
    expectOk(await scenario.stack.destroy({ runProgram: true }));
    assert.equal(scenario.owner(site), "octopus123456");
    assert.ok(!scenario.aegir.tables().clients.some(({ internalName }) => internalName === "acme"));
  });
});

onTheLifecycles("replacement", (engine) => {
  eachWorld(engine);

  it("a derived internal name does not follow a new name by itself (trap 4)", async () => {
    const derived = (name: string): Declaration[] => [{ type: "AegirClient", name: "client", args: { name } }];
    await scenario.up(derived("Acme Corp"));
    scenario.declare(derived("Acme Limited"));
    const outcome = await scenario.stack.up();
    assert.equal(outcome.ok, false);
    assert.match(outcome.output, /Write internalName: "acmecorp" to keep client, login and password/);
    assert.match(outcome.output, /write internalName: "acmelimited" to replace the client on purpose/);

    scenario.declare([
      { type: "AegirClient", name: "client", args: { name: "Acme Limited", internalName: "acmecorp" } },
    ]);
    const kept = expectOk(await scenario.stack.up());
    assert.deepEqual(kept.changes, { update: 1 });
    assert.equal(
      scenario.aegir.tables().clients.find(({ internalName }) => internalName === "acmecorp")?.name,
      "Acme Limited",
    );
  });
});
