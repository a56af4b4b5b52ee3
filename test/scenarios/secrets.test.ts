/** Row 51 on the engines: a canary in every place that a secret can enter by, and everything that can be seen looked through. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { newKey, ScriptedServer } from "../ssh/ScriptedServer";
import { foundIn, keySecret } from "../support/canary";
import { cleaningUp } from "../support/cleaningUp";
import { watchCommandLines } from "../support/commandLines";
import { onEveryEngine } from "./everyEngine";
import { bound, client, expectOk, login, owned, Scenario, textsBelow } from "./Scenario";

const site = "www.acme.example";

/**
 * As loud as the provider, the program and their libraries can be told to be. The logs of Pulumi itself (`--debug`, `-v=9`,
 * PULUMI_DEBUG_GRPC) are not among them: they show every secret (SECURITY.md).
 */
const LOUD = { DEBUG: "*", AEGIR_LOG: "debug", NODE_DEBUG: "net", GRPC_TRACE: "all", GRPC_VERBOSITY: "DEBUG" };

onEveryEngine("secrets", (engine) => {
  let scenario: Scenario;
  let bastion: ScriptedServer;
  const afterTest = cleaningUp();
  const canaries = {
    bastion: 'canary of a bastion "\\ä',
    password: 'canary of a password "\\ä',
    passphrase: 'canary of a passphrase "\\ä',
    email: "canary-of-an-address@acme.example",
    userEmail: "canary-of-a-person@acme.example",
  };

  beforeEach(async () => {
    bastion = await ScriptedServer.start({ forwarding: true, password: canaries.bastion });
    scenario = await Scenario.open(engine());
    scenario.aegir.addSites([{ site }]);
  });
  afterEach(async () => {
    await bastion.stop();
    await scenario.close();
  });

  it("row 51: none of any place is in state, output, loudest logs or command lines, when all goes well and when nothing does", async function () {
    this.timeout(400_000);
    const { aegir } = scenario;
    const encrypted = newKey(canaries.passphrase);
    const { seen, stop } = watchCommandLines();
    afterTest(stop);
    const secrets = new Map<string, string>([
      ...Object.entries(canaries),
      keySecret("the configuration", encrypted.private),
    ]);

    const { connection, accounts, ...rest } = aegir.configuration();
    const proxy = { ...bastion.args({ user: "jump" }), password: canaries.bastion };
    /** The key that works is in the environment; the configuration is full of others that must not be seen either. */
    const configured = (change: object = {}) => {
      const keys = {
        privateKey: encrypted.private,
        privateKeyPassword: canaries.passphrase,
        password: canaries.password,
      };
      const main = {
        ...rest,
        connection: { ...connection, proxy, ...keys, ...change },
        accounts: { ...accounts, connection: { ...accounts!.connection, proxy } },
      };
      return scenario.configure({ "aegir:servers": { secret: JSON.stringify({ main }) } });
    };
    const quiet = { AEGIR_MAIN_PRIVATE_KEY: aegir.drush.privateKey };
    const loud = { ...LOUD, ...quiet };

    const declared = (rotation: string) => [
      client("acme", "Acme Corp", { email: { secret: canaries.email } }),
      bound("acme", "dora", { createUser: { secret: { email: canaries.userEmail } } }),
      owned(site, "acme"),
      login("acme", site, { rotation }),
    ];
    const passwords = () =>
      scenario.aegir.secrets().forEach(([what, secret]) => secrets.set(`${what}: ${secret}`, secret));
    await configured();
    scenario.declare(declared("1"));
    expectOk(await scenario.stack.up({ env: quiet }));
    passwords();
    scenario.declare(declared("2"));
    expectOk(await scenario.stack.up({ env: loud, refresh: true }));
    passwords();
    assert.ok(
      aegir.tables().users.some(({ mail }) => mail === canaries.email),
      "the address was used",
    );

    // From here on, nothing works: credentials, pins, keys, and the configuration itself.
    const wrong = { password: `${canaries.password}!`, privateKey: undefined };
    for (const [change, env] of [
      [wrong, {}],
      [{}, { AEGIR_MAIN_PRIVATE_KEY: encrypted.private, AEGIR_PRIVATE_KEY_PASSWORD: "another" }],
      [{}, { ...quiet, AEGIR_MAIN_PROXY_PASSWORD: `${canaries.bastion}!` }],
      [{ hostKey: newKey().public }, quiet],
      [{ hostKey: canaries.password, port: canaries.passphrase }, quiet],
    ] as const) {
      await configured(change);
      scenario.declare(declared("3"));
      const { ok, output } = await scenario.stack.up({ env });
      assert.equal(ok, false, output);
    }
    stop();
    const texts = textsBelow(scenario.directory);
    assert.ok(
      texts.some((text) => text.includes("client:acme")),
      "the state was among what was looked through",
    );
    // The program's own source of what it declares.
    rmSync(join(scenario.directory, "declaration.json"));
    assert.deepEqual(scenario.exposed(secrets), []);
    assert.ok(
      [...seen].some((line) => line.includes("dynamic-provider")),
      "the provider process was among those looked at",
    );
    assert.deepEqual(foundIn([...seen], secrets), []);
  });
});
