/** The keys of people in an access manifest: three have one, one leaves, and the login's password is rotated for that. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onEveryEngine } from "../scenarios/everyEngine";
import { Scenario } from "../scenarios/Scenario";
import { newKey } from "../support/keys";

const site = "www.acme.example";
const people = ["alice", "bob", "carol"] as const;
const keys = { alice: newKey(), bob: newKey(), carol: newKey() };

const manifest = (rotation: string, ...names: (keyof typeof keys)[]) => `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [${site}]
    shellAccount: { ${rotation}rotateOnLeave: true }
    users:
${names.map((name) => `      - { name: ${name}, keys: ["${keys[name].public} ${name}@laptop"] }\n`).join("")}`;

onEveryEngine("a stack with the keys of people", (engine) => {
  let scenario: Scenario;
  beforeEach(async () => {
    scenario = await Scenario.open(engine(), {
      program: join(__dirname, "..", ".."),
      aegir: { user: "root", owner: "o1", accountsUser: "root" },
    });
    await scenario.configure({ "aegir-access:manifest": join(scenario.directory, "access.yaml") });
    scenario.aegir.addSites([{ site }]);
    for (const name of people) scenario.aegir.panel.addUser({ name });
  });
  afterEach(() => scenario.close());

  const letsIn = (name: keyof typeof keys) => scenario.sitesByKey("o1.acme", keys[name]);
  const deploy = (text: string) => {
    writeFileSync(join(scenario.directory, "access.yaml"), text);
    return scenario.up();
  };
  const password = () => scenario.aegir.tables().passwordFiles["o1.acme"];

  for (const rotation of ["", "rotation: { everyDays: 80 }, "]) {
    const how = rotation === "" ? "without another rotation" : "beside a rotation by age";
    it(`keys in a manifest: who leaves is refused, the others stay, and the password is rotated once, ${how}`, async () => {
      await deploy(manifest(rotation, ...people));
      const first = password();
      for (const name of people) assert.deepEqual(await letsIn(name), [site]);
      const left = await deploy(manifest(rotation, "alice", "carol"));
      assert.ok(left.output.includes(keys.bob.fingerprint), "the preview names the key");
      const second = password();
      assert.notEqual(second, first);
      assert.deepEqual(
        [await letsIn("alice"), await letsIn("bob"), await letsIn("carol")],
        [[site], undefined, [site]],
      );
      const again = await deploy(manifest(rotation, "carol", "alice"));
      const changes = Object.keys(again.changes ?? {}).filter((kind) => kind !== "read");
      assert.deepEqual(changes, ["same"]);
      assert.equal(password(), second);
    });
  }
});
