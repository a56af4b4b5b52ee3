/** A server with a past comes under code: it is dumped, adopted without a write, and dumped again byte for byte the same. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fullSeed } from "../aegir/seed";
import { aegirAccess } from "../cli/command";
import { onEveryEngine } from "./everyEngine";
import { World } from "./World";

onEveryEngine("adoption", (engine) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(engine(), { program: join(__dirname, "..", ".."), aegir: { seed: fullSeed } });
  });
  afterEach(() => world.close());

  async function dump(): Promise<string> {
    const { host, port, user, hostKey } = world.aegir.drush;
    const file = join(world.directory, "servers.json");
    writeFileSync(file, JSON.stringify({ main: { connection: { host, port, user, hostKey } } }));
    const environment = { AEGIR_PRIVATE_KEY: world.aegir.drush.privateKey };
    const { exitCode, stdout, stderr } = await aegirAccess(["dump", "--config", file], { environment });
    assert.equal(exitCode, 0, stderr);
    return stdout;
  }

  it("of everything that a server holds writes nothing there, and a second dump is byte for byte the first", async () => {
    const file = join(world.directory, "access.yaml");
    const first = await dump();
    writeFileSync(file, first);
    await world.configure({ "aegir-access:manifest": file });
    const before = world.aegir.digest();

    // What is read is the stack's own last deployment, to compare with.
    const changes = async () => ({ ...(await world.up()).changes, read: 0 });
    assert.deepEqual(
      await changes(),
      { create: 13, read: 0 },
      "three clients, six sites, three bindings and `access` come into the state",
    );
    assert.equal(world.aegir.counts.writes, 0);
    assert.equal(world.aegir.digest(), before);
    assert.equal(await dump(), first);

    assert.deepEqual(await changes(), { same: 13, read: 0 });
    assert.equal(world.aegir.counts.writes, 0);
  });
});
