/** A deployment that is killed half way loses nothing, with or without checkpoints of the state. */
import assert from "node:assert/strict";
import { onEveryEngine } from "./everyEngine";
import { client, expectOk, owned, Scenario } from "./Scenario";

const sites = Array.from({ length: 12 }, (_, index) => `site${index}.acme.example`);

onEveryEngine("a killed deployment", (engine) => {
  let scenario: Scenario;
  beforeEach(async () => {
    // One verify a second of the machine, so that there is a half way.
    scenario = await Scenario.open(engine(), { aegir: { queue: { everySeconds: 30 } } });
    scenario.aegir.addSites(sites.map((site) => ({ site })));
    scenario.declare([client("acme", "Acme Corp"), ...sites.map((site) => owned(site, "acme"))]);
  });
  afterEach(() => scenario.close());

  const owners = () => sites.filter((site) => scenario.owner(site) === "acme").length;

  for (const [how, env] of [
    ["with checkpoints", {}],
    ["without checkpoints", { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" }],
  ] as const) {
    it(`is completed by the next one, ${how}`, async () => {
      const kill = new AbortController();
      const killed = scenario.stack.up({ env, kill: kill.signal, parallel: 4 });
      while (owners() < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      kill.abort();
      assert.equal((await killed).ok, false);
      assert.ok(owners() < sites.length, "it was killed before the end");
      await scenario.stack.cancel();

      expectOk(await scenario.stack.up({ env }));
      assert.equal(owners(), sites.length);
      assert.equal(scenario.aegir.tables().clients.filter(({ internalName }) => internalName === "acme").length, 1);
      assert.deepEqual(
        scenario.aegir.ownerHistory.filter(({ owner }) => owner === null),
        [],
      );
      const { writes } = scenario.aegir.counts;
      assert.deepEqual((await scenario.up()).changes, { same: sites.length + 1 });
      assert.equal(scenario.aegir.counts.writes, writes);
    });
  }
});
