/** Public keys of people in a client's login: who gets in, seen by logging in, and what happens to lines of others. */
import assert from "node:assert/strict";
import type { AegirError } from "../../provider/aegir/AegirError";
import { MOST_KEY_BYTES } from "../../provider/aegir/keyScript";
import { configureServers, endServers } from "../../provider/aegir/servers";
import { aegirClient } from "../../provider/resources/AegirClient";
import { PartialFailure } from "../../provider/resources/PartialFailure";
import { shellAccount } from "../../provider/resources/ShellAccount";
import { siteOwnership } from "../../provider/resources/SiteOwnership";
import { without } from "../../provider/resources/values";
import { SmallAegir } from "../aegir/SmallAegir";
import { newKey } from "../support/keys";
import { sitesOfLogin } from "../support/PlainClient";
import { until } from "../support/until";

const server = "main";
const site = "www.acme.example";
const login = "o1.acme";
const stack = "access/production";
const id = "account:o1.acme";
const [anna, ben, eve] = [newKey(), newKey(), newKey()];
const line = ({ public: key }: { public: string }, name: string) => `${key} ${name}@laptop`;
const annas = line(anna, "anna");
const bens = line(ben, "ben");

describe("the keys of a login", () => {
  let aegir: SmallAegir;

  beforeEach(async () => {
    aegir = await SmallAegir.start({ cronSeconds: 5, user: "root", owner: "o1", accountsUser: "root" });
    configureServers(
      JSON.stringify({ main: { ...aegir.configuration(), waits: { pollSeconds: 0.05, accountMinutes: 1 } } }),
    );
    aegir.addSites([{ site }]);
    await aegirClient.create({ name: "Acme Corp", internalName: "acme", server });
    await siteOwnership.create({ site, client: "acme", server });
    aegir.runCron();
  });

  afterEach(async () => {
    await endServers();
    await aegir.stop();
  });

  const inputs = (...authorizedKeys: string[]) => ({ client: "acme", authorizedKeys, server, stack });
  const marked = ({ public: key }: { public: string }) => `${key} aegir-access ${stack}\n`;
  const file = () => aegir.tables().authorizedKeys[login] ?? "";
  const letsIn = async ({ private: privateKey }: { private: string }) => {
    const { host, port, hostKey } = aegir.drush;
    return (await sitesOfLogin({ host, port, hostKey, user: login, privateKey })) !== undefined;
  };

  it("keys: the declared ones let their owners in, and a second deployment writes nothing", async () => {
    const { outs } = await shellAccount.create(inputs(annas, bens));
    assert.deepEqual([await letsIn(anna), await letsIn(ben), await letsIn(eve)], [true, true, false]);
    const before = file();
    const { outs: again } = await shellAccount.update(id, outs, inputs(bens, line(anna, "renamed")));
    assert.deepEqual(again.authorizedKeys, [bens, line(anna, "renamed")]);
    assert.equal(file(), before);
    assert.equal((await shellAccount.diff(id, outs, inputs(bens, line(anna, "renamed")))).changes, false);
  });

  it("keys: one that goes is refused when the update ends, the others stay", async () => {
    const { outs } = await shellAccount.create(inputs(annas, bens));
    await shellAccount.update(id, outs, inputs(annas));
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [true, false]);
    await shellAccount.update(id, outs, { client: "acme", server });
    assert.equal(await letsIn(anna), false, "without the property, nobody's key is managed any more");
  });

  it("keys: lines of others are left byte for byte, on creation, change and removal", async () => {
    const others = `# by hand \xe9\n\ncommand="true" ${eve.public} eve\r\nssh-rsa broken`;
    aegir.writeAuthorizedKeys(login, others);
    const { outs } = await shellAccount.create(inputs(annas));
    assert.ok(file().startsWith(`${others}\n`));
    const { outs: changed } = await shellAccount.update(id, outs, inputs(bens));
    await shellAccount.delete(id, changed);
    assert.equal(file(), `${others}\n`);
  });

  it("keys: a declared one that was added by hand is left, and counts as there", async () => {
    aegir.writeAuthorizedKeys(login, `${anna.public} by hand\n`);
    const { outs } = await shellAccount.create(inputs(annas));
    assert.equal(file(), `${anna.public} by hand\n`);
    assert.equal(await letsIn(anna), true);
    assert.deepEqual((await shellAccount.read(id, outs)).props?.authorizedKeys, [annas]);
  });

  it("keys: one that is to go and is there by hand as well fails the update, and each one after it", async () => {
    const { outs } = await shellAccount.create(inputs(annas, bens));
    aegir.writeAuthorizedKeys(login, `${file()}from="*" ${ben.public} by hand\n`);
    const failing = (olds: typeof outs) =>
      shellAccount.update(id, olds, inputs(annas)).then(
        () => assert.fail("it was done"),
        (error: unknown) => {
          assert.ok(error instanceof PartialFailure);
          const { code, detail } = error.cause as AegirError;
          assert.deepEqual([code, detail], ["notApplied", { login, fingerprint: ben.fingerprint }]);
          return error.properties as typeof outs;
        },
      );
    const recorded = await failing(outs);
    assert.equal((await shellAccount.diff(id, recorded, inputs(annas))).changes, true);
    assert.equal(await letsIn(ben), true);
    const again = await failing(recorded);
    aegir.writeAuthorizedKeys(login, marked(anna));
    assert.deepEqual((await shellAccount.update(id, again, inputs(annas))).outs.authorizedKeys, [annas]);
  });

  it("keys: a lost state finds those of this program, and takes away what is not declared any more", async () => {
    await shellAccount.create(inputs(annas, bens));
    await shellAccount.create(inputs(annas));
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [true, false]);
  });

  it("keys: with a lost state and the last one gone from the program, it is taken away as well", async () => {
    await shellAccount.create(inputs(annas));
    const { outs } = await shellAccount.create({ client: "acme", server, stack });
    assert.equal(await letsIn(anna), false);
    assert.equal(outs.authorizedKeys, undefined);
  });

  it("keys: where none is declared, a file that cannot be read keeps nothing from being adopted or refreshed", async () => {
    aegir.blockAuthorizedKeys(login);
    const { outs } = await shellAccount.create({ client: "acme", server, stack });
    assert.equal((await shellAccount.read(id, outs)).props?.username, login);
  });

  it("keys: a refresh sees the first one of an update whose record was lost, and the next update takes it away", async () => {
    const { outs } = await shellAccount.create({ client: "acme", server, stack });
    await shellAccount.update(id, outs, inputs(annas));
    const { props } = await shellAccount.read(id, outs);
    assert.equal((await shellAccount.diff(id, props!, { client: "acme", server, stack })).changes, true);
    await shellAccount.update(id, props!, { client: "acme", server, stack });
    assert.equal(await letsIn(anna), false);
  });

  it("keys: each of two stacks with keys in one login takes away its own alone, with its state or without", async () => {
    const others = (...keys: string[]) => ({ ...inputs(...keys), stack: "access/staging" });
    const { outs } = await shellAccount.create(inputs(annas, line(eve, "eve")));
    const { outs: outsOfOther } = await shellAccount.create(others(bens));
    await shellAccount.update(id, outs, inputs(annas));
    assert.deepEqual([await letsIn(anna), await letsIn(ben), await letsIn(eve)], [true, true, false]);
    assert.deepEqual((await shellAccount.read(id, outsOfOther)).props?.authorizedKeys, [bens]);
    await shellAccount.create(inputs());
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [false, true]);
    await shellAccount.delete(id, outsOfOther);
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [false, false]);
  });

  it("keys: of one that two stacks declare, the first removal fails and names the other stack, and the second succeeds", async () => {
    const others = (...keys: string[]) => ({ ...inputs(...keys), stack: "access/staging" });
    const { outs } = await shellAccount.create(inputs(annas));
    const { outs: outsOfOther } = await shellAccount.create(others(annas));
    const failing = shellAccount.update(id, outs, inputs());
    let recorded: typeof outs | undefined;
    await assert.rejects(failing, (error: PartialFailure) => {
      const { code, message } = error.cause as AegirError;
      recorded = error.properties as typeof outs;
      return code === "notApplied" && message.includes("access/staging");
    });
    assert.equal(await letsIn(anna), true);
    await shellAccount.update(id, outsOfOther, others());
    await shellAccount.update(id, recorded!, inputs());
    assert.equal(await letsIn(anna), false);
  });

  it("keys: those of a stack that was renamed stay its own, those that are kept and those that go", async () => {
    const { outs } = await shellAccount.create(inputs(annas, bens));
    const renamed = (...keys: string[]) => ({ ...inputs(...keys), stack: "access/live" });
    assert.equal((await shellAccount.diff(id, outs, renamed(annas, bens))).changes, false);
    const { outs: once } = await shellAccount.update(id, outs, renamed(annas));
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [true, false]);
    await shellAccount.update(id, once, renamed());
    assert.equal(file(), "");
  });

  it("keys: a rotation puts all of them back before it is done, and one that goes at the same time stays away (trap 15)", async () => {
    const { outs } = await shellAccount.create(inputs(annas, bens));
    const { outs: rotated } = await shellAccount.update(id, outs, { ...inputs(annas), rotation: "2" });
    assert.notEqual(rotated.fingerprint, outs.fingerprint);
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [true, false]);
  });

  it("keys: one that goes is refused though the rotation of the same update fails", async () => {
    const { outs } = await shellAccount.create(inputs(annas, bens));
    aegir.faults.lockFiles.add("/run/manage_ltd_users.pid");
    const hold = aegir.faults.holdRequest("unlink", "begun");
    const updating = shellAccount
      .update(id, outs, { ...inputs(annas), rotation: "2" })
      .catch((error: unknown) => error);
    await hold.reached;
    aegir.breakConnections();
    assert.ok((await updating) instanceof Error);
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [true, false]);
  });

  it("keys: a refresh sees one that was removed by hand, or that a rotation elsewhere has lost", async () => {
    const { outs } = await shellAccount.create(inputs(annas, bens));
    aegir.writeAuthorizedKeys(login, file().replace(marked(anna), ""));
    const { props, inputs: seen } = await shellAccount.read(id, outs);
    assert.deepEqual([props?.authorizedKeys, seen?.["authorizedKeys"]], [[bens], [bens]]);
    assert.equal((await shellAccount.diff(id, props!, inputs(annas, bens))).changes, true);
    await shellAccount.update(id, props!, inputs(annas, bens));
    assert.equal(await letsIn(anna), true);
  });

  it("keys: a destroy takes away those of this program, not the login", async () => {
    const { outs } = await shellAccount.create(inputs(annas));
    await shellAccount.delete(id, outs);
    assert.equal(await letsIn(anna), false);
    assert.ok(aegir.tables().accounts.some(({ name }) => name === login));
  });

  it("keys: a file that its holder has changed in between is read again, and nothing of it is lost", async () => {
    const hold = aegir.faults.holdRequest("authorizedKeys", "begun");
    const creating = shellAccount.create(inputs(annas));
    await hold.reached;
    aegir.writeAuthorizedKeys(login, `${eve.public} meanwhile\n`);
    hold.release();
    await creating;
    assert.deepEqual([await letsIn(anna), await letsIn(eve)], [true, true]);
    await until(() => file().startsWith(`${eve.public} meanwhile\n`));
  });

  it("keys: its holder cannot keep a login from a rotation by making its keys unreachable", async () => {
    const { outs } = await shellAccount.create(inputs(annas, bens));
    aegir.blockAuthorizedKeys(login);
    await assert.rejects(shellAccount.update(id, outs, inputs(annas)), { code: "serverFailed" });
    const { outs: rotated } = await shellAccount.update(id, outs, { ...inputs(annas), rotation: "2" });
    assert.notEqual(rotated.fingerprint, outs.fingerprint);
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [true, false]);
  });

  it("keys: a new one is refused for a login that another client shares by now", async () => {
    const { outs } = await shellAccount.create(inputs(annas, bens));
    aegir.addSites([{ site: "www.other.example" }]);
    aegir.panel.addClient({ name: "Ac Me", internalName: "ac_me" });
    aegir.panel.setOwner("www.other.example", "Ac Me");
    aegir.runQueue();
    await assert.rejects(shellAccount.update(id, outs, inputs(annas, line(eve, "eve"))), {
      code: "refused",
      detail: { client: "acme", sharing: ["ac_me"] },
    });
    assert.deepEqual([await letsIn(anna), await letsIn(ben), await letsIn(eve)], [true, false, false]);
    await shellAccount.update(id, outs, inputs(annas));
  });

  it("keys: are not made more than can be read and taken away again", async () => {
    const { outs } = await shellAccount.create(inputs(annas));
    aegir.writeAuthorizedKeys(login, `${file()}#${"x".repeat(MOST_KEY_BYTES - file().length - 2)}\n`);
    await assert.rejects(shellAccount.update(id, outs, inputs(annas, bens)), (error: PartialFailure) => {
      assert.deepEqual((error.cause as AegirError).detail, { login, answer: "tooLarge" });
      return true;
    });
    const { outs: none } = await shellAccount.update(id, outs, inputs());
    assert.deepEqual(none.authorizedKeys, []);
    assert.equal(await letsIn(anna), false);
  });

  describe("when the connection is root's no longer", () => {
    const withoutRoot = () => {
      const { connection, accounts, ...rest } = aegir.configuration();
      const mainAccount = without(aegir.mainAccount, "password");
      configureServers(
        JSON.stringify({ main: { ...rest, connection, accounts: { ...accounts, connection: mainAccount } } }),
      );
    };
    const notApplied = { code: "notApplied", detail: { login, fingerprint: anna.fingerprint } };

    it("keys: a refresh keeps those that the server accepts, and asks for nothing that only root may do", async () => {
      const { outs } = await shellAccount.create(inputs(annas, bens));
      aegir.writeAuthorizedKeys(login, `${annas}\n`);
      withoutRoot();
      assert.deepEqual((await shellAccount.read(id, outs)).props?.authorizedKeys, [annas]);
    });

    it("keys: an update without them and a removal fail while the server accepts one, and succeed after", async () => {
      const { outs } = await shellAccount.create(inputs(annas));
      withoutRoot();
      await assert.rejects(shellAccount.delete(id, outs), notApplied);
      await assert.rejects(shellAccount.update(id, outs, { client: "acme", server }), (error: PartialFailure) => {
        assert.equal((error.cause as AegirError).code, "notApplied");
        assert.deepEqual((error.properties as typeof outs).authorizedKeys, [annas]);
        return true;
      });
      aegir.writeAuthorizedKeys(login, "");
      const { outs: updated } = await shellAccount.update(id, outs, { client: "acme", server });
      assert.equal(updated.authorizedKeys, undefined);
      await shellAccount.delete(id, outs);
    });

    it("keys: a rotation takes them away", async () => {
      const { outs } = await shellAccount.create(inputs(annas));
      withoutRoot();
      await shellAccount.update(id, outs, { client: "acme", server, rotation: "2" });
      assert.equal(await letsIn(anna), false);
    });
  });

  it("keys: need root, and the check says so", async () => {
    const hosted = {
      ...aegir.configuration(),
      accounts: { instance: "o1", connection: { ...aegir.configuration().connection, user: "o1.ftp" } },
    };
    configureServers(JSON.stringify({ main: hosted }));
    const { failures } = await shellAccount.check({}, inputs(annas));
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["authorizedKeys"],
    );
    assert.match(failures[0]!.reason, /o1\.ftp.*root/);
    const wrong = await shellAccount.check({}, inputs("ssh-ed25519 AAAA", annas));
    assert.match(wrong.failures[0]!.reason, /^authorizedKeys\[0\] /);
  });
});
