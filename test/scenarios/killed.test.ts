/** A deployment that is killed half way loses nothing, with or without checkpoints of the state. */
import assert from "node:assert/strict";
import { onEveryEngine } from "./everyEngine";
import { client, expectOk, owned, World } from "./World";

const sites = Array.from({ length: 12 }, (_, index) => `site${index}.acme.example`);

onEveryEngine("a killed deployment", (engine) => {
  let world: World;
  beforeEach(async () => {
    // One verify a second of the machine, so that there is a half way.
    world = await World.open(engine(), { aegir: { queue: { everySeconds: 30 } } });
    world.aegir.addSites(sites.map((site) => ({ site })));
    world.declare([client("acme", "Acme Corp"), ...sites.map((site) => owned(site, "acme"))]);
  });
  afterEach(() => world.close());

  const owners = () => sites.filter((site) => world.owner(site) === "acme").length;

  for (const [how, env] of [
    ["with checkpoints", {}],
    ["without checkpoints", { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" }],
  ] as const) {
    it(`is completed by the next one, ${how}`, async () => {
      const kill = new AbortController();
      const killed = world.stack.up({ env, kill: kill.signal, parallel: 4 });
      while (owners() < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      kill.abort();
      assert.equal((await killed).ok, false);
      assert.ok(owners() < sites.length, "it was killed before the end");
      await world.stack.cancel();

      expectOk(await world.stack.up({ env }));
      assert.equal(owners(), sites.length);
      assert.equal(world.aegir.tables().clients.filter(({ internalName }) => internalName === "acme").length, 1);
      assert.deepEqual(
        world.aegir.ownerHistory.filter(({ owner }) => owner === null),
        [],
      );
      const { writes } = world.aegir.counts;
      assert.deepEqual((await world.up()).changes, { same: sites.length + 1 });
      assert.equal(world.aegir.counts.writes, writes);
    });
  }
});
