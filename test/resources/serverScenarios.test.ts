/** The life cycles against the small Aegir, without an engine: waits, races and refusals that Pulumi adds nothing to. */
import assert from "node:assert/strict";
import { AegirError } from "../../provider/aegir/AegirError";
import { configureServers, endServers, serverFor } from "../../provider/aegir/servers";
import { identityOf } from "../../provider/decisions/siteOwner";
import { aegirClient } from "../../provider/resources/AegirClient";
import { clientUserBinding } from "../../provider/resources/ClientUserBinding";
import { PartialFailure } from "../../provider/resources/PartialFailure";
import { shellAccount } from "../../provider/resources/ShellAccount";
import { siteOwnership } from "../../provider/resources/SiteOwnership";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import { newProviderProcess } from "../support/newProviderProcess";
import { PlainFiles } from "../support/PlainClient";

const site = "www.acme.example";
const server = "main";
const acme = { name: "Acme Corp", internalName: "acme", server };

/** What the state recorded, and what the server has: nodes of site and owner, and the owner's internal name. */
describe("what a site's name stands for now", () => {
  const recorded = { nid: 5, client: "acme", ownerNid: 12 };
  const table = [
    [[5, 12, "acme"], "same"],
    [[5, 12, "acme_old"], "same"],
    [[5, 13, "beta"], "otherOwner"],
    [[5, 13, "acme"], "otherBearer"],
    [[7, 12, "acme"], "reinstalled"],
    [[7, 13, "beta"], "otherSite"],
    [[7, 13, "acme"], "otherSite"],
  ] as const;
  for (const [[nid, ownerNid, internalName], identity] of table) {
    it(`is ${identity} if site 5 of acme (12) is site ${nid} of ${internalName} (${ownerNid}) now`, () => {
      const found = { nid, ownerNid, owner: { nid: ownerNid, internalName, name: internalName } };
      assert.equal(identityOf(recorded, found), identity);
    });
  }

  it("goes by the owner's name where an earlier release recorded no number", () => {
    const found = { nid: 5, ownerNid: 13, owner: { nid: 13, internalName: "acme", name: "Acme Corp" } };
    assert.equal(identityOf({ nid: 5, client: "acme" }, found), "same");
    assert.equal(identityOf({ nid: 7, client: "acme" }, found), "reinstalled");
    assert.equal(identityOf({ nid: 5, client: "beta" }, found), "otherOwner");
  });
});

describe("the life cycles against a server", () => {
  let aegir: SmallAegir;

  async function start(options: SmallAegirOptions = {}, waits: object = {}): Promise<void> {
    // The account cron every 0.08 s.
    aegir = await SmallAegir.start({ cronSeconds: 5, ...options });
    const configuration = aegir.configuration();
    configureServers(JSON.stringify({ main: { ...configuration, waits: { pollSeconds: 0.005, ...waits } } }));
    aegir.addSites([{ site }]);
    await aegirClient.create(acme);
  }

  afterEach(async () => {
    newProviderProcess();
    await endServers();
    await aegir.stop();
  });

  const own = () => siteOwnership.create({ site, client: "acme", server });
  const owner = () => aegir.tables().sites.find((row) => row.site === site && row.status !== -2)?.owner;
  const links = () => aegir.tables().sites.find((row) => row.site === site && row.status !== -2)?.links;

  describe("waiting", () => {
    it("a queue that does not run ends the wait as half done, and the error says why", async () => {
      await start({}, { taskMinutes: 0.01 });
      aegir.panel.pauseQueue();
      await assert.rejects(own(), (error: PartialFailure) => {
        assert.ok(error instanceof PartialFailure);
        assert.equal((error.properties as { applied: boolean }).applied, false);
        assert.match(
          error.message,
          /^www\.acme\.example is recorded as owned by acme, but that is not effective: waited 0\.01 min without progress for the verify of www\.acme\.example \(task \d+\): it is still queued with 0 tasks ahead of it, and the queue has not advanced \(.+\); octopus123456 can still reach its files \(server aegir@127\.0\.0\.1:\d+\)\. The change is recorded on the server\. Remove what holds up the queue, then run/,
        );
        return true;
      });
      assert.equal(owner(), "acme");
      aegir.panel.resumeQueue();
      const { outs } = await own();
      assert.equal(outs.applied, true);
    });

    it("a verify that counts as failed but made the owner effective is enough", async () => {
      await start();
      aegir.faults.nextVerify(site, "errorLine");
      const { outs } = await own();
      assert.equal(outs.applied, true);
      assert.deepEqual(links(), ["acme"]);
      assert.equal(aegir.tables().tasks.at(-1)?.status, 2);
    });

    it("a long queue is waited for as long as it advances, although one task may not take that long", async () => {
      // Each task takes 0.1 real seconds; 12 of them take longer than the 0.6 seconds without progress.
      await start({ queue: { everySeconds: 6, taskSeconds: 1 } }, { taskMinutes: 0.01 });
      const others = Array.from({ length: 12 }, (_, index) => `site${index}.example`);
      aegir.addSites(others.map((name) => ({ site: name })));
      for (const other of others) aegir.panel.addTask(other, "verify");
      const { outs } = await own();
      assert.equal(outs.applied, true);
    });

    it("a task that is running on the site is waited for before the owner is written (trap 11)", async () => {
      await start({ queue: { everySeconds: 3, taskSeconds: 20 } });
      const task = aegir.panel.addTask(site, "verify");
      await until(() => aegir.tables().tasks.some(({ nid, status }) => nid === task && status === -1));
      await own();
      assert.equal(owner(), "acme");
      assert.deepEqual(links(), ["acme"]);
      const owners = aegir.ownerHistory.filter((state) => state.site === site).map((state) => state.owner);
      assert.deepEqual(owners, ["octopus123456", "acme"]);
    });

    it("a site that is not installed yet is waited for (trap 11)", async () => {
      await start({ queue: { everySeconds: 30, taskSeconds: 1 } });
      aegir.panel.addSite({ site: "new.acme.example" });
      await siteOwnership.create({ site: "new.acme.example", client: "acme", server });
      assert.equal(aegir.tables().sites.find((row) => row.site === "new.acme.example")?.owner, "acme");
    });

    it("a verify that is queued already is used, not doubled (trap 25)", async () => {
      await start({ queue: { everySeconds: 30, taskSeconds: 1 } });
      const task = aegir.panel.addTask(site, "verify");
      const { outs } = await own();
      assert.equal(outs.verifyTask, task);
      assert.equal(
        aegir.tables().tasks.filter((row) => row.site === site && row.type === "verify" && row.nid >= task).length,
        1,
      );
    });

    describe("for a login that does not come", () => {
      const create = () => shellAccount.create({ client: "acme", server });
      it("names the lock files that root sees, and no others", async () => {
        await start({ user: "root", owner: "o1" });
        const { connection, drush } = aegir.configuration();
        const waits = { pollSeconds: 0.005, accountMinutes: 0.005 };
        configureServers(JSON.stringify({ main: { connection, drush, accounts: { instance: "o1" }, waits } }));
        aegir.faults.lockFiles.add("/run/manage_ltd_users.pid").add("/root/.proxy.cnf");
        aegir.panel.setOwner(site, "Acme Corp");
        aegir.runQueue();
        await assert.rejects(create(), (error: AegirError) => {
          assert.deepEqual([error.code, error.outcome], ["waitExpired", "notDone"]);
          assert.match(
            error.message,
            /waited 0\.005 min, and o1\.acme has no password file: BOA is held up: \/run\/manage_ltd_users\.pid is there, \/root\/\.proxy\.cnf is there \(server/,
          );
          assert.doesNotMatch(error.message, /boa_run|pause_tasks/);
          return true;
        });
      });

      it("names the lock files that Aegir's user sees, each once, where the login that reads the files sees none", async () => {
        // The lock is there before the account cron runs.
        await start({ cronSeconds: 600 }, { accountMinutes: 0.005 });
        await own();
        aegir.faults.lockFiles.add("/run/boa_wait.pid");
        await assert.rejects(create(), (error: AegirError) => {
          assert.match(
            error.message,
            /password file: BOA is held up: BOA holds the queue \(\/run\/boa_wait\.pid\) \(server/,
          );
          assert.equal(error.message.split("/run/boa_wait.pid").length, 2);
          return true;
        });
      });

      it("lists what could be the reason only as what cannot be seen (trap 32)", async () => {
        await start({}, { accountMinutes: 0.005 });
        aegir.faults.lockFiles.add("/run/manage_ltd_users.pid");
        await own();
        await assert.rejects(
          create(),
          /no obstacle of BOA's account cron is visible; o1\.ftp cannot see \/run\/manage_ltd_users\.pid, .*\/root\/\.proxy\.cnf, any of which would hold it up/,
        );
      });
    });
  });

  describe("refusing", () => {
    beforeEach(() => start());

    const refusals: [what: string, act: () => Promise<unknown>, message: RegExp, traps?: string][] = [
      [
        "the front end's own site",
        () => siteOwnership.create({ site: "o1.aegir.example.com", client: "acme", server }),
        /o1\.aegir\.example\.com is Aegir's own front end .*Nothing was changed\. Remove this resource/,
      ],
      [
        "a client that does not exist",
        () => siteOwnership.create({ site, client: "nobody", server }),
        /there is no client nobody .*Declare it as an AegirClient/,
      ],
      [
        "deleting the default owner",
        () =>
          aegirClient.delete("client:octopus123456", {
            name: "x",
            internalName: "octopus123456",
            server,
            stateVersion: 1,
            nid: aegir.tables().clients.find(({ internalName }) => internalName === "octopus123456")!.nid,
            panelUser: null,
          }),
        /the client octopus123456 is the server's default owner/,
        "traps 10, 22",
      ],
      [
        "a client whose internal name the server's prefix would alter",
        () => {
          aegir.panel.setVariable("hosting_client_prefix", "c_");
          return aegirClient.create({ name: "Beta GmbH", internalName: "beta", server });
        },
        /Aegir would store the internal name beta as c_beta, .*Configure the server's clientPrefix as it is there/,
        "trap 5",
      ],
      [
        "a user where the role of clients is missing, with the client that it is for",
        () => {
          aegir.panel.deleteRole("aegir client");
          return aegirClient.create({ name: "Beta GmbH", internalName: "beta", email: "it@beta.example", server });
        },
        /The role "aegir client" does not exist here.* Nothing was changed\. Remove the obstacle/,
        "trap 8",
      ],
    ];
    for (const [what, act, message, traps] of refusals) {
      it(`${what}, and nothing is written${traps ? ` (${traps})` : ""}`, async () => {
        const { writes } = aegir.counts;
        await assert.rejects(act(), (error: Error) => {
          assert.ok(error instanceof AegirError, String(error));
          assert.match(error.message, message);
          assert.equal(error.stack, error.message);
          return true;
        });
        assert.equal(aegir.counts.writes, writes);
      });
    }
  });

  describe("warning", () => {
    let said: string[];
    const { log } = console;
    beforeEach(async () => {
      await start();
      said = [];
      console.log = (line: string) => said.push(line);
    });
    afterEach(() => {
      console.log = log;
    });

    it("of a site that is disabled, whose owner is still changed (trap 24)", async () => {
      aegir.addSites([{ site: "off.example", status: -1 }]);
      await siteOwnership.create({ site: "off.example", client: "acme", server });
      assert.deepEqual(said, ["site:off.example: off.example is disabled: visitors cannot see it."]);
      assert.equal(aegir.tables().sites.find((row) => row.site === "off.example")?.owner, "acme");
    });

    it("of a certificate that stays behind because a site of another client uses it, in both directions", async () => {
      const nids = ["a.acme.example", "b.acme.example"].map((name) => {
        aegir.addSites([{ site: name }]);
        return aegir.tables().sites.find((row) => row.site === name)!.nid;
      });
      const client = aegir.tables().clients.find(({ internalName }) => internalName === "octopus123456")!.nid;
      aegir.frontEnd.addCertificate({ name: "wild.acme.example", client, sites: nids });
      const certificate = () => aegir.tables().certificates[0]?.client;
      const next = "Until that changes, the panel does not save the site's form with it: see handing-over-a-site.md.";
      const a = await siteOwnership.create({ site: "a.acme.example", client: "acme", server });
      assert.equal(certificate(), "octopus123456");
      const b = await siteOwnership.create({ site: "b.acme.example", client: "acme", server });
      assert.equal(certificate(), "acme");
      await siteOwnership.delete(a.id, a.outs);
      assert.equal(certificate(), "acme");
      await siteOwnership.delete(b.id, b.outs);
      assert.equal(certificate(), "octopus123456");
      assert.deepEqual(said, [
        `site:a.acme.example: its SSL certificate wild.acme.example stays with octopus123456, because 1 site of other clients uses it. ${next}`,
        `site:a.acme.example: its SSL certificate wild.acme.example stays with acme, because 1 site of other clients uses it. ${next}`,
        "site:a.acme.example: now belongs to octopus123456.",
        "site:b.acme.example: now belongs to octopus123456.",
      ]);
    });

    it("of people who are blocked, see everything anyway, or lack the role", async () => {
      aegir.panel.addUser({ name: "blocked", active: false });
      aegir.panel.addUser({ name: "operator", roles: ["aegir administrator"] });
      aegir.panel.addUser({ name: "norole", roles: [] });
      for (const user of ["blocked", "operator", "norole"]) {
        await clientUserBinding.create({ client: "acme", user, server });
      }
      assert.deepEqual(said, [
        "binding:acme:blocked: the user blocked is blocked and cannot log in to the panel.",
        "binding:acme:operator: the user operator is an administrator and sees every site in any case.",
        'binding:acme:norole: the user norole lacks the role "aegir client", so the binding shows sites but permits little.',
      ]);
    });
  });

  describe("on a hosted account, where only password files can be reached", () => {
    beforeEach(async () => {
      await start();
      await own();
      await endServers();
      const { accounts } = aegir.configuration();
      configureServers(JSON.stringify({ main: { accounts, waits: { pollSeconds: 0.005 } } }));
    });

    it("a login is adopted, rotated and forgotten (traps 16, 17)", async () => {
      const { id, outs } = await shellAccount.create({ client: "acme", server });
      const stored = () => aegir.tables().passwordFiles["o1.acme"]?.trimEnd();
      assert.deepEqual([id, outs.password], ["account:o1.acme", stored()]);
      const rotated = await shellAccount.update(id, outs, { client: "acme", rotation: "1", server });
      assert.notEqual(rotated.outs.fingerprint, outs.fingerprint);
      assert.equal(rotated.outs.password, stored());
      await shellAccount.delete(id, rotated.outs);
      assert.equal(stored(), rotated.outs.password);
      assert.deepEqual(Object.keys(aegir.counts.connections).sort(), ["aegir", "o1.ftp"]);
    });

    it("a rotation whose checkpoint was lost is not repeated, though a refresh has seen the new password (trap 14)", async () => {
      const rotation = { client: "acme", rotation: "1", server };
      const { id, outs } = await shellAccount.create({ client: "acme", server });
      const rotated = await shellAccount.update(id, outs, rotation);
      const { props } = await shellAccount.read(id, outs);
      assert.equal(props!.password, rotated.outs.password);
      const again = await shellAccount.update(id, props!, rotation);
      assert.deepEqual(again.outs, rotated.outs);
      assert.equal(aegir.counts.unlinks, 1);
    });

    it("a password that a refresh finds is recorded once, so that a rotation is made after it", async () => {
      const declared = { client: "acme", server };
      const { id, outs } = await shellAccount.create(declared);
      // Somebody else rotates it.
      await shellAccount.update(id, outs, { ...declared, rotation: "theirs" });
      const { props } = await shellAccount.read(id, outs);
      assert.equal((await shellAccount.diff(id, props!, declared)).changes, true);
      const noted = (await shellAccount.update(id, props!, declared)).outs;
      assert.equal(noted.password, props!.password);
      assert.equal((await shellAccount.diff(id, noted, declared)).changes, false);
      const rotated = await shellAccount.update(id, noted, { ...declared, rotation: "1" });
      assert.notEqual(rotated.outs.password, noted.password);
      assert.equal(aegir.counts.unlinks, 2);
    });

    it("everything else is refused, with the reason (trap 16)", async () => {
      await assert.rejects(
        own(),
        /server "main" has no connection that can run Drush \(a hosted account has none\) .*Declare only ShellAccount resources on it/,
      );
    });
  });

  describe("when something goes wrong half way", () => {
    beforeEach(() => start({}, { taskMinutes: 0.01, accountMinutes: 0.01 }));

    it("an error of the server after the write is half done, not undone", async () => {
      // The next worker, which is asked again, finds it as broken.
      for (const time of [2, 3]) aegir.faults.onRequest("site", "fatal", time);
      await assert.rejects(own(), (error: PartialFailure) => {
        assert.ok(error instanceof PartialFailure);
        assert.match(error.message, /The change is recorded on the server/);
        assert.equal((error.properties as { client: string }).client, "acme");
        return true;
      });
      assert.equal(owner(), "acme");
    });

    it("a lost answer of a server that then cannot be asked is recorded as not known", async () => {
      // The connection that is there stays.
      aegir.faults.refuseLogins = true;
      aegir.faults.onRequest("setOwner", "cutAfter");
      await assert.rejects(own(), (error: PartialFailure) => {
        assert.ok(error instanceof PartialFailure, String(error));
        assert.match(error.message, /Whether the change was made is not known/);
        const { client, applied, ownerNid } = error.properties as {
          client: string;
          applied: boolean;
          ownerNid?: number;
        };
        // The number is that of acme, which the AegirClient knows, and not that of the owner before.
        const acmeNid = aegir.tables().clients.find(({ internalName }) => internalName === "acme")?.nid;
        assert.deepEqual([client, applied, ownerNid], ["acme", false, acmeNid]);
        return true;
      });
      assert.equal(owner(), "acme");
    });

    it("a client that could not be deleted keeps its people", async () => {
      const { outs } = await aegirClient.create({ ...acme, email: "it@acme.example" });
      for (const time of [1, 2]) aegir.faults.onRequest("deleteClient", "fatal", time);
      await assert.rejects(aegirClient.delete("client:acme", outs));
      assert.deepEqual(aegir.tables().clients.find(({ internalName }) => internalName === "acme")?.users, ["acme"]);
      await aegirClient.delete("client:acme", outs);
      assert.ok(!aegir.tables().clients.some(({ internalName }) => internalName === "acme"));
      assert.ok(aegir.tables().users.some(({ name }) => name === "acme"));
    });

    it("a deadlock while a user is ensured is made again", async () => {
      const { outs } = await aegirClient.create(acme);
      aegir.faults.onRequest("ensureUser", "deadlock");
      const updated = await aegirClient.update("client:acme", outs, { ...acme, email: "it@acme.example" });
      assert.equal(updated.outs.panelUser, "acme");
    });

    it("a rotation that does not end is recorded, without the password that is gone", async () => {
      await own();
      const { id, outs } = await shellAccount.create({ client: "acme", server });
      aegir.faults.lockFiles.add("/run/manage_ltd_users.pid");
      await assert.rejects(
        shellAccount.update(id, outs, { client: "acme", rotation: "1", server }),
        (error: PartialFailure) => {
          assert.ok(error instanceof PartialFailure, String(error));
          assert.deepEqual(pickOf(error.properties, "rotation", "password"), { rotation: "1", password: null });
          return true;
        },
      );
    });
  });

  describe("knowing people and things again", () => {
    beforeEach(() => start());
    const people = () => aegir.tables().clients.find(({ internalName }) => internalName === "acme")?.users;

    it("a person who was renamed in the panel is unbound, and not the user who has the old name", async () => {
      aegir.panel.addUser({ name: "alice" });
      const { id, outs } = await clientUserBinding.create({ client: "acme", user: "alice", server });
      aegir.panel.renameUser("alice", "alice.miller");
      aegir.panel.addUser({ name: "alice", mail: "another@example.com" });
      aegir.panel.bind("acme", "alice");
      const read = await clientUserBinding.read(id, outs);
      assert.deepEqual([read.id, read.inputs?.["user"]], [id, "alice"]);
      await clientUserBinding.delete(id, read.props as typeof outs);
      assert.deepEqual(people(), ["alice"]);
    });

    /** alice was bound; now she is called alice.miller, and another person is alice. */
    async function nameTakenByAnother() {
      aegir.panel.addUser({ name: "alice", mail: "alice@acme.example" });
      const inputs = { client: "acme", user: "alice", server };
      const { id, outs } = await clientUserBinding.create(inputs);
      aegir.panel.renameUser("alice", "alice.miller");
      aegir.panel.addUser({ name: "alice", mail: "another@example.com" });
      const stranger = aegir.tables().users.find(({ name }) => name === "alice")!.uid;
      const { props } = await clientUserBinding.read(id, outs);
      return { inputs, id, known: outs.uid!, stranger, recorded: props as typeof outs };
    }

    it("a name that another person has now is refused, naming both people and the ways out", async () => {
      const { inputs, id, known, stranger, recorded } = await nameTakenByAnother();
      assert.deepEqual(await clientUserBinding.diff(id, recorded, inputs), { changes: true, replaces: [] });
      await assert.rejects(clientUserBinding.update(id, recorded, inputs), (error: AegirError) => {
        assert.equal(error.code, "changedMeanwhile");
        assert.deepEqual(error.detail["found"], { name: "alice.miller", uid: stranger });
        assert.match(error.message, new RegExp(`uid ${known}, who is called alice\\.miller now; uid ${stranger} is`));
        assert.match(error.message, /Declare the user alice\.miller to keep .*, or write expectedUid: \d+ /);
        return true;
      });
      assert.deepEqual(people(), ["alice.miller"], "nobody was bound who was not meant");
    });

    it("a name that another person has now is not bound to a further client either, until the uid says so", async () => {
      const { stranger } = await nameTakenByAnother();
      await aegirClient.create({ name: "Beta GmbH", internalName: "beta", server });
      const further = { client: "beta", user: "alice", server };
      await assert.rejects(clientUserBinding.create(further), (error: AegirError) => {
        assert.equal(error.code, "changedMeanwhile");
        assert.match(error.message, /write expectedUid: \d+ /);
        return true;
      });
      const beta = () => aegir.tables().clients.find(({ internalName }) => internalName === "beta")?.users;
      assert.deepEqual(beta(), []);
      await clientUserBinding.create({ ...further, expectedUid: stranger });
      assert.deepEqual(beta(), ["alice"]);
    });

    it("a renamed person is kept by declaring the new name", async () => {
      const { inputs, id, recorded } = await nameTakenByAnother();
      const renamed = { ...inputs, user: "alice.miller" };
      assert.deepEqual(await clientUserBinding.diff(id, recorded, renamed), { changes: true, replaces: ["user"] });
      await clientUserBinding.check({}, renamed);
      await clientUserBinding.create(renamed);
      await clientUserBinding.delete(id, recorded);
      assert.deepEqual(people(), ["alice.miller"]);
    });

    it("the user who has the name now is bound, and the former one unbound, once the uid is declared", async () => {
      const { inputs, id, stranger, recorded } = await nameTakenByAnother();
      const meant = { ...inputs, expectedUid: stranger };
      assert.deepEqual(await clientUserBinding.diff(id, recorded, meant), { changes: true, replaces: ["expectedUid"] });
      await clientUserBinding.check({}, meant);
      const { outs } = await clientUserBinding.create(meant);
      await clientUserBinding.delete(id, recorded);
      assert.deepEqual([outs.uid, people()], [stranger, ["alice"]]);
      assert.deepEqual(await clientUserBinding.diff(id, outs, meant), { changes: false, replaces: [] });
    });

    it("a person who was deleted and made again under the same name is not taken for the same", async () => {
      const { inputs, id, stranger, recorded } = await nameTakenByAnother();
      aegir.panel.deleteUser("alice.miller");
      const { props } = await clientUserBinding.read(id, recorded);
      await assert.rejects(clientUserBinding.update(id, props as typeof recorded, inputs), (error: AegirError) => {
        assert.deepEqual(error.detail["found"], { name: null, uid: stranger });
        return true;
      });
      assert.deepEqual(people(), []);
    });

    for (const [what, takeAway] of [
      ["unbound by hand", () => aegir.panel.unbind("acme", "alice")],
      ["deleted", () => aegir.panel.deleteUser("alice")],
    ] as const) {
      it(`a person who was ${what} is remembered, and a user who takes the name later is not bound`, async () => {
        const known = aegir.panel.addUser({ name: "alice" });
        const inputs = { client: "acme", user: "alice", server };
        const { id, outs } = await clientUserBinding.create(inputs);
        takeAway();
        const found = await clientUserBinding.read(id, outs);
        assert.equal(found.id, id);
        assert.deepEqual(await clientUserBinding.diff(id, found.props!, inputs), { changes: true, replaces: [] });
        if (what === "unbound by hand") aegir.panel.renameUser("alice", "alice.miller");
        const stranger = aegir.panel.addUser({ name: "alice", mail: "another@example.com" });
        const { props } = await clientUserBinding.read(id, found.props!);
        await assert.rejects(clientUserBinding.update(id, props!, inputs), (error: AegirError) => {
          assert.deepEqual([error.code, error.detail["uid"]], ["changedMeanwhile", known]);
          assert.equal((error.detail["found"] as { uid: number }).uid, stranger);
          return true;
        });
        assert.deepEqual(people(), []);
      });
    }

    it("a deleted user is missing, or made again if createUser says so", async () => {
      const known = aegir.panel.addUser({ name: "alice", mail: "alice@acme.example" });
      const inputs = { client: "acme", user: "alice", server };
      const { id, outs } = await clientUserBinding.create(inputs);
      aegir.panel.deleteUser("alice");
      const { props } = await clientUserBinding.read(id, outs);
      await assert.rejects(clientUserBinding.update(id, props!, inputs), /there is no panel user alice/);
      const again = { ...inputs, createUser: { email: "alice@acme.example" } };
      const meant = { ...again, expectedUid: known };
      await assert.rejects(clientUserBinding.update(id, props!, meant), /alice was uid \d+, who no longer exists/);
      const { outs: made } = await clientUserBinding.update(id, props!, again);
      assert.deepEqual(people(), ["alice"]);
      assert.notEqual(made.uid, known);
      assert.deepEqual(await clientUserBinding.diff(id, made, again), { changes: false, replaces: [] });
    });

    it("a renamed person whose old name is free is not made a second time", async () => {
      aegir.panel.addUser({ name: "alice", mail: "alice@acme.example" });
      const inputs = { client: "acme", user: "alice", createUser: { email: "alice@new.example" }, server };
      const { id, outs } = await clientUserBinding.create({ client: "acme", user: "alice", server });
      aegir.panel.renameUser("alice", "alice.miller");
      const { props } = await clientUserBinding.read(id, outs);
      await assert.rejects(
        clientUserBinding.update(id, props as typeof outs, inputs),
        /Declare the user alice\.miller/,
      );
      assert.deepEqual(people(), ["alice.miller"]);
    });

    it("createUser binds no existing user of another address, and names both", async () => {
      aegir.panel.addUser({ name: "bob", mail: "robert@othercustomer.example" });
      const inputs = { client: "acme", user: "bob", createUser: { email: "bob@acme.example" }, server };
      await assert.rejects(
        clientUserBinding.create(inputs),
        /bob has the address robert@othercustomer\.example, and createUser says bob@acme\.example/,
      );
      assert.deepEqual(people(), []);
      await clientUserBinding.create({ client: "acme", user: "bob", server });
      const { outs } = await clientUserBinding.create(inputs);
      assert.ok(outs.warnings.some((warning) => warning.includes("robert@othercustomer.example")));
    });

    it("a person whom the client's email declares as well stays bound", async () => {
      aegir.panel.addUser({ name: "itguy", mail: "it@acme.example" });
      const { id, outs } = await clientUserBinding.create({ client: "acme", user: "itguy", server });
      await aegirClient.check({}, { ...acme, email: "IT@acme.example" });
      await clientUserBinding.delete(id, outs);
      assert.deepEqual(aegir.tables().clients.find(({ internalName }) => internalName === "acme")?.users, ["itguy"]);
    });

    it("what is adopted has every output, because a preview takes an absent one for unknown", async () => {
      await own();
      const { outs } = await own();
      assert.deepEqual([outs.previousOwner, outs.verifyTask, outs.applied], [null, null, true]);
      assert.equal((await aegirClient.create(acme)).outs.panelUser, null);
      const login = await shellAccount.create({ client: "acme", passwordInState: false, server });
      assert.equal(login.outs.password, null);
    });

    /** The site is deleted in the panel and made again under its name. */
    async function siteMadeAgain(owner: string): Promise<number> {
      aegir.panel.addTask(site, "delete");
      await until(() => !aegir.tables().sites.some((row) => row.site === site && row.status !== -2));
      aegir.addSites([{ site, owner }]);
      return aegir.tables().sites.find((row) => row.site === site && row.status !== -2)!.nid;
    }

    it("a site made again under its name by its owner is known by its new number, and removed as declared", async () => {
      const { id, outs } = await own();
      const nid = await siteMadeAgain("acme");
      const { props } = await siteOwnership.read(id, outs);
      assert.deepEqual([props?.nid, props?.remade], [nid, undefined]);
      await siteOwnership.delete(id, props as typeof outs);
      assert.equal(owner(), "octopus123456");
    });

    it("a site made again under its name by its owner goes with its removal, though no refresh has seen it", async () => {
      const { id, outs } = await own();
      await siteMadeAgain("acme");
      await siteOwnership.delete(id, outs);
      assert.equal(owner(), "octopus123456");
    });

    it("a site made again for another client is refused, naming both numbers, after a refresh as before it", async () => {
      await aegirClient.create({ name: "Beta GmbH", internalName: "beta", server });
      const { id, outs } = await own();
      const nid = await siteMadeAgain("beta");
      const inputs = { site, client: "acme", server };
      const { props } = await siteOwnership.read(id, outs);
      const recorded = props as typeof outs;
      assert.deepEqual([recorded.nid, recorded.client, recorded.remade], [outs.nid, "acme", { nid, owner: "beta" }]);
      assert.deepEqual(await siteOwnership.diff(id, recorded, inputs), { changes: true, replaces: [] });
      for (const olds of [outs, recorded]) {
        await assert.rejects(siteOwnership.update(id, olds, inputs), (error: AegirError) => {
          assert.equal(error.code, "changedMeanwhile");
          assert.match(error.message, new RegExp(`was node ${outs.nid} of acme, and is node ${nid} of beta now`));
          assert.match(error.message, /Write takeOverFrom: "beta"/);
          return true;
        });
        await siteOwnership.delete(id, olds);
      }
      assert.equal(owner(), "beta");
      const { outs: kept } = await siteOwnership.update(id, recorded, { ...inputs, client: "beta" });
      assert.deepEqual([kept.nid, kept.remade], [nid, undefined]);
      const taken = await siteOwnership.update(id, recorded, { ...inputs, takeOverFrom: "beta" });
      assert.deepEqual([taken.outs.nid, owner()], [nid, "acme"]);
    });

    it("a site that another stack took back by takeOverFrom is not taken a second time", async () => {
      await aegirClient.create({ name: "Beta GmbH", internalName: "beta", server });
      const first = { site, client: "acme", takeOverFrom: "beta", server };
      const second = { site, client: "beta", takeOverFrom: "acme", server };
      aegir.panel.setOwner(site, "Beta GmbH");
      const { id, outs } = await siteOwnership.create(first);
      assert.equal(outs.tookFrom, "beta");
      await siteOwnership.create(second);
      const { props } = await siteOwnership.read(id, outs);
      for (const olds of [outs, props as typeof outs]) {
        await assert.rejects(
          siteOwnership.update(id, olds, first),
          /was taken from beta once, as takeOverFrom says, and belongs to beta again.* remove takeOverFrom/,
        );
      }
      assert.equal(owner(), "beta");
      // Without it, the change is drift like any other, and the other stack is refused in its turn.
      await siteOwnership.update(id, props as typeof outs, { site, client: "acme", server });
      assert.equal(owner(), "acme");
    });

    it("a takeover whose state was lost is made as declared, and its counterpart is then refused", async () => {
      await aegirClient.create({ name: "Beta GmbH", internalName: "beta", server });
      await own();
      const second = { site, client: "beta", takeOverFrom: "acme", server };
      const { id, outs } = await siteOwnership.create(second);
      await siteOwnership.create({ site, client: "acme", takeOverFrom: "beta", server });
      const { props } = await siteOwnership.read(id, outs);
      await assert.rejects(siteOwnership.update(id, props as typeof outs, second), /was taken from acme once/);
      assert.equal(owner(), "acme");
    });

    /** The client acme is deleted in the panel, and another one made under its name. */
    async function clientMadeAgain() {
      const { outs } = await aegirClient.create(acme);
      aegir.panel.deleteClient("acme");
      const nid = aegir.panel.addClient({ name: "Acme Corp", internalName: "acme" });
      const { props } = await aegirClient.read("client:acme", outs);
      return { outs, nid, recorded: props as typeof outs };
    }

    it("a client deleted and made again is refused, naming both numbers, until it is adopted", async () => {
      const { outs, nid, recorded } = await clientMadeAgain();
      assert.deepEqual([recorded.nid, recorded.nameChange], [outs.nid, { internalName: null, nid }]);
      assert.deepEqual(await aegirClient.diff("client:acme", recorded, acme), { changes: true, replaces: [] });
      for (const olds of [outs, recorded]) {
        await assert.rejects(aegirClient.update("client:acme", olds, acme), (error: AegirError) => {
          assert.match(
            error.message,
            new RegExp(`was node ${outs.nid}, which no longer exists; node ${nid} is called`),
          );
          assert.match(error.message, /Set onExisting: "adopt" to take the one/);
          return true;
        });
      }
      const adopting = { ...acme, onExisting: "adopt" as const };
      const { outs: adopted } = await aegirClient.update("client:acme", recorded, adopting);
      assert.equal(adopted.nid, nid);
      assert.deepEqual(await aegirClient.diff("client:acme", adopted, adopting), { changes: false, replaces: [] });
    });

    it("a client made again under the name of a removed one is not deleted with it", async () => {
      const { nid, outs, recorded } = await clientMadeAgain();
      for (const olds of [outs, recorded]) await aegirClient.delete("client:acme", olds);
      assert.equal(aegir.tables().clients.find(({ internalName }) => internalName === "acme")?.nid, nid);
    });

    it("a client whose internal name was changed in the database is refused, with its name now", async () => {
      const { outs } = await aegirClient.create(acme);
      aegir.panel.setInternalName("acme", "acme_old");
      const { props } = await aegirClient.read("client:acme", outs);
      const recorded = props as typeof outs;
      assert.deepEqual(recorded.nameChange, { internalName: "acme_old", nid: null });
      await assert.rejects(
        aegirClient.update("client:acme", recorded, acme),
        /is called acme_old now; no client is called acme now.*Declare internalName: "acme_old" to keep that client/,
      );
      await assert.rejects(aegirClient.delete("client:acme", recorded), /is called acme_old now/);
      await aegirClient.check({}, { ...acme, internalName: "acme_old" });
      await aegirClient.delete("client:acme", recorded);
      assert.equal(aegir.tables().clients.find(({ nid }) => nid === outs.nid)?.internalName, "acme_old");
    });

    it("a site of another client that has the owner's name now is left alone by its removal", async () => {
      const { id, outs } = await own();
      aegir.panel.setInternalName("acme", "acme_old");
      const other = aegir.panel.addClient({ name: "Other Acme", internalName: "acme" });
      aegir.panel.setOwner(site, other);
      await siteOwnership.delete(id, outs);
      assert.equal(owner(), "acme");
    });

    const usersOf = (client: number) => aegir.tables().clients.find(({ nid }) => nid === client)?.users;

    /** The client acme is called acme_old now, and another one has its name, with the user that was bound. */
    async function clientNameTaken() {
      aegir.panel.addUser({ name: "alice" });
      const inputs = { client: "acme", user: "alice", server };
      const { id, outs } = await clientUserBinding.create(inputs);
      const known = outs.clientNid!;
      aegir.panel.setInternalName("acme", "acme_old");
      const stranger = aegir.panel.addClient({ name: "Other Acme", internalName: "acme" });
      // What a new process knows is what the state says.
      newProviderProcess();
      return { inputs, id, outs, known, stranger };
    }

    it("what was bound to a client is unbound from it, and not from the one that has its name now", async () => {
      const { id, outs, known, stranger } = await clientNameTaken();
      aegir.panel.bind("acme", "alice");
      const { props } = await clientUserBinding.read(id, outs);
      const recorded = props as typeof outs;
      assert.deepEqual(
        [recorded.clientNid, recorded.clientChange],
        [known, { internalName: "acme_old", nid: stranger }],
      );
      await clientUserBinding.delete(id, recorded);
      assert.deepEqual([usersOf(known), usersOf(stranger)], [[], ["admin", "alice"]]);
    });

    it("what was bound to a client that is gone is not unbound from the one that has its name now", async () => {
      const { id, outs, stranger } = await clientNameTaken();
      aegir.panel.deleteClient("acme_old");
      aegir.panel.bind("acme", "alice");
      await clientUserBinding.delete(id, outs);
      assert.deepEqual(usersOf(stranger), ["admin", "alice"]);
    });

    it("no user is bound to a client that has the name of another one, until one of both is declared", async () => {
      const { inputs, id, outs, known, stranger } = await clientNameTaken();
      aegir.panel.addUser({ name: "bob" });
      const { props } = await clientUserBinding.read(id, outs);
      const recorded = props as typeof outs;
      assert.deepEqual(await clientUserBinding.diff(id, recorded, inputs), { changes: true, replaces: [] });
      for (const granting of [
        () => clientUserBinding.update(id, outs, { ...inputs, createUser: { email: "alice@example.com" } }),
        () => clientUserBinding.update(id, recorded, inputs),
        () => clientUserBinding.create({ ...inputs, user: "bob" }),
      ]) {
        await assert.rejects(granting(), (error: AegirError) => {
          assert.equal(error.code, "changedMeanwhile");
          assert.deepEqual(error.detail["found"], { internalName: "acme_old", nid: stranger });
          assert.match(
            error.message,
            new RegExp(`acme was node ${known}, which is called acme_old now; node ${stranger} is called acme now`),
          );
          assert.match(
            error.message,
            /Declare the client acme_old .*; or .*set onExisting: "adopt" on its AegirClient/,
          );
          return true;
        });
      }
      assert.deepEqual([usersOf(known), usersOf(stranger)], [["alice"], ["admin"]]);
    });

    it("a binding stays with a client that is declared under its new name", async () => {
      const { inputs, id, outs, known } = await clientNameTaken();
      const renamed = { ...inputs, client: "acme_old" };
      await clientUserBinding.check({}, renamed);
      assert.deepEqual(await clientUserBinding.diff(id, outs, renamed), { changes: true, replaces: ["client"] });
      assert.equal((await clientUserBinding.create(renamed)).outs.clientNid, known);
      await clientUserBinding.delete(id, outs);
      assert.deepEqual(usersOf(known), ["alice"]);
    });

    it("a binding follows its client to the node that onExisting adopts, and the other one loses it", async () => {
      const { inputs, id, outs, known, stranger } = await clientNameTaken();
      const adopting = { ...acme, onExisting: "adopt" as const };
      const client = (await aegirClient.create(acme).catch(() => undefined))?.outs;
      assert.equal(client, undefined, "another title is refused");
      await aegirClient.create(adopting);
      await clientUserBinding.check({}, inputs);
      assert.deepEqual(await clientUserBinding.diff(id, outs, inputs), { changes: true, replaces: ["client"] });
      const { outs: followed } = await clientUserBinding.create(inputs);
      await clientUserBinding.delete(id, outs);
      assert.deepEqual([usersOf(known), usersOf(stranger)], [[], ["admin", "alice"]]);
      assert.equal(followed.clientNid, stranger);
      assert.deepEqual(await clientUserBinding.diff(id, followed, inputs), { changes: false, replaces: [] });
    });

    it("a new binding is refused where the AegirClient knows the client of that name by another number", async () => {
      const { outs } = await aegirClient.create(acme);
      aegir.panel.deleteClient("acme");
      const nid = aegir.panel.addClient({ name: "Acme Corp", internalName: "acme" });
      newProviderProcess();
      aegir.panel.addUser({ name: "alice" });
      assert.deepEqual(await aegirClient.diff("client:acme", outs, acme), { changes: false, replaces: [] });
      await assert.rejects(
        clientUserBinding.create({ client: "acme", user: "alice", server }),
        new RegExp(`was node ${outs.nid}, which no longer exists; node ${nid} is called acme now`),
      );
      await assert.rejects(own(), /which no longer exists/);
      assert.deepEqual([usersOf(nid), owner()], [["admin"], "octopus123456"]);
    });

    it("a binding of a state of an earlier release goes by the client's name, and notes its number", async () => {
      aegir.panel.addUser({ name: "alice" });
      const { id, outs } = await clientUserBinding.create({ client: "acme", user: "alice", server });
      const { clientNid, ...earlier } = outs;
      const { props } = await clientUserBinding.read(id, earlier);
      assert.deepEqual(props, outs);
      assert.equal(clientNid, aegir.tables().clients.find(({ internalName }) => internalName === "acme")?.nid);
      await clientUserBinding.delete(id, earlier);
      assert.deepEqual(people(), []);
    });

    /** The site's owner acme is called acme_old now, and another client, which has its name, was given the site. */
    async function ownerNameTaken() {
      const { id, outs } = await own();
      aegir.panel.setInternalName("acme", "acme_old");
      const stranger = aegir.panel.addClient({ name: "Other Acme", internalName: "acme" });
      aegir.panel.setOwner(site, stranger);
      newProviderProcess();
      return { inputs: { site, client: "acme", server }, id, outs, known: outs.ownerNid!, stranger };
    }
    const ownerNid = () => aegir.tables().sites.find((row) => row.site === site && row.status !== -2)?.ownerNid;

    it("a refresh marks an owner of the recorded name and another number, and the update refuses to guess", async () => {
      const { inputs, id, outs, known, stranger } = await ownerNameTaken();
      const { props } = await siteOwnership.read(id, outs);
      const recorded = props as typeof outs;
      const found = { internalName: "acme_old", nid: stranger };
      assert.deepEqual([recorded.client, recorded.ownerNid, recorded.ownerChange], ["acme", known, found]);
      assert.deepEqual((await siteOwnership.read(id, recorded)).props, recorded, "a second refresh says the same");
      assert.deepEqual(await siteOwnership.diff(id, recorded, inputs), { changes: true, replaces: [] });
      for (const olds of [outs, recorded]) {
        await assert.rejects(siteOwnership.update(id, olds, inputs), (error: AegirError) => {
          assert.equal(error.code, "changedMeanwhile");
          assert.deepEqual(error.detail["found"], found);
          assert.match(error.message, /Declare the client acme_old .*; or .*set onExisting: "adopt"/);
          return true;
        });
      }
      await siteOwnership.delete(id, recorded);
      assert.equal(ownerNid(), stranger);
    });

    it("a site that a person moved is not given back to another client of the owner's name", async () => {
      await aegirClient.create({ name: "Beta GmbH", internalName: "beta", server });
      const { inputs, id, outs, known } = await ownerNameTaken();
      aegir.panel.setOwner(site, "Beta GmbH");
      const { props } = await siteOwnership.read(id, outs);
      const drifted = props as typeof outs;
      assert.deepEqual([drifted.client, drifted.givenTo, drifted.givenToNid], ["beta", "acme", known]);
      await assert.rejects(
        siteOwnership.update(id, drifted, inputs),
        /acme was node \d+, which is called acme_old now/,
      );
      assert.equal(owner(), "beta");
      await siteOwnership.update(id, drifted, { ...inputs, client: "acme_old" });
      assert.equal(ownerNid(), known);
    });

    it("a site is not handed over to another client of the name than the AegirClient is", async () => {
      const beta = { name: "Beta GmbH", internalName: "beta", server };
      const { outs: known } = await aegirClient.create(beta);
      const { id, outs } = await own();
      aegir.panel.deleteClient("beta");
      aegir.panel.addClient(beta);
      await assert.rejects(
        siteOwnership.update(id, outs, { site, client: "beta", server }),
        new RegExp(`beta was node ${known.nid}, which no longer exists`),
      );
      assert.equal(owner(), "acme");
    });

    it("a site follows its client to the node that onExisting adopts", async () => {
      const { id, outs } = await own();
      aegir.panel.setInternalName("acme", "acme_old");
      const stranger = aegir.panel.addClient({ name: "Other Acme", internalName: "acme" });
      newProviderProcess();
      const inputs = { site, client: "acme", server };
      const { props } = await siteOwnership.read(id, outs);
      await aegirClient.create({ ...acme, onExisting: "adopt" });
      for (const olds of [outs, props as typeof outs]) {
        assert.deepEqual(await siteOwnership.diff(id, olds, inputs), { changes: true, replaces: [] });
      }
      const { outs: followed } = await siteOwnership.update(id, props as typeof outs, inputs);
      assert.deepEqual([ownerNid(), followed.ownerNid, followed.ownerChange], [stranger, stranger, undefined]);
      assert.deepEqual(await siteOwnership.diff(id, followed, inputs), { changes: false, replaces: [] });
    });

    it("a site stays with an owner that is declared under its new name", async () => {
      const { id, outs } = await own();
      aegir.panel.setInternalName("acme", "acme_old");
      newProviderProcess();
      const { props } = await siteOwnership.read(id, outs);
      const recorded = props as typeof outs;
      assert.deepEqual(recorded.ownerChange, { internalName: "acme_old", nid: null });
      const { outs: kept } = await siteOwnership.update(id, recorded, { site, client: "acme_old", server });
      assert.deepEqual([kept.client, kept.ownerNid, kept.ownerChange], ["acme_old", outs.ownerNid, undefined]);
    });

    it("a site whose title has capitals is found again by a refresh", async () => {
      aegir.addSites([{ site: "WWW.Mixed.example" }]);
      const { id, outs } = await siteOwnership.create({ site: "www.mixed.example", client: "acme", server });
      assert.equal((await siteOwnership.read(id, outs)).id, id);
    });

    it("a login whose file is being written is not gone (trap 14)", async () => {
      await own();
      const { id, outs } = await shellAccount.create({ client: "acme", server });
      aegir.faults.passwordFileDelay = 30;
      const files = await PlainFiles.open(aegir.accounts);
      await files.unlink("/users/o1.acme");
      files.close();
      await until(() => aegir.tables().passwordFiles["o1.acme"] === "");
      const read = await shellAccount.read(id, outs);
      assert.equal(read.id, id);
      assert.notEqual(read.props?.fingerprint, outs.fingerprint);
    });

    it("a login whose site has left is not adopted, although it is still there", async () => {
      await own();
      await until(() => aegir.tables().passwordFiles["o1.acme"] !== undefined);
      aegir.faults.lockFiles.add("/run/manage_ltd_users.pid");
      aegir.panel.setOwner(site, "Octopus123456");
      aegir.runQueue();
      await assert.rejects(shellAccount.create({ client: "acme", server }), /the client acme has no active site/);
    });
  });

  describe("racing with others", () => {
    beforeEach(() => start({ queue: { taskSeconds: 10 } }));

    it("a deadlock's victim is made again", async () => {
      aegir.faults.onRequest("setOwner", "deadlock");
      await own();
      assert.equal(owner(), "acme");
    });

    it("a database lock that another writer holds is named", async () => {
      aegir.faults.holdDatabaseLock(4711, "deploy.example.com");
      await assert.rejects(
        own(),
        /Another connection holds the lock of the access worker, connection 4711 from deploy\.example\.com for \d+ s/,
      );
      aegir.faults.releaseDatabaseLock();
      await own();
    });

    it("a worker that dies before, during and after a write costs nothing", async () => {
      for (const fault of ["killBefore", "halfAnswer", "killAfter", "cutBefore", "cutAfter"] as const) {
        aegir.faults.onRequest("setOwner", fault);
        await own();
        assert.equal(owner(), "acme", fault);
        const { outs } = await own();
        newProviderProcess();
        await siteOwnership.delete(`site:${site}`, outs);
        assert.equal(owner(), "octopus123456", fault);
      }
      assert.deepEqual(
        aegir.ownerHistory.filter((state) => state.owner === null),
        [],
      );
    });

    it("a worker is retired after 500 requests, and answers those that it has first (trap 28)", async () => {
      const { worker } = serverFor(server);
      const before = aegir.counts.requests.client ?? 0;
      const asked: Promise<unknown>[] = [];
      for (let burst = 0; burst < 3; burst++) {
        const next = Array.from({ length: 300 }, () => worker.call("client", { internalName: "acme" }));
        asked.push(...next);
        // The first has its answer, the others are under way when the next burst comes.
        await next[0];
      }
      await Promise.all(asked);
      assert.equal((aegir.counts.requests.client ?? 0) - before, 900, "none was asked twice");
      assert.equal(aegir.counts.workerStarts, 2);
      assert.deepEqual(aegir.counts.connections, { aegir: 1 });
    });

    it("a worker is retired after a minute (trap 28)", async () => {
      const { worker } = serverFor(server);
      const ask = () => worker.call("client", { internalName: "acme" });
      await ask();
      assert.equal(aegir.counts.workerStarts, 1);
      const now = performance.now.bind(performance);
      try {
        performance.now = () => now() + 61_000;
        await ask();
      } finally {
        performance.now = now;
      }
      assert.equal(aegir.counts.workerStarts, 2);
    });

    it("a read that comes while something is written is not answered from before", async () => {
      const read = async () => (await siteOwnership.read(`site:${site}`, { server })).props?.client;
      const task = aegir.panel.addTask(site, "verify");
      await until(() => aegir.tables().tasks.some(({ nid, status }) => nid === task && status === -1));
      const owning = own();
      // The handover is under way by then, and waits for that task before it writes.
      await until(() => (aegir.counts.requests.tasks ?? 0) > 0);
      assert.equal(await read(), "octopus123456");
      await until(() => owner() === "acme");
      assert.equal(await read(), "acme");
      await owning;
      assert.equal(await read(), "acme");
    });

    it("rejected credentials are tried once, by however many resources (trap 17)", async () => {
      await endServers();
      aegir.faults.refuseLogins = true;
      const asked = Array.from({ length: 10 }, () => serverFor(server).worker.call("client", { internalName: "acme" }));
      const outcomes = await Promise.allSettled(asked);
      assert.ok(outcomes.every(({ status }) => status === "rejected"));
      await assert.rejects(own());
      assert.equal(aegir.counts.authentications.rejected, 1);
    });

    it("concurrent reads of a refresh share one inventory", async () => {
      const before = aegir.counts.requests.inventory ?? 0;
      await Promise.all(Array.from({ length: 50 }, () => aegirClient.read("client:acme", acme)));
      assert.equal((aegir.counts.requests.inventory ?? 0) - before, 1);
    });
  });
});

function pickOf(values: object, ...keys: string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, (values as Record<string, unknown>)[key]]));
}

/** Waits for a condition of the small Aegir, whose time runs by itself. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
