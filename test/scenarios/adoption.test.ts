/** A server with a past comes under code: it is dumped, adopted without a write, and dumped again byte for byte the same. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fullSeed } from "../aegir/seed";
import { onEveryEngine } from "./everyEngine";
import { Scenario } from "./Scenario";

onEveryEngine("adoption", (engine) => {
  let scenario: Scenario;
  beforeEach(async () => {
    scenario = await Scenario.open(engine(), { program: join(__dirname, "..", ".."), aegir: { seed: fullSeed } });
  });
  afterEach(() => scenario.close());

  async function dump(): Promise<string> {
    const { exitCode, stdout, stderr } = await scenario.look(["dump"]);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  }

  it("of everything that a server holds writes nothing there, and a second dump is byte for byte the first", async () => {
    const file = join(scenario.directory, "access.yaml");
    const first = await dump();
    writeFileSync(file, first);
    await scenario.configure({ "aegir-access:manifest": file });
    const before = scenario.aegir.digest();

    // What is read is the stack's own last deployment, to compare with.
    const changes = async () => ({ ...(await scenario.up()).changes, read: 0 });
    assert.deepEqual(
      await changes(),
      { create: 13, read: 0 },
      "three clients, six sites, three bindings and `access` come into the state",
    );
    assert.equal(scenario.aegir.counts.writes, 0);
    assert.equal(scenario.aegir.digest(), before);
    assert.equal(await dump(), first);

    assert.deepEqual(await changes(), { same: 13, read: 0 });
    assert.equal(scenario.aegir.counts.writes, 0);
  });
});
