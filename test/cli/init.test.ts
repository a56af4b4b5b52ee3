/** `aegir-access init`: the project that it makes, what it asks, and what it never does. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { fullSeed } from "../aegir/seed";
import type { SmallAegirOptions } from "../aegir/SmallAegir";
import { skip } from "../support/skip";
import { Server } from "./Server";
import { type Answer, hasTerminal, onTerminal } from "./terminal";

const PROJECT = [
  ".gitignore",
  "Pulumi.production.yaml",
  "Pulumi.yaml",
  "access.yaml",
  "index.ts",
  "package.json",
  "tsconfig.json",
];

describe("aegir-access init", () => {
  let server: Server;
  afterEach(() => server.stop());

  async function start(options: SmallAegirOptions = {}): Promise<void> {
    server = await Server.start({ seed: fullSeed, ...options });
  }

  /** What names the small Aegir on a command line. */
  function place(): string[] {
    const { host, port, user } = server.aegir.drush;
    return ["--host", host, "--port", String(port), "--user", user];
  }
  const pinned = () => [...place(), "--host-key", server.aegir.drush.hostKey];
  const at = (...path: string[]) => join(server.directory, ...path);
  const read = (...path: string[]) => readFileSync(at(...path), "utf8");
  const filesIn = (directory: string) =>
    readdirSync(at(directory), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(at(directory).length + 1))
      .sort();
  const contents = (directory: string) => filesIn(directory).map((file) => [file, read(directory, file)]);

  it("init: makes a project with the pinned key and the dumped access, and writes nothing on the server", async () => {
    await start({ user: "root", owner: "o1" });
    const before = server.aegir.digest();
    const { exitCode, stdout, stderr } = await server.run("init", "Access of Acme", ...pinned(), "--instance", "o1");
    assert.deepEqual([exitCode, stderr], [0, ""], stdout);
    assert.deepEqual(filesIn("Access of Acme"), PROJECT);
    const { host, port, user, hostKey } = server.aegir.drush;
    assert.deepEqual(parse(read("Access of Acme", "Pulumi.production.yaml")), {
      config: {
        "aegir:servers": {
          main: {
            connection: { host, port, user, hostKey },
            drush: { command: "drush8", runAs: "o1" },
            accounts: { instance: "o1" },
          },
        },
      },
    });
    assert.equal(parse(read("Access of Acme", "Pulumi.yaml")).name, "access-of-acme");
    assert.equal(JSON.parse(read("Access of Acme", "package.json")).name, "access-of-acme");
    const dumped = await server.run("dump", "--cwd", "Access of Acme");
    assert.equal(read("Access of Acme", "access.yaml"), dumped.stdout);
    assert.match(stdout, /^main: ready$/m);
    assert.match(
      stdout,
      /Next:\n {2}cd 'Access of Acme' && npm install\n {2}pulumi stack init production\n {2}pulumi up\n$/,
    );
    assert.equal(server.aegir.digest(), before);
    assert.equal(server.aegir.counts.writes, 0);
  });

  it("init: succeeds where something cannot be managed, and says what", async () => {
    await start();
    const { exitCode, stdout } = await server.run("init", "access", ...pinned());
    assert.equal(exitCode, 0);
    assert.match(stdout, /^ {2}ShellAccount +no: no `accounts` are configured$/m);
  });

  it("init: writes no secret into any file", async () => {
    await start();
    await server.run("init", "access", ...pinned());
    const texts = contents("access").flat().join("\n");
    for (const [what, secret] of server.aegir.secrets()) assert.ok(!texts.includes(secret), what);
    assert.doesNotMatch(texts, /PRIVATE KEY/);
  });

  it("init: changes nothing when it is run again, and names what it left alone", async () => {
    await start({ flavour: "upstream" });
    assert.equal((await server.run("init", "access", ...pinned())).exitCode, 0);
    writeFileSync(at("access", "index.ts"), "// My own.\n");
    writeFileSync(at("access", "access.yaml"), "version: 1\nclients: []\n");
    const before = contents("access");
    const { exitCode, stdout } = await server.run("init", "access", ...pinned(), "--json");
    assert.equal(exitCode, 0, stdout);
    assert.deepEqual(contents("access"), before);
    const { files } = JSON.parse(stdout) as { files: { path: string; outcome: string }[] };
    assert.deepEqual(
      files,
      PROJECT.map((path) => ({ path, outcome: path === "index.ts" ? "different" : "same" })),
    );
    rmServersOf("access");
    const { stdout: again } = await server.run("init", "access", ...pinned());
    assert.match(again, /Server added to:\n {2}Pulumi\.production\.yaml\n/);
    assert.match(read("access", "Pulumi.production.yaml"), /^encryptionsalt: v1:salt # mine\n/);
    assert.match(again, /\n {2}pulumi stack select production\n/);
  });

  /** A stack's file as Pulumi makes it, before servers are configured. */
  function rmServersOf(directory: string): void {
    writeFileSync(at(directory, "Pulumi.production.yaml"), "encryptionsalt: v1:salt # mine\n");
  }

  it("init: completes the command line for a package.json that lacks the packages", async () => {
    await start({ flavour: "upstream" });
    writeFileSync(
      at("package.json"),
      '{ "name": "mine", "devDependencies": { "typescript": "^5", "@types/node": "^22" } }',
    );
    const { stdout } = await server.run("init", ...pinned());
    assert.match(stdout, /Next:\n {2}npm install @pulumi\/pulumi@\S+ pulumi-aegir@\S+\n/);
    assert.match(read("package.json"), /^\{ "name": "mine"/);
  });

  it("init: completes a project that has Pulumi.yml and a stack without values", async () => {
    await start({ flavour: "upstream" });
    writeFileSync(at("Pulumi.yml"), "name: mine\nruntime: nodejs\nstackConfigDir: stacks\n");
    mkdirSync(at("stacks"));
    writeFileSync(at("stacks", "Pulumi.live.yaml"), "config:\n");
    const { exitCode, stdout, stderr } = await server.run("init", ...pinned());
    assert.equal(exitCode, 0, stdout + stderr);
    assert.ok(!existsSync(at("Pulumi.yaml")));
    assert.deepEqual(Object.keys(parse(read("stacks", "Pulumi.live.yaml")).config["aegir:servers"]), ["main"]);
  });

  it("init: writes nothing beside a package.json that cannot be read", async () => {
    await start({ flavour: "upstream" });
    writeFileSync(at("package.json"), "{,}");
    const { exitCode, stderr } = await server.run("init", ...pinned());
    assert.equal(exitCode, 2);
    assert.match(stderr, /package\.json is not valid JSON/);
    assert.ok(!existsSync(at("Pulumi.yaml")));
  });

  it("init: names every missing option at once if there is no terminal, and makes nothing", async () => {
    await start();
    const { exitCode, stderr } = await server.run("init", "access", "--ci", "github");
    assert.equal(exitCode, 2);
    assert.match(stderr, /^Missing: --host, --user, --host-key, --owner\./);
    assert.ok(!existsSync(at("access")));
    const { stderr: fewer } = await server.run("init", "access", "--host", "aegir@aegir.example.com");
    assert.match(fewer, /^Missing: --host-key\./);
  });

  it("init: never pins a host key that it was not given, and sends nothing to a server with another one", async () => {
    await start();
    const unpinned = await server.run("init", "access", ...place());
    assert.equal(unpinned.exitCode, 2);
    assert.deepEqual(server.aegir.counts.connections, {});
    const other = await server.run("init", "access", ...place(), "--host-key", `SHA256:${"A".repeat(43)}`);
    assert.equal(other.exitCode, 3);
    assert.deepEqual(server.aegir.counts.authentications, { accepted: 0, rejected: 0 });
    assert.match(other.stdout, /Nothing was written\.\n$/);
    assert.ok(!existsSync(at("access")));
  });

  it("init: writes nothing if the server refuses the login", async () => {
    await start();
    server.aegir.faults.refuseLogins = true;
    const { exitCode } = await server.run("init", "access", ...pinned());
    assert.equal(exitCode, 3);
    assert.ok(!existsSync(at("access")));
  });

  it("init: refuses the main account of a BOA instance, which cannot run Drush", async () => {
    await start();
    const { host, hostKey } = server.aegir.drush;
    const { exitCode, stderr } = await server.run("init", "--host", host, "--user", "o1.ftp", "--host-key", hostKey);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--instance o1/);
  });

  for (const [ci, paths] of Object.entries({
    github: [
      ".github/CODEOWNERS",
      ...["comment", "deploy", "review"].map((of) => `.github/workflows/access-${of}.yml`),
    ],
    gitlab: [".gitlab-ci.yml", ".gitlab/CODEOWNERS"],
  })) {
    it(`init --ci ${ci}: adds pipelines that deploy the configured stack, and the owner of the project, to a project`, async () => {
      await start({ flavour: "upstream" });
      assert.equal((await server.run("init", "access", ...pinned(), "--stack", "live")).exitCode, 0);
      const before = contents("access");
      const { exitCode, stdout } = await server.run("init", "access", "--ci", ci, "--owner", "@acme/platform");
      assert.equal(exitCode, 0, stdout);
      const added = contents("access").filter(([file]) => !before.some(([other]) => other === file));
      assert.deepEqual(
        added.map(([file]) => file),
        paths,
      );
      const texts = new Map(added as [string, string][]);
      assert.match(texts.get(`.${ci}/CODEOWNERS`)!, /^\* @acme\/platform$/m);
      const stacks = [...texts.values()].join("").match(/STACK: .*/g);
      assert.deepEqual([...new Set(stacks)], ["STACK: live"]);
      assert.match(
        stdout,
        /Commit the pipelines together with package-lock\.json\..*your-first-access-pull-request\.md\./,
      );
      assert.deepEqual(
        contents("access").filter(([file]) => !texts.has(file!)),
        before,
      );
    });
  }

  it("init --ci: refuses a project below the root of its repository, and an owner that CODEOWNERS cannot name", async () => {
    await start();
    mkdirSync(at(".git"));
    const below = await server.run("init", "access", ...pinned(), "--ci", "github", "--owner", "@acme/platform");
    assert.equal(below.exitCode, 2);
    assert.match(below.stderr, /--ci needs a project at the root of its repository/);
    const nameless = await server.run("init", ...pinned(), "--ci", "github", "--owner", "the platform team");
    assert.equal(nameless.exitCode, 2);
    assert.match(nameless.stderr, /--owner: CODEOWNERS needs/);
    assert.ok(!existsSync(at("Pulumi.yaml")));
  });

  describe("on a terminal", () => {
    before(function () {
      if (!hasTerminal) skip(this, "the questions of init on a terminal", "apt-get install bsdutils");
    });

    function ask(answers: Answer[], ...args: string[]) {
      const environment = { AEGIR_PRIVATE_KEY: server.aegir.drush.privateKey };
      return onTerminal(["init", ...args], answers, { cwd: server.directory, environment });
    }

    /** The answers up to the host key. */
    function way(instance: string, login: string): Answer[] {
      const { host, port } = server.aegir.drush;
      return [
        ["Host name or address", "https://aegir.example.com\r"],
        ["Host name or address", `${host}:${port}\r`],
        ["Instance, if it is a BOA server", `${instance}\r`],
        ["SSH login there", `${login}\r`],
      ];
    }

    it("init: asks for the server, shows the host key and how to compare it, and pins what was confirmed", async () => {
      await start({ user: "deploy", owner: "aegir", flavour: "upstream" });
      const { exitCode, stdout } = await ask([
        ...way("", "deploy"),
        ["System user that owns Aegir [aegir]", "\r"],
        ["Type yes to pin this key", "yes\r"],
      ]);
      assert.equal(exitCode, 0, stdout);
      const { host, port, hostKey } = server.aegir.drush;
      assert.match(stdout, /The address is not an SSH address/);
      assert.ok(stdout.indexOf(hostKey) < stdout.indexOf("Type yes"));
      assert.match(stdout, /ssh-keygen -lf \/etc\/ssh\/ssh_host_ed25519_key\.pub/);
      assert.deepEqual(parse(read("Pulumi.production.yaml")).config["aegir:servers"], {
        main: { connection: { host, port, user: "deploy", hostKey }, drush: { runAs: "aegir" } },
      });
    });

    it("init: configures a BOA instance with the login that reads its password files", async () => {
      await start({ user: "deploy", owner: "o1" });
      const { stdout } = await ask([...way("o1", "deploy"), ["Type yes to pin this key", "yes\r"]]);
      const { host, port, hostKey } = server.aegir.drush;
      // The key of o1.ftp is not in the environment of this test: everything but logins can be managed.
      assert.match(stdout, /AEGIR_MAIN_ACCOUNTS_PRIVATE_KEY/);
      assert.deepEqual(parse(read("Pulumi.production.yaml")).config["aegir:servers"], {
        main: {
          connection: { host, port, user: "deploy", hostKey },
          drush: { command: "drush8", runAs: "o1" },
          accounts: { instance: "o1", connection: { host, port, user: "o1.ftp", hostKey } },
        },
      });
    });

    it("init: does not go on without a yes: it logs in nowhere, writes nothing and exits with 4", async () => {
      await start({ flavour: "upstream" });
      for (const answer of ["\r", "y\r", "no\r"]) {
        const { exitCode, stdout } = await ask([...way("", "aegir"), ["Type yes to pin this key", answer]], "access");
        assert.equal(exitCode, 4, stdout);
      }
      assert.deepEqual(server.aegir.counts.authentications, { accepted: 0, rejected: 0 });
      assert.ok(!existsSync(at("access")));
    });

    it("init: writes nothing if the input ends before the last answer", async () => {
      await start({ flavour: "upstream" });
      for (const end of ["\x03", "\x04"]) {
        const { exitCode, stdout } = await ask([...way("", "aegir"), ["Type yes to pin this key", end]], "access");
        assert.equal(exitCode, 2, stdout);
        assert.match(stdout, /Stopped before the last answer\. Nothing was written\./);
      }
      assert.ok(!existsSync(at("access")));
    });
  });
});
