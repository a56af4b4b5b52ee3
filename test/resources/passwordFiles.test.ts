/** Logins as their password files tell of them: who may read these, where they lie, and what their absence means. */
import assert from "node:assert/strict";
import { AegirError } from "../../provider/aegir/AegirError";
import { configureServers, endServers, serverFor } from "../../provider/aegir/servers";
import { aegirClient } from "../../provider/resources/AegirClient";
import { shellAccount } from "../../provider/resources/ShellAccount";
import { siteOwnership } from "../../provider/resources/SiteOwnership";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import { check } from "./offline";

const server = "main";
const site = "www.acme.example";

describe("the password files of an instance", () => {
  let aegir: SmallAegir;

  async function start(options: SmallAegirOptions = {}): Promise<void> {
    aegir = await SmallAegir.start({ cronSeconds: 5, ...options });
    configure({});
    aegir.addSites([{ site }]);
    await aegirClient.create({ name: "Acme Corp", internalName: "acme", server });
    await siteOwnership.create({ site, client: "acme", server });
  }

  /** With these `accounts` in the place of the usual ones. */
  function configure(accounts: object): void {
    const configuration = aegir.configuration();
    const main = { ...configuration, accounts: { ...configuration.accounts, ...accounts } };
    configureServers(JSON.stringify({ main: { ...main, waits: { pollSeconds: 0.05, accountMinutes: 1 } } }));
  }

  const create = () => shellAccount.create({ client: "acme", server });

  afterEach(async () => {
    await endServers();
    await aegir.stop();
  });

  it("are found in the home of o1.ftp, and by root in o1.ftp's home, without configuration (trap 16)", async () => {
    await start({ user: "root", owner: "o1" });
    const { outs } = await create();
    configure({ connection: undefined });
    const asRoot = await shellAccount.read("account:o1.acme", outs);
    assert.equal(asRoot.props?.fingerprint, outs.fingerprint);
    assert.equal(asRoot.props?.password, outs.password);
  });

  it("say whether sshd accepts the passwords, on a server of keys only and on one that becomes so", async () => {
    await start();
    const { id, outs } = await create();
    assert.equal(outs.sshAcceptsPasswords, true);
    await endServers();
    aegir.faults.keysOnly = true;
    const { props } = await shellAccount.read(id, outs);
    assert.equal(props?.sshAcceptsPasswords, false);
    assert.equal(props?.password, outs.password, "FTPS may still take it");
    assert.equal((await create()).outs.sshAcceptsPasswords, false);
  });

  it("say nothing of a login when their directory is missing: the login does not count as deleted", async () => {
    await start();
    const { id, outs } = await create();
    configure({ directory: "/elsewhere" });
    const told = (error: AegirError) => {
      assert.ok(error instanceof AegirError, String(error));
      assert.deepEqual([error.code, error.outcome], ["notConfigured", "notDone"]);
      assert.match(error.message, /o1\.ftp cannot find the directory \/elsewhere, so the logins of o1 are not known/);
      assert.match(error.message, /by o1\.ftp and by root\./);
      return true;
    };
    await assert.rejects(Promise.resolve(shellAccount.read(id, outs)), told);
    await assert.rejects(create(), told);
    await assert.rejects(shellAccount.update(id, outs, { client: "acme", rotation: "1", server }), told);
    assert.equal(aegir.tables().passwordFiles["o1.acme"]?.trim(), outs.password, "and nothing was deleted");
  });

  it("bring no new password as long as the old one is in them, even if it was put there again (trap 14)", async () => {
    await start();
    const { outs } = await create();
    const files = serverFor(server).passwordFiles;
    let looks = 0;
    const found = await files.appears("o1.acme", outs.fingerprint, async () => {
      if (++looks === 3) await files.delete("o1.acme");
      aegir.runCron();
    });
    assert.ok(looks >= 3);
    assert.notEqual(found.fingerprint, outs.fingerprint);
    assert.equal(aegir.tables().passwordFiles["o1.acme"]?.trim(), found.password);
  });

  it("are closed to the user that Drush runs as, which is reported and not taken for deleted logins (trap 16)", async () => {
    await start();
    const { id, outs } = await create();
    configure({ connection: undefined });
    await assert.rejects(
      Promise.resolve(shellAccount.read(id, outs)),
      /aegir has no permission for the directory \/home\/o1\.ftp\/users, so the logins of o1 are not known .*by o1\.ftp and by root/,
    );
  });

  it("are read over one connection, however many logins there are (trap 29)", async () => {
    await start();
    const clients = Array.from({ length: 12 }, (_, index) => `many${index}`);
    aegir.addSites(clients.map((client) => ({ site: `${client}.example` })));
    for (const internalName of clients) {
      await aegirClient.create({ name: internalName, internalName, server });
      aegir.panel.setOwner(`${internalName}.example`, internalName);
    }
    aegir.runQueue();
    aegir.runCron();
    const made = await Promise.all(clients.map((client) => shellAccount.create({ client, server })));
    assert.equal(new Set(made.map(({ outs }) => outs.password)).size, clients.length);
    assert.equal(aegir.counts.connections["o1.ftp"], 1);
  });

  it("show no login that two clients share, whose holder would see the sites of both (trap 21)", async () => {
    await start();
    aegir.panel.addClient({ name: "Ac Me", internalName: "ac_me" });
    aegir.addSites([{ site: "other.example" }]);
    const adopted = await create();
    aegir.panel.setOwner("other.example", "Ac Me");
    aegir.runQueue();
    const shared = /the login o1\.acme is shared by the clients acme, ac_me, because letters and digits alone count/;
    await assert.rejects(create(), shared);
    const rotating = shellAccount.update(adopted.id, adopted.outs, { client: "acme", rotation: "1", server });
    await assert.rejects(rotating, shared);
    assert.equal(aegir.tables().passwordFiles["o1.acme"]?.trim(), adopted.outs.password, "and it was not rotated");
  });
});

describe("a configuration", () => {
  const pinned = { host: "aegir.example.com", hostKey: `SHA256:${"A".repeat(43)}` };
  const failures = (main: object, type = "AegirClient") => {
    configureServers(JSON.stringify({ main }));
    const inputs = { AegirClient: { name: "Acme" }, ShellAccount: { client: "acme" } }[type]!;
    return check(type, inputs).failures.map(({ reason }) => reason);
  };

  it("of a hosted account has a preview refuse everything but shell accounts (trap 16)", () => {
    const hosted = { accounts: { instance: "o1", connection: { ...pinned, user: "o1.ftp" } } };
    configureServers(JSON.stringify({ main: hosted }));
    for (const [type, inputs] of [
      ["AegirClient", { name: "Acme" }],
      ["SiteOwnership", { site: "www.acme.example", client: "acme" }],
      ["ClientUserBinding", { client: "acme", user: "alice" }],
    ] as const) {
      const { failures } = check(type, inputs);
      assert.equal(failures.length, 1, type);
      assert.match(
        failures[0]!.reason,
        /Server "main" is configured as a hosted account: .* ShellAccount alone can be declared there/,
      );
    }
    assert.deepEqual(check("ShellAccount", { client: "acme" }).failures, []);
  });

  it("cannot have o1.ftp run Drush, and says where that login belongs (trap 16)", () => {
    const [reason, ...more] = failures({ connection: { ...pinned, user: "o1.ftp" } });
    assert.deepEqual(more, []);
    assert.match(
      reason!,
      /runs Drush as o1\.ftp, whose limited shell refuses the front end.*move that connection to accounts: \{ instance: "o1", connection: \.\.\. \}\..*runAs: "o1"/,
    );
  });

  it("cannot read the logins of one instance with the main account of another", () => {
    const main = { accounts: { instance: "o1", connection: { ...pinned, user: "o2.ftp" } } };
    assert.match(
      failures(main, "ShellAccount")[0]!,
      /accounts\.connection\.user: is the main account of another instance/,
    );
  });

  it("says who Drush runs as in one place", () => {
    const drush = { command: "sudo -n -u o1 -H drush", runAs: "o1" };
    const [reason] = failures({ connection: { ...pinned, user: "deploy" }, drush });
    assert.match(reason!, /main\.drush\.command: must be Drush alone if runAs names the user that it runs as/);
  });
});
