/** `aegir-access login` and `doctor --logins`: how people log in, and whether it works. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { RunningClock } from "../aegir/Clock";
import type { SmallAegirOptions } from "../aegir/SmallAegir";
import { Server } from "./Server";

const DAY = 86_400;

describe("the logins of people", () => {
  let server: Server;
  let clock: RunningClock;

  /** The password of beta has expired, those of acme and gamma are new. */
  async function start(options: SmallAegirOptions = {}, accounts: object = {}): Promise<void> {
    clock = new RunningClock(60, -91 * DAY);
    server = await Server.start({ clock, ...options });
    const { aegir } = server;
    give("beta");
    clock.skip(91 * DAY);
    for (const client of ["acme", "gamma"]) give(client);
    const { accounts: own, ...rest } = aegir.configuration();
    server.write("servers.yaml", stringify({ main: { ...rest, accounts: { ...own, ...accounts } } }));
  }

  function give(client: string): void {
    const { aegir } = server;
    const site = `www.${client}.example`;
    aegir.addSites([{ site }]);
    aegir.panel.addClient({ name: client, internalName: client });
    aegir.panel.setOwner(site, client);
    aegir.runQueue();
    aegir.runCron();
  }

  function declare(...clients: string[]): void {
    const entries = clients.map((client) => {
      return { name: client, internalName: client, sites: [`www.${client}.example`], shellAccount: true };
    });
    server.write("access.yaml", stringify({ version: 1, clients: entries }));
  }

  const password = (login: string) => server.aegir.tables().passwordFiles[login]!.trim();

  async function trials() {
    const { exitCode, stdout, stderr } = await server.look("doctor", "--logins", "--json");
    const { logins } = JSON.parse(stdout);
    const outcomes = logins.trials.map(({ login, outcome }: Record<string, string>) => [login, outcome]);
    return { exitCode, stderr, ftps: logins.ftps, outcomes: Object.fromEntries(outcomes) as object };
  }

  afterEach(() => server.stop());

  it("doctor --logins: logs in once as each declared login, the youngest first, and warns before it does", async () => {
    await start();
    declare("acme", "beta");
    const { outcomes, stderr, exitCode, ftps } = await trials();
    assert.deepEqual(outcomes, { "o1.acme": "works", "o1.beta": "expired" });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^Logging in as 2 shell accounts, once each\. BOA blocks an address/);
    const { connections, authentications } = server.aegir.counts;
    assert.deepEqual([connections["o1.acme"], connections["o1.beta"], connections["o1.gamma"]], [1, 1, undefined]);
    assert.equal(authentications.rejected, 0);
    assert.match(ftps.problem, /ECONNREFUSED/);
    const { stdout } = await server.look("doctor", "--logins");
    assert.match(stdout, /o1\.acme +works\n +o1\.beta +expired/);
  });

  it("doctor --logins: tries nothing more after a refusal", async () => {
    await start();
    declare("acme", "beta", "gamma");
    for (const login of ["o1.acme", "o1.gamma"]) {
      server.aegir.shellAccounts.changePassword(login, "chosen by the holder");
    }
    const { outcomes } = await trials();
    assert.deepEqual(Object.values(outcomes).sort(), ["notTried", "notTried", "refused"]);
    assert.equal(server.aegir.counts.authentications.rejected, 1);
  });

  it("doctor --logins: does not try a password that root sees to be changed", async () => {
    await start({ user: "root", owner: "o1" }, { connection: undefined });
    declare("acme", "gamma");
    clock.skip(DAY);
    server.aegir.shellAccounts.changePassword("o1.gamma", "chosen by the holder");
    const { outcomes } = await trials();
    assert.deepEqual(outcomes, { "o1.acme": "works", "o1.gamma": "changedByHolder" });
    assert.equal(server.aegir.counts.authentications.rejected, 0);
  });

  it("doctor --logins: tries no password where sshd accepts keys only, and finds a missing file", async () => {
    await start();
    declare("acme", "delta");
    assert.deepEqual((await trials()).outcomes, { "o1.acme": "works", "o1.delta": "missing" });
    server.aegir.faults.keysOnly = true;
    assert.deepEqual((await trials()).outcomes, { "o1.acme": "notTried", "o1.delta": "notTried" });
    assert.equal(server.aegir.counts.authentications.rejected, 0);
  });

  it("doctor: takes a manifest only with --logins, and --logins no server that is not configured", async () => {
    await start();
    declare("acme");
    assert.equal((await server.look("doctor", "access.yaml")).exitCode, 2);
    assert.equal((await server.run("doctor", "--host", "a.example", "--user", "aegir", "--logins")).exitCode, 2);
  });

  it("login: prints how to connect, without the password", async () => {
    await start();
    const { host, port, hostKey } = server.aegir.drush;
    const { exitCode, stdout, stderr } = await server.look("login", "acme");
    assert.deepEqual([exitCode, stderr], [0, ""]);
    for (const shown of [`sftp -P ${port} o1.acme@${host}`, hostKey, "port 21, explicit TLS"]) {
      assert.ok(stdout.includes(shown), stdout);
    }
    assert.ok(!stdout.includes(password("o1.acme")));
    const facts = JSON.parse((await server.look("login", "acme", "--json")).stdout);
    assert.equal(facts.username, "o1.acme");
    assert.equal("password" in facts, false);
    assert.match(facts.passwordExpiresAt, /T00:00:00Z$/);
  });

  it("login --show-password: prints the password of this moment alone, also where --debug logs", async () => {
    await start();
    const shown = await server.look("login", "acme", "--show-password");
    assert.deepEqual(shown, { exitCode: 0, stdout: `${password("o1.acme")}\n`, stderr: "" });
    const debugged = await server.look("login", "acme", "--show-password", "--debug");
    assert.equal(debugged.stdout, shown.stdout);
    assert.ok(!debugged.stderr.includes(password("o1.acme")));
  });

  it("login --show-password: warns that the password is out of date if its user has changed it", async () => {
    await start({ user: "root", owner: "o1" }, { connection: undefined });
    clock.skip(DAY);
    server.aegir.shellAccounts.changePassword("o1.acme", "chosen by the holder");
    const { stdout, stderr } = await server.look("login", "acme", "--show-password");
    assert.equal(stdout, `${password("o1.acme")}\n`);
    assert.match(stderr, /changed/);
    assert.equal((await server.look("login", "acme")).stderr, "");
  });

  it("login: fails for a client without a login, and for a name that is none", async () => {
    await start();
    const missing = await server.look("login", "delta", "--json");
    assert.deepEqual([missing.exitCode, JSON.parse(missing.stdout).code], [3, "missing"]);
    assert.equal((await server.look("login", "Not A Client")).exitCode, 2);
    assert.equal((await server.look("login")).exitCode, 2);
  });
});
