/** What a resource says when Drush does not start: what is the case on the server, and what to write. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { parseShellProbe, SHELL_PROBE } from "../../provider/aegir/diagnoseStart";
import { configureServers, endServers } from "../../provider/aegir/servers";
import { aegirClient } from "../../provider/resources/AegirClient";
import { SshError, type SshErrorCode } from "../../provider/ssh/SshError";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";

interface Case {
  what: string;
  options?: SmallAegirOptions;
  /** The `drush` of the configuration. */
  drush?: object;
  break?: (aegir: SmallAegir) => void;
  says: RegExp;
  code?: SshErrorCode;
}

const cases: Case[] = [
  {
    what: "a Drush that is not in the PATH, naming one that was found",
    options: { drush: { "/usr/bin/drush8": "8.4.12", "/opt/tools/drush/8/drush/drush.php": "8.4.12" } },
    says: /`drush` is not in the PATH of aegir \(\/usr\/local\/bin:\/usr\/bin:\/bin\)\. Write drush: \{ command: "\/usr\/bin\/drush8" \} \(found: \/usr\/bin\/drush8, \/opt/,
  },
  {
    what: "a machine without any Drush",
    options: { drush: {} },
    says: /`drush` is not in the PATH of aegir .*No other Drush was found/,
  },
  {
    what: "a PATH that commands over SSH do not have",
    options: { path: "/bin", drush: { "/usr/local/bin/drush": "8.1.16" } },
    says: /not in the PATH of aegir \(\/bin\)\. Write drush: \{ command: "\/usr\/local\/bin\/drush" \}/,
  },
  {
    what: "a Drush that cannot run Drupal 7, naming one that can",
    options: { drush: { "/usr/bin/drush": "10.6.2", "/usr/bin/drush8": "8.4.12" } },
    says: /`drush` is Drush 10, but only Drush 8 runs Aegir's front end \(Drupal 7\)\. Write drush: \{ command: "\/usr\/bin\/drush8" \}/,
  },
  {
    what: "an alias that is not the front end's",
    drush: { alias: "@hostmeister" },
    says: /Drush does not know the alias @hostmeister as aegir; it knows: @hostmaster, @hm, @o1\.aegir\.example\.com\. Write drush: \{ alias: "@hostmaster" \}/,
  },
  {
    what: "the alias of a site that is no front end",
    drush: { alias: "@www.acme.example" },
    break: (aegir) => aegir.addSites([{ site: "www.acme.example" }]),
    says: /The alias @www\.acme\.example starts Drupal at http:\/\/www\.acme\.example, which is not an Aegir front end/,
  },
  {
    what: "a login that does not own Aegir, naming who does (trap 16)",
    options: { user: "deploy", owner: "o1" },
    drush: {},
    says: /not know the alias @hostmaster as deploy; it knows: none\. Aegir there belongs to o1 \(\/data\/disk\/o1\): .* write drush: \{ runAs: "o1" \}/,
  },
  {
    what: "a HOME that has no aliases",
    options: { home: "/root" },
    says: /HOME is \/root, but aegir's aliases are in \/data\/disk\/o1\/\.drush: set HOME=\/data\/disk\/o1/,
  },
  {
    what: "a sudo that keeps the HOME of the login",
    options: { user: "deploy", owner: "o1" },
    drush: { command: "sudo -n -u o1 drush" },
    says: /as o1; it knows: none\. sudo keeps the HOME of deploy, which does not have the aliases of o1\. Write drush: \{ runAs: "o1" \} instead/,
  },
  {
    what: "a sudo that does not let the login be somebody else",
    options: { user: "deploy", owner: "o1" },
    break: (aegir) => (aegir.faults.sudoRefused = true),
    says: /sudo does not let deploy run this command as o1 without a password/,
  },
  {
    what: "a sudo that does not find Drush",
    options: { user: "deploy", owner: "o1", drush: { "/usr/bin/drush8": "8.4.12" } },
    says: /sudo does not find `drush` in its secure_path\. Write drush: \{ command: "\/usr\/bin\/drush8" \}/,
  },
  {
    what: "a user that there is not, through sudo",
    options: { user: "deploy", owner: "o1" },
    drush: { runAs: "o7" },
    says: /The server has no system user o7\./,
  },
  {
    what: "a user that there is not, through su",
    options: { user: "root", owner: "o1" },
    drush: { runAs: "o7" },
    says: /The server has no system user o7\./,
  },
  {
    what: "a login whose shell refuses commands",
    break: (aegir) => (aegir.faults.shell = "nologin"),
    says: /"This account is currently not available\.[^"]*"\. Tried only once.*root or a sudoer, with drush: \{ runAs: "o1" \}/,
    code: "commandForbidden",
  },
  {
    what: "a limited shell (trap 17)",
    break: (aegir) => (aegir.faults.shell = "limited"),
    says: /the shell of this login forbids .*"lshell: forbidden command over SSH.*Tried only once/,
    code: "commandForbidden",
  },
  {
    what: "BOA's wrapper, which says no with exit code 0 (trap 19)",
    break: (aegir) => (aegir.faults.shell = "websh"),
    says: /A wrapper prints "This command is not available" with exit code 0 instead of running Drush.*Write drush: \{ command: "\/usr\/bin\/drush8" \}/,
  },
  {
    what: "a database that is down",
    break: (aegir) => (aegir.faults.databaseDown = true),
    says: /The database of the front end @hostmaster does not answer/,
  },
];

describe("a resource whose server starts no worker names", () => {
  let aegir: SmallAegir;

  afterEach(async () => {
    await endServers();
    await aegir.stop();
  });

  for (const { what, options, drush, break: spoil, says, code = "refusedByServer" } of cases) {
    it(what, async () => {
      aegir = await SmallAegir.start(options);
      spoil?.(aegir);
      const configuration = { ...aegir.configuration(), ...(drush && { drush }) };
      configureServers(JSON.stringify({ main: configuration }));
      const creating = aegirClient.create({ name: "Acme Corp", internalName: "acme", server: "main" });
      await assert.rejects(creating, (error: SshError) => {
        assert.ok(error instanceof SshError, String(error));
        assert.deepEqual([error.code, error.outcome], [code, "notDone"]);
        assert.match(error.message, says);
        assert.match(error.message, /Nothing was done\. /);
        assert.doesNotMatch(error.message, /[\n\x1b]/);
        return true;
      });
      assert.equal(aegir.counts.authentications.accepted, 1, "all over one login");
    });
  }
});

describe("a load that is too high for Drush", () => {
  let aegir: SmallAegir;

  beforeEach(async () => (aegir = await SmallAegir.start()));
  afterEach(async () => {
    await endServers();
    await aegir.stop();
  });

  const create = (waits: object) => {
    configureServers(JSON.stringify({ main: { ...aegir.configuration(), waits } }));
    return aegirClient.create({ name: "Acme Corp", internalName: "acme", server: "main" });
  };

  it("is waited for over one login", async () => {
    aegir.faults.overloads = 3;
    await create({ pollSeconds: 0.05 });
    assert.equal(aegir.faults.overloads, 0);
    assert.equal(aegir.counts.authentications.accepted, 1);
  });

  it("is named for what it is when it does not fall", async () => {
    aegir.faults.overloads = Infinity;
    await assert.rejects(
      create({ pollSeconds: 0.05, taskMinutes: 0.005 }),
      /load on system too heavy .*Nothing was done\. Aegir does not run Drush while the load of its machine is this high, and it stayed this high for 0\.005 min/,
    );
  });
});

describe("the question to a shell", () => {
  const PATH = "/usr/local/bin:/usr/bin:/bin";

  for (const shell of ["/bin/sh", "/bin/bash"].filter(existsSync)) {
    it(`is answered by ${shell} with who it is and where it looks`, () => {
      const { stdout } = spawnSync(shell, ["-c", SHELL_PROBE], {
        encoding: "utf8",
        env: { HOME: "/nowhere", PATH },
      });
      const facts = parseShellProbe(`Welcome!\n${stdout}`);
      assert.ok(facts);
      assert.deepEqual([facts.user, facts.home, facts.path], [userInfo().username, "/nowhere", PATH]);
      for (const path of facts.drush) assert.ok(existsSync(path), path);
    });
  }

  it("is not answered by what is not a shell", () => {
    assert.equal(parseShellProbe("This account is currently not available.\n"), null);
  });

  it("holds no single quote, which BOA's wrapper would take away (trap 20)", () => {
    assert.doesNotMatch(SHELL_PROBE, /'/);
  });
});
