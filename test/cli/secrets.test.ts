/** Row 51 in every command of `aegir-access`: a canary wherever a secret can enter, and what is printed looked through. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { commands } from "../../provider/cli/commands";
import { fullSeed } from "../aegir/seed";
import { newKey } from "../ssh/ScriptedServer";
import { foundIn, keySecret } from "../support/canary";
import { longRun } from "../support/random";
import { aegirAccess } from "./command";
import { Server } from "./Server";

const canaries = {
  password: 'canary of a password "\\ä',
  passphrase: 'canary of a passphrase "\\ä',
};
const encrypted = newKey(canaries.passphrase);

const before = `version: 1
clients: [{ name: Acme Corp, internalName: acme, sites: [acme.example.com] }]
`;
const after = `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [acme.example.com]
    users: [{ name: dora, createUser: { email: dora@acme.example } }]
`;

describe("Every command", () => {
  let server: Server;
  beforeEach(async () => {
    server = await Server.start({ seed: fullSeed });
    server.write("before.yaml", before);
    server.write("access.yaml", after);
  });
  afterEach(() => server.stop());

  const looking = ["--config", "servers.yaml"];
  const commandLines = (): Record<string, string[]> => ({
    init: ["project", ...connecting()],
    lint: ["access.yaml"],
    review: ["before.yaml", "access.yaml"],
    who: [...looking, "--live", "acme.example.com"],
    what: [...looking, "--live", "alice"],
    why: [...looking, "--live", "alice", "acme.example.com"],
    plan: [...looking, "access.yaml"],
    dump: looking,
    audit: [...looking, "access.yaml"],
    codeowners: ["access.yaml"],
    doctor: [...looking, "--logins", "access.yaml"],
    login: [...looking, "acme"],
  });

  function connecting(): string[] {
    const { host, port, user, hostKey } = server.aegir.drush;
    return ["--host", host, "--port", `${port}`, "--user", user, "--host-key", hostKey];
  }

  function configure(change: object): void {
    const { connection, accounts, ...rest } = server.aegir.configuration();
    const keys = {
      privateKey: encrypted.private,
      privateKeyPassword: canaries.passphrase,
      password: canaries.password,
      ...change,
    };
    const main = { ...rest, connection: { ...connection, ...keys }, accounts };
    server.write("servers.yaml", stringify({ main }));
  }

  for (const [when, change, environment, works] of [
    ["every command succeeds", {}, {}, true],
    ["the login is rejected", { privateKey: undefined }, { AEGIR_PRIVATE_KEY: undefined }, false],
    ["a key cannot be decrypted", {}, { AEGIR_PRIVATE_KEY: encrypted.private, AEGIR_PRIVATE_KEY_PASSWORD: "x" }, false],
    ["the host key has changed", { hostKey: newKey().public }, {}, false],
    ["secrets are in the wrong fields", { hostKey: canaries.password, port: canaries.passphrase }, {}, false],
  ] as const) {
    it(`row 51: aegir-access shows no secret when ${when}, with --debug or --json`, async () => {
      configure(change);
      const { aegir } = server;
      const { users } = aegir.tables();
      const secrets = [
        ...Object.entries(canaries),
        keySecret("the configuration", encrypted.private),
        ...[aegir.drush, aegir.accounts].map(({ user, privateKey }) => keySecret(user, privateKey)),
        ...Object.entries(aegir.tables().passwordFiles).map(
          ([login, password]) => [login, password.trimEnd()] as const,
        ),
        // One that several users have is shown, to be decided on; so is one that a manifest writes down.
        ...users
          .filter(({ mail }) => users.filter((user) => user.mail === mail).length === 1)
          .map(({ name, mail }) => [name, mail] as const),
      ];
      // lint and review read no configuration of a server, and plan and audit connect as dump does.
      const tried = works || longRun ? commands : commands.filter(({ name }) => ["dump", "doctor"].includes(name));
      for (const { name } of tried) {
        for (const format of [["--debug"], ["--json"]]) {
          const env = { AEGIR_PRIVATE_KEY: aegir.drush.privateKey, ...environment };
          const { exitCode, stdout, stderr } = await aegirAccess([name, ...format, ...commandLines()[name]!], {
            cwd: server.directory,
            environment: env,
          });
          const line = `${name} ${format.join("")}: ${stdout}${stderr}`;
          const logged = /^\[aegir\] \S+ aegir@\S+: request \d+, inventory: done after \d+ ms$/m;
          if (format[0] !== "--debug") assert.doesNotMatch(stderr, /\[aegir\]/);
          else if (name === "dump" && works) assert.match(stderr, logged);
          if (name === "dump") assert.equal(exitCode === 0, works, line);
          assert.deepEqual(foundIn([stdout, stderr], secrets), [], line);
        }
      }
    });
  }
});
