/** `aegir-access doctor` as its users run it, against the small Aegir. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { fullSeed } from "../aegir/seed";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import { ScriptedServer } from "../ssh/ScriptedServer";
import { until } from "../support/until";
import { aegirAccess, type Ended } from "./command";

describe("aegir-access doctor", () => {
  let aegir: SmallAegir;
  let directory: string;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "aegir-doctor-"))));
  afterEach(async () => {
    await aegir.stop();
    rmSync(directory, { recursive: true });
  });

  async function start(options: SmallAegirOptions = {}): Promise<void> {
    aegir = await SmallAegir.start({ seed: fullSeed, ...options });
  }

  /** With this value of `aegir:servers`. */
  function doctor(servers: object, ...args: string[]): Promise<Ended> {
    const file = join(directory, "servers.yaml");
    writeFileSync(file, stringify(servers));
    return aegirAccess(["doctor", "--config", file, ...args]);
  }

  /** The facts of the one server, as --json prints them. */
  async function facts(configuration: object) {
    const { exitCode, stdout } = await doctor({ main: configuration }, "--json");
    return { exitCode, facts: JSON.parse(stdout).servers[0] };
  }

  const without = (connection: object, ...keys: string[]) =>
    Object.fromEntries(Object.entries(connection).filter(([key]) => !keys.includes(key)));

  it("doctor: reports everything about a server, changes nothing, and exits with 0", async () => {
    await start({ user: "root", owner: "o1" });
    const before = aegir.digest();
    const { exitCode, facts: found } = await facts(aegir.configuration());
    assert.equal(exitCode, 0);
    const { host, port, hostKey } = aegir.drush;
    const key = {
      fingerprint: hostKey,
      type: "ssh-ed25519",
      software: "OpenSSH_9.2p1",
      methods: ["publickey", "password"],
    };
    const login = `root@${host}:${port}`;
    assert.deepEqual(found.hostKeys, [
      { path: "connection", label: login, ...key },
      { path: "accounts.connection", label: `o1.ftp@${host}:${port}`, ...key },
    ]);
    const { versions, queue, defaultClient, adminClient, ...drush } = found.drush;
    assert.deepEqual(drush, {
      login,
      user: "o1",
      home: "/data/disk/o1",
      flavour: "BOA",
      instance: "o1",
      clientPrefix: { server: "", configured: "" },
      registersUsers: true,
      sendsWelcomeMail: true,
    });
    assert.deepEqual([versions.protocol, versions.drush, versions.php], [1, "8.4.12", "8.2.36"]);
    assert.deepEqual([queue.queued, queue.processing, queue.obstacles], [0, 0, []]);
    assert.deepEqual([defaultClient.internalName, adminClient.internalName], ["octopus123456", "admin"]);
    const files = Object.keys(aegir.tables().passwordFiles).length;
    assert.deepEqual([found.accounts.home, found.accounts.directory, found.accounts.files], ["/", "/users", files]);
    assert.deepEqual([found.verdict, found.findings], ["ready", []]);
    for (const ability of Object.values(found.resources)) assert.deepEqual(ability, { able: true, why: null });
    assert.equal(aegir.digest(), before);
    assert.equal(aegir.counts.writes, 0);

    const page = readFileSync(join(__dirname, "..", "..", "provider", "docs", "doctor.md"), "utf8");
    const documented = new Set([...page.matchAll(/`([A-Za-z.]+)(?:\[\])?`/g)].flatMap(([, path]) => path!.split(".")));
    const named = (value: unknown): string[] =>
      Array.isArray(value)
        ? value.flatMap(named)
        : typeof value === "object" && value !== null
          ? Object.entries(value).flatMap(([key, inner]) => [key, ...named(inner)])
          : [];
    const { resources, ...rest } = found;
    const parts = [...named({ ...rest, drush: { ...drush, queue } }), ...named(Object.values(resources))];
    assert.deepEqual(
      parts.filter((name) => !documented.has(name)),
      [],
      "the page names every field",
    );
  });

  it("doctor: reports everything that limits, each with what to write, and exits with 1", async () => {
    await start({ user: "root", owner: "o1" });
    aegir.panel.setVariable("hosting_client_prefix", "cl_");
    aegir.panel.setVariable("hosting_default_client", 999);
    aegir.faults.lockFiles.add("/run/boa_run.pid");
    const { exitCode, stdout } = await doctor({ main: without(aegir.configuration(), "accounts") });
    assert.equal(exitCode, 1, stdout);
    const told = stdout.replace(/\s+/g, " ");
    assert.match(told, /main: \d things to look at/);
    assert.match(told, /ShellAccount no: no `accounts` are configured/);
    assert.match(
      told,
      /the BOA instance o1, and no `accounts` are configured.*write accounts: \{ instance: "o1", connection: \.\.\. \}/,
    );
    assert.match(told, /The server's client prefix is "cl_", configured is "".*Write clientPrefix: "cl_"\./);
    assert.match(told, /hosting_default_client names no client/);
    assert.match(told, /The task queue is held up: BOA holds the queue \(\/run\/boa_run\.pid\)/);
    assert.doesNotMatch(stdout, /password|PRIVATE KEY/i);
  });

  it("doctor: reports a task without a process that holds the queue, and what to do", async () => {
    await start();
    const site = "acme.example.com";
    aegir.faults.nextVerify(site, "killed");
    const task = aegir.panel.addTask(site, "verify");
    await until(() => aegir.frontEnd.task(task)?.status === -1);
    aegir.frontEnd.updateTask(task, { executed: aegir.clock.now() - 900 });
    const { exitCode, facts: found } = await facts(aegir.configuration());
    assert.equal(exitCode, 1);
    assert.equal(found.findings.length, 1);
    const says = `The task queue is held up: task ${task} \\(verify of .*\\) has been processing for \\d+ min, and no process .*node/${task}/delete`;
    assert.match(found.findings[0].what, new RegExp(says));
  });

  for (const [flavour, percent, says] of [
    ["boa", 84, null],
    ["boa", 85, /The disk of \/ is 85 % full\. Above 90 %, BOA runs no tasks/],
    ["boa", 90, /The disk of \/ is 90 % full\. Above 90 %,/],
    [
      "boa",
      91,
      /held up: the disk of \/ is 91 % full, and BOA runs no tasks and no account cron above 90 %: free some/,
    ],
    ["upstream", 91, /The disk of \/ is 91 % full\. Free some space/],
  ] as const) {
    it(`doctor: ${says === null ? "ignores" : "reports"} a disk of ${flavour} that is ${percent} % full`, async () => {
      await start({ flavour });
      aegir.faults.diskPercent = percent;
      const { connection, drush, accounts } = aegir.configuration();
      const configuration = { connection, drush, ...(flavour === "boa" && { accounts }) };
      const { exitCode, facts: found } = await facts(configuration);
      assert.deepEqual(found.drush.queue.disks, [{ path: "/", percent }]);
      if (says === null) return assert.deepEqual([exitCode, found.findings], [0, []]);
      assert.equal(exitCode, 1);
      assert.equal(found.findings.length, 1, "once");
      const [{ what, next }] = found.findings;
      assert.match(`${what}. ${next}`, says);
    });
  }

  it("doctor: names the locks that root sees", async () => {
    await start({ user: "root", owner: "o1" });
    aegir.faults.lockFiles.add("/root/.pause_tasks_maint.cnf");
    const { connection, drush } = aegir.configuration();
    const { exitCode, facts: found } = await facts({ connection, drush, accounts: { instance: "o1" } });
    assert.equal(exitCode, 1);
    assert.deepEqual(found.accounts.cron, { seen: ["/root/.pause_tasks_maint.cnf is there"], unseen: [] });
    assert.equal(found.accounts.directory, "/home/o1.ftp/users");
  });

  it("doctor: explains why nothing can be managed, and exits with 3", async () => {
    await start({ user: "deploy", owner: "o1" });
    const { connection } = aegir.configuration();
    const { exitCode, facts: found } = await facts({ connection });
    assert.deepEqual([exitCode, found.verdict], [3, "unusable"]);
    assert.match(found.findings[0].what, /Aegir there belongs to o1 \(\/data\/disk\/o1\).*drush: \{ runAs: "o1" \}/);
    assert.deepEqual(found.resources.AegirClient, { able: false, why: "no worker started" });
  });

  it("doctor: tries rejected credentials once, and exits with 3", async () => {
    await start();
    const configuration = aegir.configuration();
    aegir.faults.refuseLogins = true;
    const { exitCode, stdout } = await doctor({ main: { connection: configuration.connection } });
    assert.equal(exitCode, 3, stdout);
    assert.match(
      stdout.replace(/\s+/g, " "),
      /rejected the private key \(privateKey of the configuration\) of the user aegir/,
    );
    assert.equal(aegir.counts.authentications.rejected, 1);
  });

  it("doctor: reports that passwords of shell accounts work over FTPS at most if sshd accepts only keys", async () => {
    await start({ user: "root", owner: "o1" });
    aegir.faults.keysOnly = true;
    const { exitCode, facts: found } = await facts(aegir.configuration());
    assert.equal(exitCode, 1);
    assert.equal(found.accounts.sshAcceptsPasswords, false);
    assert.match(found.findings[0].what, /sshd accepts no passwords here/);
    assert.deepEqual(found.resources.ShellAccount, { able: true, why: null });
  });

  it("doctor: sends nothing to a decommissioned server, shows the reason, and checks the others", async () => {
    await start({ user: "root", owner: "o1" });
    const main = aegir.configuration();
    const old = { connection: { ...main.connection, host: "host.invalid" }, decommissioned: "burnt down, OPS-123" };
    const { exitCode, stdout } = await doctor({ old, main });
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /^old: decommissioned \(burnt down, OPS-123\); nothing was sent\n\nmain: ready/);
  });

  describe("where a host key is not pinned", () => {
    const sent = () => [aegir.counts.authentications, aegir.counts.connections];
    const nothing = [{ accepted: 0, rejected: 0 }, {}];

    it("doctor: sends nothing to an unpinned host, shows its key, how to compare it and what to write, and exits with 4", async () => {
      await start();
      const { host, port, hostKey, password } = aegir.drush;
      const where = ["--host", host, "--port", `${port}`, "--user", "aegir"];
      const environment = { AEGIR_PASSWORD: password };
      const { exitCode, stdout } = await aegirAccess(["doctor", ...where], { environment });
      assert.equal(exitCode, 4, stdout);
      assert.ok(stdout.includes(`\n    ${hostKey}\n`));
      assert.match(stdout, /ssh-keygen -lf \/etc\/ssh\/ssh_host_ed25519_key\.pub/);
      assert.deepEqual(sent(), nothing);

      const written = stdout.slice(stdout.indexOf("    config:"));
      mkdirSync(join(directory, "project"));
      writeFileSync(join(directory, "project", "Pulumi.yaml"), "name: access\nruntime: nodejs\n");
      writeFileSync(join(directory, "project", "Pulumi.test.yaml"), written.replace(/^ {4}/gm, ""));
      const cwd = join(directory, "project");
      const pinned = await aegirAccess(["doctor", "--stack", "test"], { cwd, environment });
      assert.equal(pinned.exitCode, 1, pinned.stdout);
      assert.match(pinned.stdout.replace(/\s+/g, " "), /AegirClient yes .* `accounts` are configured/);
    });

    it("doctor: splits LOGIN@HOST:PORT and shows the lines to write with separate fields", async () => {
      await start();
      const { host, port, hostKey } = aegir.drush;
      for (const where of [`aegir@${host}:${port}`, `ssh://aegir@${host}:${port}/`]) {
        const { exitCode, stdout } = await aegirAccess(["doctor", "--host", where]);
        assert.equal(exitCode, 4, stdout);
        assert.ok(stdout.includes(`\n    ${hostKey}\n`), stdout);
        assert.match(stdout, new RegExp(`host: ${host}\n *port: ${port}\n *user: aegir\n`));
      }
      assert.deepEqual(sent(), nothing);
      const printed = `256 ${hostKey} root@aegir (ED25519)`;
      const environment = { AEGIR_PASSWORD: aegir.drush.password };
      const pinned = ["doctor", "--host", `aegir@${host}:${port}`, "--host-key", printed];
      assert.equal((await aegirAccess(pinned, { environment })).exitCode, 1);
      const other = await aegirAccess(["doctor", "--host", `aegir@${host}:${port}`, "--user", "root"]);
      assert.equal(other.exitCode, 2);
      assert.match(other.stderr, /connection\.host: .* contains a user that differs from `user`/);
    });

    it("doctor: recognizes o1.ftp as a hosted account", async () => {
      await start();
      const { host, port, hostKey } = aegir.accounts;
      const where = ["--host", host, "--port", `${port}`, "--user", "o1.ftp"];
      const { stdout } = await aegirAccess(["doctor", ...where, "--json"]);
      const [{ verdict, missing, shown }] = JSON.parse(stdout).servers;
      assert.deepEqual([verdict, missing], ["notPinned", ["accounts.connection"]]);
      assert.deepEqual([shown[0].fingerprint, shown[0].type], [hostKey, "ssh-ed25519"]);
      const environment = { AEGIR_MAIN_ACCOUNTS_PASSWORD: aegir.accounts.password };
      const looked = await aegirAccess(["doctor", ...where, "--host-key", hostKey], { environment });
      assert.equal(looked.exitCode, 0, looked.stdout);
      assert.match(looked.stdout.replace(/\s+/g, " "), /AegirClient no: a hosted account.* ShellAccount yes/);
    });

    it("doctor: looks through a pinned bastion, and reads the key of an unpinned one before the server behind it", async () => {
      await start();
      const bastion = await ScriptedServer.start({ forwarding: true });
      try {
        const { connection } = aegir.configuration();
        const { host, port } = bastion.args();
        const proxy = { host, port, user: "jump", password: "correct horse" };
        const target = without(connection, "hostKey");
        const { fingerprint } = bastion.hostKeys[0]!;
        const first = await facts({ connection: { ...target, proxy } });
        assert.deepEqual([first.exitCode, first.facts.missing], [4, ["connection.proxy", "connection"]]);
        assert.deepEqual(
          first.facts.shown.map((key: { path: string; fingerprint: string }) => [key.path, key.fingerprint]),
          [["connection.proxy", fingerprint]],
        );
        const second = await facts({ connection: { ...target, proxy: { ...proxy, hostKey: fingerprint } } });
        assert.deepEqual(
          second.facts.shown.map((key: { path: string; fingerprint: string }) => [key.path, key.fingerprint]),
          [["connection", connection.hostKey]],
        );
        assert.deepEqual(sent(), nothing);
      } finally {
        await bastion.stop();
      }
    });

    it("doctor: reports a key other than the pinned one, sends nothing, and exits with 3", async () => {
      await start();
      const { connection } = aegir.configuration();
      const { exitCode, stdout } = await doctor({
        main: { connection: { ...connection, hostKey: `SHA256:${"A".repeat(43)}` } },
      });
      assert.equal(exitCode, 3);
      assert.ok(
        stdout
          .replace(/\s+/g, " ")
          .includes(`unknown host key: the server shows the ssh-ed25519 key ${connection.hostKey}`),
      );
      assert.deepEqual(sent(), nothing);
    });
  });

  describe("with a stack's configuration", () => {
    const key = `aegir:servers`;

    /** Pulumi.<name>.yaml beside Pulumi.yaml, with a directory below. */
    function project(stacks: Record<string, unknown>): string {
      mkdirSync(join(directory, "below"));
      writeFileSync(join(directory, "Pulumi.yaml"), "name: access\nruntime: nodejs\n");
      for (const [name, servers] of Object.entries(stacks)) {
        writeFileSync(join(directory, `Pulumi.${name}.yaml`), stringify({ config: { [key]: servers } }));
      }
      return join(directory, "below");
    }

    it("doctor: finds the only stack from a subdirectory, uses the key of the environment, and lists encrypted values", async () => {
      await start();
      const { connection, accounts } = aegir.configuration();
      const secret = { secure: "v1:abc:def" };
      const main = {
        connection: { ...connection, privateKey: secret },
        accounts: { ...accounts, connection: { ...accounts?.connection, privateKey: secret } },
      };
      const cwd = project({ production: { main } });
      const environment = {
        AEGIR_MAIN_PRIVATE_KEY: aegir.drush.privateKey,
        AEGIR_MAIN_ACCOUNTS_PRIVATE_KEY: aegir.accounts.privateKey,
      };
      const { exitCode, stdout } = await aegirAccess(["doctor"], { cwd, environment });
      assert.equal(exitCode, 0, stdout);
      assert.match(
        stdout.replace(/\s+/g, " "),
        /Encrypted by Pulumi in \S+Pulumi\.production\.yaml, and so not used here: main\.connection\.privateKey, main\.accounts\.connection\.privateKey/,
      );
    });

    it("doctor: asks for the stack, the server or missing options, and exits with 2", async () => {
      await start();
      const { connection } = aegir.configuration();
      const cwd = project({
        one: { main: { connection } },
        two: { main: { connection: { ...connection, port: "x" } } },
      });
      const said = async (...args: string[]) => {
        const { exitCode, stdout, stderr } = await aegirAccess(["doctor", ...args], { cwd });
        assert.deepEqual([exitCode, stdout], [2, ""], stderr);
        return stderr;
      };
      assert.match(await said(), /There are several stacks: one, two\. Choose one, for example --stack one\./);
      assert.match(await said("--stack", "three"), /There is no Pulumi\.three\.yaml in .*there is: one, two/);
      assert.match(
        await said("--stack", "acme/access/one", "--server", "other"),
        /has no server "other"\. It has: main\./,
      );
      const wrong = await said("--stack", "two");
      assert.match(wrong, /aegir:servers\.main\.connection\.port: must be a port number/);
      assert.ok(!wrong.includes("PRIVATE KEY"));
      assert.match(await said("--host", "aegir.example.com"), /--host needs --user/);
      assert.match(await said("--cwd", "/"), /There is no Pulumi\.yaml in/);
      assert.deepEqual(aegir.counts.connections, {});
    });

    it("doctor: reads a stack file with --config, and accepts the file's name for --stack", async () => {
      await start();
      const { connection, accounts } = aegir.configuration();
      const main = { connection, accounts };
      const cwd = project({ dev: { main }, production: { main } });
      writeFileSync(join(cwd, "named.json"), JSON.stringify({ [key]: { main } }));
      for (const args of [
        ["--config", "../Pulumi.dev.yaml"],
        ["--config", "named.json"],
        ["--stack", "Pulumi.dev.yaml"],
        ["--stack", "../Pulumi.dev.yaml"],
      ]) {
        const { exitCode, stdout, stderr } = await aegirAccess(["doctor", ...args], { cwd });
        assert.equal(exitCode, 0, `${args.join(" ")}: ${stderr}${stdout}`);
      }
    });

    it("doctor: recognizes a file without servers by name and says what to give instead", async () => {
      await start();
      const { connection } = aegir.configuration();
      const cwd = project({ dev: { main: { connection } } });
      const files: [content: unknown, said: RegExp][] = [
        [{ version: 1, clients: [] }, /is an access manifest\./],
        [{ name: "access", runtime: "nodejs" }, /is a project file\. .* --config Pulumi\.NAME\.yaml\./],
        [{ config: { "access:manifest": "access.yaml" } }, /is a stack file, but has no aegir:servers under config\./],
        [{ encryptionsalt: "v1:canary" }, /is a stack file, but has no aegir:servers under config\./],
        [{ connection }, /contains one server without a name\. .* main: \{ connection: \.\.\. \}/],
        [connection, /contains only a connection\. .* main: \{ connection: \{ host: \.\.\. \} \}/],
        [[connection], /has no aegir:servers: a map of servers by name\./],
      ];
      for (const [content, said] of files) {
        writeFileSync(join(cwd, "file.yaml"), stringify(content));
        const { exitCode, stdout, stderr } = await aegirAccess(["doctor", "--config", "file.yaml"], { cwd });
        assert.deepEqual([exitCode, stdout], [2, ""]);
        assert.match(stderr, said);
        assert.doesNotMatch(stderr, /PRIVATE KEY|canary/);
      }
      const { stderr } = await aegirAccess(["doctor", "--config", "."], { cwd });
      assert.match(stderr, /is a directory\. --cwd takes a project's directory, --config a file\./);
      const beside = await aegirAccess(["doctor", "aegir.example.com"], { cwd });
      assert.match(
        beside.stderr,
        /Expected arguments: none\. Use --host for a server, --stack for a stack, and --config for a file\./,
      );
      assert.deepEqual(aegir.counts.connections, {});
    });

    it("doctor: checks every server and exits with the worst result", async () => {
      await start();
      const { connection, accounts } = aegir.configuration();
      const main = { connection, accounts };
      const cwd = project({
        production: { main, gone: { connection: { ...connection, port: 1, dialErrorLimit: 0 } } },
      });
      const both = await aegirAccess(["doctor", "--json"], { cwd });
      const { servers } = JSON.parse(both.stdout);
      assert.deepEqual(
        servers.map(({ server, verdict }: { server: string; verdict: string }) => [server, verdict]),
        [
          ["main", "ready"],
          ["gone", "unusable"],
        ],
      );
      assert.equal(both.exitCode, 3);
      assert.equal((await aegirAccess(["doctor", "--server", "main"], { cwd })).exitCode, 0);
    });
  });
});
