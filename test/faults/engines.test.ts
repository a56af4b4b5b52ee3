/**
 * Rows 29, 31 and 33 once more with a whole engine, which is killed with its provider process: what it recorded until
 * then, or recorded nothing of, or has lost, is all that the next run knows.
 */
import assert from "node:assert/strict";
import type { Requested } from "../aegir/Faults";
import { fullSeed } from "../aegir/seed";
import { onEveryEngine } from "../scenarios/everyEngine";
import type { Declaration } from "../scenarios/program";
import { client, expectOk, owned, World } from "../scenarios/World";
import { oneOfEach, serverHolds } from "./checker";
import { access, MAIL, moved, OURS, SITE } from "./Trial";

const SKIPPING = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };
const withoutMail = client("nova", "Nova Ltd");
const renamed = client("nova", "Nova Incorporated", { email: MAIL });

interface Kill {
  row: 29 | 31 | 33;
  what: string;
  before: Declaration[];
  after: Declaration[];
  verb: Requested;
  moment: "begun" | "committed";
  memory: "recorded" | "without checkpoints" | "with its state lost";
}

const kills: Kill[] = [
  {
    row: 29,
    what: "a client is created",
    before: [],
    after: access(),
    verb: "createClient",
    moment: "committed",
    memory: "recorded",
  },
  {
    row: 29,
    what: "a person is bound",
    before: [],
    after: access(),
    verb: "bind",
    moment: "committed",
    memory: "with its state lost",
  },
  {
    row: 29,
    what: "a site gets its owner",
    before: [],
    after: access(),
    verb: "setOwner",
    moment: "committed",
    memory: "without checkpoints",
  },
  {
    row: 31,
    what: "a client was renamed, and its person is made",
    before: [withoutMail],
    after: [renamed],
    verb: "ensureUser",
    moment: "begun",
    memory: "recorded",
  },
  {
    row: 31,
    what: "a password is rotated",
    before: access({ rotation: "1" }),
    after: access({ rotation: "2" }),
    verb: "unlink",
    moment: "committed",
    memory: "without checkpoints",
  },
  {
    row: 31,
    what: "everything is replaced, and the site moves",
    before: access(),
    after: moved,
    verb: "setOwner",
    moment: "committed",
    memory: "recorded",
  },
  {
    row: 33,
    what: "a client is deleted",
    before: [withoutMail, owned(SITE, "nova")],
    after: [],
    verb: "deleteClient",
    moment: "committed",
    memory: "without checkpoints",
  },
];

onEveryEngine("an engine that is killed", (engine) => {
  for (const { row, what, before, after, verb, moment, memory } of kills) {
    it(`row ${row}: ${moment === "begun" ? "before" : "after"} it, ${memory}, when ${what}`, async () => {
      const world = await World.open(engine(), { aegir: { seed: fullSeed } });
      try {
        const { aegir, stack } = world;
        aegir.addSites([{ site: SITE }]);
        const others = aegir.digest(OURS);
        if (before.length > 0) await world.up(before);
        const env = memory === "without checkpoints" ? SKIPPING : {};
        const empty = await stack.exportState();
        const kill = new AbortController();
        const hold = aegir.faults.holdRequest(verb, moment);
        world.declare(after);
        const running = stack.up({ env, kill: kill.signal });
        await Promise.race([hold.reached, running.then(({ output }) => assert.fail(output))]);
        kill.abort();
        assert.equal((await running).ok, false);
        await stack.cancel();
        if (memory === "with its state lost") await stack.importState(empty);

        const { unlinks } = aegir.counts;
        expectOk(await stack.up({ env }));
        serverHolds(aegir, after);
        oneOfEach(aegir);
        assert.equal(aegir.counts.unlinks, unlinks, "no password is rotated twice");
        const { writes } = aegir.counts;
        assert.deepEqual((await world.up()).changes, after.length > 0 ? { same: after.length } : {});
        assert.equal(aegir.counts.writes, writes);
        assert.equal(aegir.digest(OURS), others);
      } finally {
        await world.close();
      }
    });
  }
});
