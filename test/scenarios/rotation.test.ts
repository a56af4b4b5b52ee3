/** A new password is a new account: once per new value, proven by the file, and never when there would be none again. */
import assert from "node:assert/strict";
import { PlainFiles } from "../support/PlainClient";
import { onEveryEngine, onTheLifecycles } from "./everyEngine";
import { client, expectOk, login, owned, Scenario } from "./Scenario";
import type { Opener } from "./ScenarioStack";

const site = "www.acme.example";

let scenario: Scenario;
const rotation = (value: string, args: Record<string, unknown> = {}) => [
  client("acme", "Acme Corp"),
  owned(site, "acme"),
  login("acme", site, { rotation: value, ...args }),
];
const password = () => scenario.aegir.tables().passwordFiles["o1.acme"]!.trimEnd();

function eachWorld(engine: () => Opener): void {
  beforeEach(async () => {
    scenario = await Scenario.open(engine());
    scenario.aegir.addSites([{ site }]);
    await scenario.up(rotation("1"));
  });
  afterEach(() => scenario.close());
}

onEveryEngine("rotation", (engine) => {
  eachWorld(engine);

  it("the preview says what is lost, and the next up does not repeat it (traps 14, 15)", async () => {
    const old = password();
    scenario.declare(rotation("2"));
    const preview = expectOk(await scenario.stack.preview());
    assert.match(
      preview.output,
      /account:o1\.acme: gets a new password: BOA deletes the account with its home and SSH keys/,
    );
    assert.equal(password(), old);
    await scenario.up();
    const now = password();
    assert.notEqual(now, old);
    assert.deepEqual((await scenario.up()).changes, { same: 3 });
    assert.equal(password(), now);
  });

  it("the password is a secret in the state, and in none of it with passwordInState: false (trap 30)", async () => {
    const first = password();
    const state = JSON.stringify(await scenario.stack.exportState());
    assert.ok(!state.includes(first));
    await scenario.up(rotation("1", { passwordInState: false }));
    const account = (await scenario.stack.exportState()).deployment.resources!.find(
      ({ id }) => id === "account:o1.acme",
    );
    // A secret null: what AES-GCM encrypts is as long as its plain text and a tag of 16 bytes.
    const { ciphertext } = (account!["outputs"] as { password: { ciphertext: string } }).password;
    assert.equal(Buffer.from(ciphertext.split(":")[2]!, "base64").length, "null".length + 16);
  });
});

onTheLifecycles("rotation", (engine) => {
  eachWorld(engine);

  it("a rotation that happened behind our back is read back, not repeated (trap 14)", async () => {
    const old = password();
    const files = await PlainFiles.open(scenario.aegir.accounts);
    await files.unlink("/users/o1.acme");
    files.close();
    scenario.aegir.runCron();
    const rotated = password();
    assert.notEqual(rotated, old);
    const outcome = await scenario.up(rotation("2"));
    assert.match(outcome.output, /the rotation has happened already/);
    assert.equal(password(), rotated);
  });

  it("a client whose sites have left gets no rotation, because there would be no account again (trap 14)", async () => {
    const old = password();
    // The site leaves in the panel, and BOA's cron is stopped, so that the login is still there.
    scenario.aegir.panel.setOwner(site, "Octopus123456");
    scenario.aegir.faults.lockFiles.add("/run/manage_ltd_users.pid");
    scenario.aegir.runQueue();
    scenario.declare([
      client("acme", "Acme Corp"),
      { ...login("acme", site), args: { client: "acme", rotation: "2" } },
    ]);
    const outcome = await scenario.stack.up({ continueOnError: true });
    assert.equal(outcome.ok, false);
    assert.match(outcome.output, /the client acme has no active site/);
    assert.equal(password(), old);
  });
});
