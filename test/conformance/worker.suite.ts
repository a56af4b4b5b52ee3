/**
 * What every worker promises (provider/worker/PROTOCOL.md), as one suite for any server. What a write did is read from the
 * server's tables through ServerFixture, not from the worker.
 */
import assert from "node:assert/strict";
import { SiteStatus, TaskStatus } from "../../provider/worker/facts";
import { PROTOCOL_VERSION, type Verb, type VerbResult, verbs } from "../../provider/worker/protocol";
import { type Connection, type Failure, RawWorker } from "./RawWorker";
import type { ServerFixture, State } from "./ServerFixture";

export interface Target {
  connection: Connection;
  /**
   * What the names that the suite may touch begin with: a letter, then letters and digits, 8 at most. On the server there
   * must be two enabled sites whose domains begin with it, owned by the default client; a platform whose title does, open
   * to all, lets the promises about platforms be seen. The queue must stand still while the suite runs.
   */
  prefix: string;
  fixture: ServerFixture;
  /** A throwaway: the suite may ask for what would hurt if the worker did not refuse it. */
  disposable: boolean;
  stop(): Promise<void>;
}

type SiteFacts = VerbResult<"site">["sites"][number];
type Server = VerbResult<"hello">;

/** A nid that no server has reached. */
const NOWHERE = 2_000_000_000;

export function describeWorker(name: string, start: () => Promise<Target>): void {
  describe(`the worker on ${name}`, function () {
    let target: Target;
    let fixture: ServerFixture;
    let worker: RawWorker;
    let server: Server;
    let atStart: State;
    let defaultClient: { nid: number; internalName: string };

    const named = (suffix: string) => `${target.prefix}_${suffix}`;
    const mail = (suffix: string) => `${named(suffix)}@example.com`;
    const person = (suffix: string) => ({ name: named(suffix), mail: mail(suffix), welcomeMail: false });

    before(async () => {
      target = await start();
      assert.match(target.prefix, /^[a-z][a-z0-9]{0,7}$/);
      fixture = target.fixture;
      worker = await RawWorker.start(target.connection);
      server = await worker.ok("hello", { protocol: PROTOCOL_VERSION, marker: worker.marker });
      assert.ok(server.defaultClient, "a server without a default client cannot be tested");
      defaultClient = server.defaultClient;
      atStart = await fixture.state();
      await sweep();
      atStart = await fixture.state();
    });

    afterEach(sweep);

    after(async () => {
      // Everything is closed before anything is asserted: what stays open would keep Mocha from ending.
      const atEnd = await fixture.state();
      const { exitCode } = await worker.end();
      await fixture.end();
      await target.stop();
      assert.deepEqual(atEnd, atStart, "the suite leaves nothing behind");
      assert.equal(exitCode, 0);
    });

    /** Puts back what a promise, kept or broken, or an interrupted run has left under the prefix. */
    async function sweep(): Promise<void> {
      const removeNewTasks = async () => {
        for (const { nid } of (await fixture.state()).tasks) {
          if (!atStart.tasks.some((task) => task.nid === nid)) await fixture.removeTask(nid);
        }
      };
      await removeNewTasks();
      for (const site of (await fixture.state()).sites) {
        if (site.status === SiteStatus.deleted || site.client === defaultClient.nid) continue;
        await worker.ok("setOwner", { nid: site.nid, from: site.client, to: null });
      }
      await removeNewTasks();
      for (const { nid } of (await fixture.state()).sites) {
        if (!atStart.sites.some((site) => site.nid === nid)) await fixture.removeSite(nid);
      }
      for (const { cid } of (await fixture.state()).certificates ?? []) await fixture.removeCertificate(cid);
      const platform = await fixture.platform();
      if (platform !== null) await fixture.restrict(platform, []);
      for (const { uname } of (await fixture.state()).clients) {
        await worker.ok("deleteClient", { internalName: uname, dropBindings: true, dropPlatforms: true });
      }
      for (const { name } of (await fixture.state()).users) await fixture.removeUser(name);
    }

    /** The platform that clients may be allowed on; skips a test of a server without one. */
    async function needPlatform(context: Mocha.Context): Promise<number> {
      const platform = await fixture.platform();
      if (platform !== null) return platform;
      console.warn(`      skipped: no platform has a title that begins with "${target.prefix}"`);
      return context.skip();
    }

    /** Asks for what must not be done, and sees that nothing was. */
    async function refused(verb: Verb, args: unknown): Promise<Failure> {
      const state = await fixture.state();
      const failure = await worker.failure(verb, args);
      assert.deepEqual(await fixture.state(), state, `${verb} answered "${failure.code}" and wrote all the same`);
      assert.equal(failure.fatal, false);
      return failure;
    }

    async function makeClient(
      suffix: string,
      user: object | null = null,
      name = `Client ${suffix}`,
    ): Promise<VerbResult<"createClient">> {
      return worker.ok("createClient", { internalName: named(suffix), name, user });
    }

    const clientState = async (suffix: string) =>
      (await fixture.state()).clients.find(({ uname }) => uname === named(suffix));
    const userState = async (suffix: string) =>
      (await fixture.state()).users.find(({ name }) => name === named(suffix));

    /** A site that may be moved about. */
    async function freeSite(index = 0): Promise<SiteFacts> {
      const { sites } = await worker.ok("inventory", {});
      const free = sites.filter(
        ({ site, status, ownerNid }) =>
          site.startsWith(target.prefix) && status === SiteStatus.enabled && ownerNid === defaultClient.nid,
      );
      const site = free[index];
      if (!site) {
        throw new Error(
          `Make two enabled sites whose domains begin with "${target.prefix}", owned by the default client`,
        );
      }
      return site;
    }

    async function siteFacts(site: string): Promise<SiteFacts> {
      const { sites } = await worker.ok("site", { site });
      assert.equal(sites.length, 1);
      return sites[0] as SiteFacts;
    }

    describe("its session", () => {
      let other: RawWorker;
      beforeEach(async () => (other = await RawWorker.start(target.connection)));
      afterEach(() => other.end());

      it("begins with hello, which says what the inventory repeats", async () => {
        assert.deepEqual((await worker.ok("inventory", {})).server, server);
        assert.equal(server.protocol, PROTOCOL_VERSION);
      });

      it("answers nothing at all before hello, and ends", async () => {
        other.send("site", { site: `${target.prefix}.example.com` });
        await other.ended;
        assert.deepEqual(other.answers, []);
      });

      it("refuses another version of the protocol, and ends", async () => {
        const answer = await other.ask("hello", { protocol: PROTOCOL_VERSION + 1, marker: other.marker });
        assert.ok(!answer.ok);
        assert.deepEqual([answer.error.code, answer.error.fatal], ["protocol", true]);
        await other.ended;
      });

      it("ends with standard input, and its exit code is 0", async () => {
        await other.ok("hello", { protocol: PROTOCOL_VERSION, marker: other.marker });
        assert.equal((await other.end()).exitCode, 0);
      });

      it("ends after a line that is not a request", async () => {
        await other.ok("hello", { protocol: PROTOCOL_VERSION, marker: other.marker });
        other.write("{]\n");
        const answer = await other.answer(0);
        assert.ok(answer && !answer.ok);
        assert.deepEqual([answer.error.code, answer.error.fatal], ["protocol", true]);
        await other.ended;
      });

      it("never acts on half a line", async () => {
        await other.ok("hello", { protocol: PROTOCOL_VERSION, marker: other.marker });
        const request = {
          id: 2,
          verb: "createClient",
          args: { internalName: named("half"), name: "Half", user: null },
        };
        other.write(JSON.stringify(request));
        await other.end();
        assert.equal(other.answers.length, 1);
        assert.equal(await clientState("half"), undefined);
      });

      it("goes on after a verb that it does not know and after wrong arguments, of whatever verb", async () => {
        const unknown = await worker.ask("__construct", {});
        assert.ok(!unknown.ok);
        assert.deepEqual([unknown.error.code, unknown.error.fatal], ["protocol", false]);
        const nested = {
          internalName: named("bad"),
          name: "Bad",
          user: { name: named("bad"), mail: 7, welcomeMail: false },
        };
        const wrong: [Verb, unknown][] = [
          ["createClient", nested],
          ["tasks", { nids: [1, "2"] }],
          ...(Object.keys(verbs) as Verb[])
            .filter((verb) => !["hello", "inventory", "user"].includes(verb))
            .map((verb): [Verb, unknown] => [verb, {}]),
        ];
        for (const [verb, args] of wrong) assert.equal((await refused(verb, args)).code, "protocol", verb);
      });

      it("answers requests that were written without waiting one by one, in order", async () => {
        const ids = Array.from({ length: 40 }, (_, index) =>
          index % 2 === 0
            ? worker.send("createClient", { internalName: named(`p${index}`), name: `Pipe ${index}`, user: null })
            : worker.send("deleteClient", {
                internalName: named(`p${index - 1}`),
                dropBindings: false,
                dropPlatforms: false,
              }),
        );
        await worker.answer(ids.at(-1) as number);
        const answers = worker.answers.slice(-ids.length);
        assert.deepEqual(
          answers.map(({ id }) => id),
          ids,
        );
        assert.ok(answers.every(({ ok }) => ok));
        assert.deepEqual((await fixture.state()).clients, []);
      });

      it("frames what is not ASCII by its length in bytes", async () => {
        await worker.ok("createClient", { internalName: named("utf"), name: "Größe & 東京 \"'`$(x)", user: null });
        assert.equal((await clientState("utf"))?.title, "Größe & 東京 \"'`$(x)");
        const { client } = await worker.ok("client", { internalName: named("utf") });
        assert.equal(client?.name, "Größe & 東京 \"'`$(x)");
      });

      it("reports the server's time, which goes on during a long session", async () => {
        const { now } = await worker.ask("user", { name: named("nobody") });
        await fixture.passSecond();
        assert.ok((await worker.ask("user", { name: named("nobody") })).now > now);
      });
    });

    describe("its reads", () => {
      it("find no client, site, user or task that is not there", async () => {
        assert.deepEqual(await worker.ok("client", { internalName: named("none") }), {
          client: null,
          sameName: [],
          sameShellName: [],
        });
        assert.deepEqual(await worker.ok("clientReference", { internalName: named("none") }), { client: null });
        const site = await worker.ok("site", { site: `${target.prefix}.invalid` });
        assert.deepEqual(site, { sites: [], deleted: 0, aliasOf: null });
        assert.deepEqual(await worker.ok("user", { name: named("none") }), { users: [] });
        assert.deepEqual(await worker.ok("user", { mail: mail("none") }), { users: [] });
        assert.deepEqual((await worker.ok("tasks", { nids: [NOWHERE] })).tasks, []);
        assert.deepEqual((await worker.ok("tasks", { nids: [] })).tasks, []);
      });

      it("never find the anonymous user", async () => {
        assert.deepEqual(await worker.ok("user", { name: "" }), { users: [] });
        assert.deepEqual(await worker.ok("user", { mail: "" }), { users: [] });
        assert.ok((await worker.ok("inventory", {})).users.every(({ uid }) => uid > 0));
      });

      it("say when a user was created, last logged in and last made a request, and null for what never was", async () => {
        const of = async (suffix: string) => {
          const { users } = await worker.ok("user", { name: named(suffix) });
          const { created, lastLogin, lastAccess } = users[0]!;
          return [created, lastLogin, lastAccess];
        };
        await fixture.addUser(person("una"));
        const { now } = await worker.ask("user", {});
        const [created = null, ...unused] = await of("una");
        assert.ok(created !== null && created > now - 3600 && created <= now, `${created} at ${now}`);
        assert.deepEqual(unused, [null, null]);
        await fixture.setTimes(named("una"), { created: 1700000000, login: 1700000060, access: 1700003600 });
        assert.deepEqual(await of("una"), [1700000000, 1700000060, 1700003600]);
        await fixture.setTimes(named("una"), { created: 0, login: 0, access: 1700003600 });
        assert.deepEqual(await of("una"), [null, null, 1700003600]);
      });

      it("say of one what the inventory says of all", async () => {
        await makeClient("one", person("una"));
        const { clients, sites, users } = await worker.ok("inventory", {});
        for (const expected of clients.slice(0, 30)) {
          const { client } = await worker.ok("client", { internalName: expected.internalName });
          assert.deepEqual(client, expected);
          const { nid, internalName, name } = expected;
          const reference = await worker.ok("clientReference", { internalName });
          assert.deepEqual(reference.client, { nid, internalName, name });
        }
        for (const expected of sites.slice(0, 30)) {
          const found = await worker.ok("site", { site: expected.site });
          assert.deepEqual(
            found.sites,
            sites.filter(({ site }) => site === expected.site),
          );
        }
        for (const expected of users.slice(0, 30)) {
          assert.deepEqual(await worker.ok("user", { name: expected.name }), { users: [expected] });
        }
        assert.ok(clients.some(({ internalName }) => internalName === named("one")));
        assert.ok(users.some(({ name }) => name === named("una")));
        assert.ok(sites.length >= 2);
      });

      it("agree on who owns what", async () => {
        const { clients, sites } = await worker.ok("inventory", {});
        for (const { internalName, nid, sites: owned } of clients) {
          const expected = sites.filter(({ ownerNid }) => ownerNid === nid).map(({ site }) => site);
          assert.deepEqual(owned, expected.sort(), internalName);
        }
        for (const { ownerNid, owner } of sites) assert.ok(owner === null || owner.nid === ownerNid);
      });

      it("distinguish a site from an alias of one and from a deleted one (traps 1, 23, 24)", async () => {
        const { nid, site } = await freeSite();
        const title = `${target.prefix}-alias.example.com`;
        await fixture.addAlias(nid, title);
        try {
          assert.deepEqual(await worker.ok("site", { site: title }), { sites: [], deleted: 0, aliasOf: site });
          await fixture.addDeletedSite({ title, client: defaultClient.nid, like: nid });
          assert.deepEqual(await worker.ok("site", { site: title }), { sites: [], deleted: 1, aliasOf: site });
          assert.ok((await worker.ok("inventory", {})).sites.every((each) => each.site !== title));
        } finally {
          await fixture.removeAlias(nid, title);
        }
        assert.equal((await worker.ok("site", { site: title })).aliasOf, null);
      });

      it("name the other clients with the same title, whatever the case", async () => {
        await makeClient("one", null, "One Title");
        await makeClient("two", null, "one title");
        const { sameName } = await worker.ok("client", { internalName: named("one"), name: "ONE TITLE" });
        assert.deepEqual(sameName, [named("two")]);
        assert.deepEqual((await worker.ok("client", { internalName: named("one") })).sameName, []);
      });

      it("name the clients whose shell account would have the same name (trap 21)", async () => {
        await makeClient("a_b");
        const name = named("a_b").replaceAll("_", "");
        assert.deepEqual((await worker.ok("client", { internalName: name })).sameShellName, [named("a_b")]);
        assert.deepEqual((await worker.ok("client", { internalName: named("a_b") })).sameShellName, []);
      });

      it("show what hangs on nothing: bindings of users who are gone, and what the variables name", async () => {
        const { client, user } = await makeClient("one", person("una"));
        const { orphanBindings } = await worker.ok("inventory", {});
        await fixture.removeUser(named("una"));
        const after = await worker.ok("inventory", {});
        const orphan = { uid: user!.uid, user: null, clientNid: client.nid, client: named("one") };
        assert.deepEqual(
          after.orphanBindings.filter(({ clientNid }) => clientNid === client.nid),
          [orphan],
        );
        assert.equal(after.orphanBindings.length, orphanBindings.length + 1);
        assert.deepEqual(after.clients.find(({ nid }) => nid === client.nid)?.users, []);
        assert.deepEqual(
          [server.defaultClientNid, server.adminClientNid],
          [defaultClient.nid, server.adminClient?.nid ?? server.adminClientNid],
        );
      });

      it("show every platform with whom it admits", async function () {
        const platform = await needPlatform(this);
        const admitted = async () =>
          (await worker.ok("inventory", {})).platforms.find(({ nid }) => nid === platform)?.clients;
        assert.deepEqual(await admitted(), [], "open to all");
        const clients = [(await makeClient("one")).client.nid, NOWHERE];
        await fixture.restrict(platform, clients);
        assert.deepEqual(await admitted(), clients);
      });

      it("find users by name and by mail whatever the case, and no others", async () => {
        await makeClient("one", person("una"));
        const { users } = await worker.ok("user", { name: named("UNA").toUpperCase() });
        assert.deepEqual(
          users.map(({ name }) => name),
          [named("una")],
        );
        assert.deepEqual(await worker.ok("user", { mail: mail("una").toUpperCase() }), { users });
        assert.deepEqual(await worker.ok("user", { name: named("una").replace("una", "uná") }), { users: [] });
      });
    });

    describe("createClient", () => {
      it("makes a client of uid 1 with no user bound, whatever the server does to a form (traps 6, 9)", async () => {
        const { client, user } = await makeClient("one");
        assert.deepEqual([client.internalName, client.name, user], [named("one"), "Client one", null]);
        const state = await fixture.state();
        assert.deepEqual(state.clients, [
          { nid: client.nid, uname: named("one"), title: "Client one", author: 1, users: [], bindings: [] },
        ]);
        assert.deepEqual(state.users, []);
        const expected = [...new Set([server.adminClient?.nid ?? 1, client.nid])].sort((one, other) => one - other);
        assert.deepEqual(
          (await fixture.grants(client.nid)).map(({ gid }) => gid),
          expected,
        );
      });

      it("does not take an internal name twice, and says whose it is (trap 8)", async () => {
        const { client } = await makeClient("one");
        const failure = await refused("createClient", {
          internalName: named("one"),
          name: "Another",
          user: person("una"),
        });
        assert.equal(failure.code, "exists");
        const { nid, internalName, name } = client;
        assert.deepEqual(failure.detail, { client: { nid, internalName, name } });
      });

      it("refuses an internal name that Aegir would store as another (trap 5)", async () => {
        for (const internalName of [named("A"), named("b-c"), named("d.e"), named("long_long_long_name"), "", "0"]) {
          const failure = await refused("createClient", { internalName, name: "Client", user: null });
          assert.equal(failure.code, "refused", internalName);
        }
      });

      it("makes the user that is asked for, and binds it", async () => {
        const { client, user } = await makeClient("one", person("una"));
        assert.deepEqual([user?.name, user?.created, user?.bound], [named("una"), true, true]);
        assert.deepEqual(client.users, [{ uid: user?.uid, name: named("una"), mail: mail("una"), active: true }]);
        assert.deepEqual((await clientState("one"))?.users, [named("una")]);
        const expected = { name: named("una"), mail: mail("una"), status: 1, roles: ["aegir client"] };
        assert.deepEqual(await userState("una"), expected);
        assert.equal((await clientState("one"))?.author, 1);
      });

      it("binds the user that has the mail already, whatever its name (trap 7)", async () => {
        const first = await makeClient("one", person("una"));
        const user = { name: named("other"), mail: mail("una").toUpperCase(), welcomeMail: false };
        const second = await makeClient("two", user);
        assert.deepEqual(second.user, { uid: first.user?.uid, name: named("una"), created: false, bound: true });
        assert.deepEqual((await clientState("two"))?.users, [named("una")]);
        assert.equal((await fixture.state()).users.length, 1);
      });

      it("makes neither client nor user if another user has the name (trap 8)", async () => {
        await makeClient("one", person("una"));
        const user = { name: named("una"), mail: mail("other"), welcomeMail: false };
        const failure = await refused("createClient", { internalName: named("two"), name: "Two", user });
        assert.deepEqual([failure.code, failure.detail], ["nameTaken", { user: named("una") }]);
      });
    });

    describe("renameClient", () => {
      it("changes the name and nothing else (traps 3, 4)", async () => {
        await makeClient("one", person("una"));
        const old = await clientState("one");
        const { client } = await worker.ok("renameClient", {
          internalName: named("one"),
          from: "Client one",
          to: "Eins",
        });
        assert.equal(client.name, "Eins");
        assert.deepEqual(await clientState("one"), { ...old, title: "Eins" });
      });

      it("does nothing to a client that has another name than expected, or is not there", async () => {
        const { client: one } = await makeClient("one");
        const changed = await refused("renameClient", { internalName: named("one"), from: "Uno", to: "Eins" });
        assert.deepEqual([changed.code, changed.detail], ["changed", { found: "Client one" }]);
        const { nid } = one;
        const other = { internalName: named("one"), nid: nid + 1, from: "Client one", to: "Eins" };
        const another = await refused("renameClient", other);
        assert.deepEqual([another.code, another.detail], ["changed", { nid, internalName: null }]);
        const missing = await refused("renameClient", { internalName: named("two"), from: "Two", to: "Zwei" });
        assert.deepEqual([missing.code, missing.detail], ["missing", { what: "client" }]);
      });
    });

    describe("ensureUser", () => {
      it("makes and binds a user once", async () => {
        await makeClient("one");
        const args = { client: named("one"), user: person("una") };
        const first = await worker.ok("ensureUser", args);
        assert.deepEqual([first.user.created, first.user.bound], [true, true]);
        const state = await fixture.state();
        const again = await worker.ok("ensureUser", { ...args, user: { ...args.user, name: named("other") } });
        assert.deepEqual(again.user, { ...first.user, created: false, bound: false });
        assert.deepEqual(await fixture.state(), state);
      });

      it("does nothing without the client, and nothing if another user has the name", async () => {
        const missing = await refused("ensureUser", { client: named("one"), user: person("una") });
        assert.deepEqual([missing.code, missing.detail], ["missing", { what: "client" }]);
        await makeClient("one", person("una"));
        const user = { ...person("una"), mail: mail("other") };
        assert.equal((await refused("ensureUser", { client: named("one"), user })).code, "nameTaken");
      });
    });

    describe("a user who is to be made", () => {
      it("has a name and a mail that Drupal's form would take (trap 8)", async () => {
        await makeClient("one");
        const misnamed = ["", ` ${named("una")}`, ...["x ", "x  y", "x<y", "x;y", "x".repeat(60)].map(named)];
        const unreachable = ["", "x", "x@", "x y@example.com", "x@example.com, y@example.com"];
        const users = [
          ...misnamed.map((name) => ({ name, mail: mail("una") })),
          ...unreachable.map((mail) => ({ name: named("una"), mail })),
        ];
        for (const user of users) {
          const ensured = { client: named("one"), user: { ...user, welcomeMail: false } };
          assert.equal((await refused("ensureUser", ensured)).code, "refused", JSON.stringify(user));
          const createUser = { mail: user.mail, welcomeMail: false };
          const bound = { client: named("one"), user: user.name, createUser };
          assert.equal((await refused("bind", bound)).code, "refused", JSON.stringify(user));
        }
      });
    });

    describe("bind and unbind", () => {
      it("set and remove one pair, and may be repeated", async () => {
        await makeClient("one", person("una"));
        await makeClient("two");
        const pair = { client: named("two"), user: named("una") };
        const first = await worker.ok("bind", { ...pair, createUser: null });
        assert.deepEqual([first.created, first.bound, first.user.clients], [false, true, [named("one"), named("two")]]);
        assert.deepEqual((await clientState("two"))?.users, [named("una")]);
        const again = await worker.ok("bind", { ...pair, createUser: { mail: mail("other"), welcomeMail: true } });
        assert.deepEqual([again.created, again.bound, again.user], [false, false, first.user]);

        assert.deepEqual(await worker.ok("unbind", pair), { unbound: true });
        assert.deepEqual(await worker.ok("unbind", pair), { unbound: false });
        assert.deepEqual((await clientState("two"))?.users, []);
        assert.deepEqual((await clientState("one"))?.users, [named("una")]);
        assert.deepEqual(await worker.ok("unbind", { ...pair, client: named("none") }), { unbound: false });
        assert.deepEqual(await worker.ok("unbind", { ...pair, user: named("none") }), { unbound: false });
        const { user } = await worker.ok("bind", { ...pair, createUser: null });
        assert.deepEqual((await worker.ok("user", { uid: user.uid })).users, [user]);
        assert.deepEqual((await worker.ok("user", { uid: NOWHERE })).users, []);
        assert.deepEqual(await worker.ok("unbind", { client: pair.client, uid: NOWHERE }), { unbound: false });
        assert.deepEqual(await worker.ok("unbind", { client: pair.client, uid: user.uid }), { unbound: true });
      });

      it("make a missing user when asked to, with the role of clients", async () => {
        await makeClient("one");
        const createUser = { mail: mail("una"), welcomeMail: false };
        const { user, created } = await worker.ok("bind", { client: named("one"), user: named("una"), createUser });
        assert.deepEqual([created, user.roles, user.active, user.administrator], [true, ["aegir client"], true, false]);
        assert.deepEqual(await userState("una"), {
          name: named("una"),
          mail: mail("una"),
          status: 1,
          roles: ["aegir client"],
        });
      });

      it("bind only the person with the expected uid, whichever user has the name", async () => {
        await makeClient("one");
        const una = await worker.ok("ensureUser", { client: named("one"), user: person("una") });
        const pair = { client: named("one"), createUser: null };
        const ulf = await worker.ok("bind", {
          ...pair,
          user: named("ulf"),
          createUser: { mail: mail("ulf"), welcomeMail: false },
        });
        await worker.ok("unbind", { client: named("one"), uid: ulf.user.uid });
        const another = await refused("bind", { ...pair, user: named("ulf"), uid: una.user.uid });
        assert.deepEqual([another.code, another.detail], ["changed", { uid: ulf.user.uid, name: named("una") }]);
        const nobody = await refused("bind", { ...pair, user: named("none"), uid: NOWHERE });
        assert.deepEqual([nobody.code, nobody.detail], ["changed", { uid: null, name: null }]);
        assert.deepEqual((await clientState("one"))?.users, [named("una")]);
        const bound = await worker.ok("bind", { ...pair, user: named("ulf"), uid: ulf.user.uid });
        assert.equal(bound.bound, true);
      });

      it("bind no user to a client of the name that has another number, and say which client has name and number", async () => {
        const { client: one } = await makeClient("one", person("una"));
        const { client: two } = await makeClient("two");
        const pair = { client: named("two"), user: named("una"), createUser: null };
        const another = await refused("bind", { ...pair, clientNid: one.nid });
        assert.deepEqual([another.code, another.detail], ["changed", { nid: two.nid, internalName: one.internalName }]);
        const renamed = await refused("bind", { ...pair, client: named("none"), clientNid: two.nid });
        assert.deepEqual([renamed.code, renamed.detail], ["changed", { nid: null, internalName: named("two") }]);
        const gone = await refused("bind", { ...pair, clientNid: NOWHERE });
        assert.deepEqual([gone.code, gone.detail], ["changed", { nid: two.nid, internalName: null }]);
        const neither = await refused("bind", { ...pair, client: named("none"), clientNid: NOWHERE });
        assert.deepEqual([neither.code, neither.detail], ["missing", { what: "client" }]);
        const { clientNid, bound } = await worker.ok("bind", { ...pair, clientNid: two.nid });
        assert.deepEqual([clientNid, bound], [two.nid, true]);
      });

      it("unbind from the client with the number, whatever client has the name", async () => {
        const { client: one } = await makeClient("one", person("una"));
        await makeClient("two");
        const pair = { client: named("two"), user: named("una") };
        await worker.ok("bind", { ...pair, createUser: null });
        assert.deepEqual(await worker.ok("unbind", { ...pair, clientNid: one.nid }), { unbound: true });
        assert.deepEqual((await clientState("one"))?.users, []);
        assert.deepEqual((await clientState("two"))?.users, [named("una")]);
        assert.deepEqual(await worker.ok("unbind", { ...pair, clientNid: NOWHERE }), { unbound: false });
        const nameless = { ...pair, client: named("none"), clientNid: (await clientState("two"))?.nid };
        assert.deepEqual(await worker.ok("unbind", nameless), { unbound: true });
      });

      it("bind no user who has another mail than the one to be made, unless the pair is there already", async () => {
        await makeClient("one");
        await makeClient("two", person("una"));
        const stranger = { user: named("una"), createUser: { mail: mail("other"), welcomeMail: false } };
        const refusal = await refused("bind", { client: named("one"), ...stranger });
        assert.deepEqual([refusal.code, refusal.detail], ["refused", { mail: mail("una") }]);
        assert.deepEqual((await clientState("one"))?.users, []);
        assert.equal((await worker.ok("bind", { client: named("two"), ...stranger })).bound, false);
      });

      it("do nothing without client or user, and make no user with another's mail", async () => {
        await makeClient("one", person("una"));
        const noUser = await refused("bind", { client: named("one"), user: named("none"), createUser: null });
        assert.deepEqual([noUser.code, noUser.detail], ["missing", { what: "user" }]);
        const noClient = await refused("bind", { client: named("none"), user: named("una"), createUser: null });
        assert.deepEqual([noClient.code, noClient.detail], ["missing", { what: "client" }]);
        const createUser = { mail: mail("una"), welcomeMail: false };
        const taken = await refused("bind", { client: named("one"), user: named("ulf"), createUser });
        assert.deepEqual([taken.code, taken.detail], ["mailTaken", { user: named("una") }]);
      });

      it("never part the first user from the admin client", async function () {
        if (!target.disposable) this.skip();
        const { users } = await worker.ok("inventory", {});
        const first = users.find(({ uid }) => uid === 1);
        const failure = await worker.failure("unbind", { client: server.adminClient?.internalName, user: first?.name });
        assert.equal(failure.code, "refused");
        const byNumber = { client: named("none"), clientNid: server.adminClientNid, uid: 1 };
        assert.equal((await worker.failure("unbind", byNumber)).code, "refused");
        assert.deepEqual(await worker.ok("user", { name: first?.name }), { users: [first] });
      });
    });

    describe("setOwner", () => {
      it("changes the owner's column, queues one verify, and gives site and tasks to the new owner alone (trap 26)", async () => {
        const { client } = await makeClient("one");
        const { nid, site, ownerNid } = await freeSite();
        const old = await fixture.state();
        const moved = await worker.ok("setOwner", { nid, from: ownerNid, to: named("one") });

        const state = await fixture.state();
        const expected = old.sites.map((row) => (row.nid === nid ? { ...row, client: client.nid } : row));
        assert.deepEqual(state.sites, expected);
        const { nid: task } = moved.task;
        assert.deepEqual(state.tasks, [
          ...old.tasks,
          { nid: task, type: "verify", rid: nid, status: TaskStatus.queued },
        ]);

        const admin = server.adminClient?.nid ?? 1;
        const grants = (realm: string, update: number) =>
          [admin, client.nid].sort((one, other) => one - other).map((gid) => ({ realm, gid, view: 1, update }));
        assert.deepEqual(await fixture.grants(nid), grants("hosting site", 1));
        for (const { nid: about } of state.tasks.filter(({ rid }) => rid === nid)) {
          assert.deepEqual(await fixture.grants(about), grants("hosting task", 0));
        }

        assert.deepEqual(moved.site, await siteFacts(site));
        assert.deepEqual([moved.site.ownerNid, moved.site.owner?.internalName], [client.nid, named("one")]);
        assert.deepEqual(
          moved.site.tasks.map((each) => each.nid).filter((each) => each === task),
          [task],
        );
        assert.deepEqual([moved.task.status, moved.task.executed, moved.site.lastVerify?.nid], [0, null, task]);
      });

      it("queues a verify also if the owner is the same already", async () => {
        const { nid, ownerNid } = await freeSite();
        const same = await worker.ok("setOwner", { nid, from: ownerNid, to: defaultClient.internalName });
        assert.deepEqual([same.site.ownerNid, same.task.rid, same.task.status], [ownerNid, nid, TaskStatus.queued]);
      });

      it("uses the verify that is queued already, and gives it to the newest owner (traps 25, 26)", async () => {
        const { client } = await makeClient("one");
        const { nid, ownerNid } = await freeSite();
        const queued = await worker.ok("queueVerify", { nid });
        const moved = await worker.ok("setOwner", { nid, from: ownerNid, to: named("one") });
        assert.deepEqual(moved.task, queued.task);
        assert.ok((await fixture.grants(moved.task.nid)).some(({ gid }) => gid === client.nid));
        const back = await worker.ok("setOwner", { nid, from: client.nid, to: null });
        assert.deepEqual([back.task.nid, back.site.ownerNid], [queued.task.nid, defaultClient.nid]);
        assert.ok(!(await fixture.grants(moved.task.nid)).some(({ gid }) => gid === client.nid));
      });

      it("writes nothing if the owner is not the one expected, and says who it is", async () => {
        await makeClient("one");
        const { client } = await makeClient("two");
        const { nid, ownerNid } = await freeSite();
        const failure = await refused("setOwner", { nid, from: client.nid, to: named("one") });
        assert.equal(failure.code, "changed");
        assert.deepEqual(failure.detail, { found: ownerNid, owner: server.defaultClient });
      });

      it("writes nothing if the client of that name has another number, and says which client has name and number", async () => {
        const { client: one } = await makeClient("one");
        const { client: two } = await makeClient("two");
        const { nid, ownerNid } = await freeSite();
        const failure = await refused("setOwner", { nid, from: ownerNid, to: named("one"), toNid: two.nid });
        assert.deepEqual([failure.code, failure.detail], ["changed", { nid: one.nid, internalName: two.internalName }]);
        const { site } = await worker.ok("setOwner", { nid, from: ownerNid, to: named("one"), toNid: one.nid });
        assert.equal(site.ownerNid, one.nid);
      });

      it("writes nothing without the site or the client", async () => {
        const { nid, ownerNid } = await freeSite();
        const noClient = await refused("setOwner", { nid, from: ownerNid, to: named("none") });
        assert.deepEqual([noClient.code, noClient.detail], ["missing", { what: "client" }]);
        const noSite = await refused("setOwner", { nid: NOWHERE, from: ownerNid, to: null });
        assert.deepEqual([noSite.code, noSite.detail], ["missing", { what: "site" }]);
        const notSite = await refused("setOwner", { nid: defaultClient.nid, from: ownerNid, to: null });
        assert.equal(notSite.code, "missing");
      });

      it("takes the new owner by its internal name alone, not by its title or a node id (trap 2)", async () => {
        const { client } = await makeClient("one");
        const { nid, ownerNid } = await freeSite();
        for (const to of [client.name, String(client.nid), String(nid), named("one").toUpperCase(), ""]) {
          const failure = await refused("setOwner", { nid, from: ownerNid, to });
          assert.deepEqual([failure.code, failure.detail], ["missing", { what: "client" }], to);
        }
      });

      it("keeps away from a site while a task of it runs, and no longer (trap 11)", async () => {
        await makeClient("one");
        const { nid, site, ownerNid } = await freeSite();
        const { task } = await worker.ok("queueVerify", { nid });
        await fixture.startTask(task.nid);
        const failure = await refused("setOwner", { nid, from: ownerNid, to: named("one") });
        assert.equal(failure.code, "busy");
        const [running] = (await siteFacts(site)).tasks;
        assert.deepEqual(failure.detail, { task: running });
        assert.deepEqual([running?.nid, running?.status, running?.ahead], [task.nid, TaskStatus.processing, null]);
        assert.ok(running?.executed);
        await fixture.finishTask(task.nid, { status: 1, executed: true, log: [] });
        const moved = await worker.ok("setOwner", { nid, from: ownerNid, to: named("one") });
        assert.notEqual(moved.task.nid, task.nid);
      });

      it("never touches the front end's own site", async function () {
        if (!target.disposable) this.skip();
        const { sites } = await worker.ok("inventory", {});
        const own = sites.find(({ hostmaster }) => hostmaster);
        assert.ok(own);
        const failure = await worker.failure("setOwner", {
          nid: own.nid,
          from: own.ownerNid,
          to: defaultClient.internalName,
        });
        assert.equal(failure.code, "refused");
        assert.deepEqual(await siteFacts(own.site), own);
      });

      describe("with an SSL certificate", () => {
        let site: SiteFacts;
        const setOwner = (from: number, to: string | null, { nid } = site) => worker.ok("setOwner", { nid, from, to });
        const certificate = (owner: number, sites: number[]) =>
          fixture.addCertificate({ name: named("cert"), client: owner, sites });

        beforeEach(async function () {
          if (atStart.certificates === null) this.skip();
          site = await freeSite();
        });

        it("moves the record of the certificate with its only site and back, and changes nothing else", async () => {
          const { client: one } = await makeClient("one");
          const cid = await certificate(defaultClient.nid, [site.nid]);
          const old = await fixture.state();
          const others = await fixture.digest("others");
          await refused("setOwner", { nid: site.nid, from: one.nid, to: null });
          for (const [from, to] of [
            [defaultClient, one],
            [one, defaultClient],
          ] as const) {
            assert.equal((await setOwner(from.nid, to.internalName)).certificateLeft, null);
            const state = await fixture.state();
            assert.deepEqual(state.certificates, [{ cid, name: named("cert"), client: to.nid }]);
            const moved = old.sites.map((row) => (row.nid === site.nid ? { ...row, client: to.nid } : row));
            assert.deepEqual([state.sites, state.clients, state.users], [moved, old.clients, old.users]);
          }
          assert.equal(await fixture.digest("others"), others);
        });

        it("leaves the record while a site of another client uses the certificate, and moves it with the last", async () => {
          const { client: one } = await makeClient("one");
          const second = await freeSite(1);
          const cid = await certificate(defaultClient.nid, [site.nid, second.nid]);
          const left = { name: named("cert"), owner: server.defaultClient, otherSites: 1 };
          assert.deepEqual((await setOwner(defaultClient.nid, named("one"))).certificateLeft, left);
          assert.deepEqual((await fixture.state()).certificates, [
            { cid, name: named("cert"), client: defaultClient.nid },
          ]);
          assert.equal((await setOwner(defaultClient.nid, named("one"), second)).certificateLeft, null);
          assert.deepEqual((await fixture.state()).certificates, [{ cid, name: named("cert"), client: one.nid }]);
        });

        it("counts neither deleted sites nor old revisions as users of the certificate", async () => {
          const { client: one } = await makeClient("one");
          const { client: two } = await makeClient("two");
          const title = `${target.prefix}-gone.example.com`;
          const gone = await fixture.addDeletedSite({ title, client: two.nid, like: site.nid });
          const cid = await certificate(defaultClient.nid, [site.nid, gone]);
          assert.equal((await setOwner(defaultClient.nid, named("one"))).certificateLeft, null);
          assert.deepEqual((await fixture.state()).certificates, [{ cid, name: named("cert"), client: one.nid }]);
        });

        it("leaves the record of a client that is not the former owner, and says whose it is", async () => {
          await makeClient("one");
          const { client: two } = await makeClient("two");
          const cid = await certificate(two.nid, [site.nid]);
          const owner = { nid: two.nid, internalName: two.internalName, name: two.name };
          const left = { name: named("cert"), owner, otherSites: 0 };
          assert.deepEqual((await setOwner(defaultClient.nid, named("one"))).certificateLeft, left);
          assert.deepEqual((await fixture.state()).certificates, [{ cid, name: named("cert"), client: two.nid }]);
        });

        it("moves the record of a client that is gone", async () => {
          const { client: one } = await makeClient("one");
          const { client: two } = await makeClient("two");
          const cid = await certificate(two.nid, [site.nid]);
          await worker.ok("deleteClient", {
            internalName: two.internalName,
            dropBindings: false,
            dropPlatforms: false,
          });
          assert.equal((await setOwner(defaultClient.nid, named("one"))).certificateLeft, null);
          assert.deepEqual((await fixture.state()).certificates, [{ cid, name: named("cert"), client: one.nid }]);
        });
      });

      it("lets two sessions move their sites at once", async () => {
        await makeClient("one");
        const sites = [await freeSite(0), await freeSite(1)];
        const sessions = await Promise.all(sites.map(() => RawWorker.greeted(target.connection)));
        const owners = await Promise.all(
          sessions.map(async (session, index) => {
            const { nid, ownerNid } = sites[index] as SiteFacts;
            let owner = ownerNid;
            for (let turn = 0; turn < 20; turn++) {
              const to = owner === defaultClient.nid ? named("one") : null;
              const answer = await session.ask("setOwner", { nid, from: owner, to });
              if (answer.ok) owner = verbs.setOwner.result.parse(answer.result).site.ownerNid;
              else assert.equal(answer.error.code, "deadlock");
            }
            await session.end();
            return owner;
          }),
        );
        const state = await fixture.state();
        assert.deepEqual(
          sites.map(({ nid }) => state.sites.find((row) => row.nid === nid)?.client),
          owners,
        );
        assert.equal(state.tasks.length, atStart.tasks.length + 2);
      });
    });

    describe("queueVerify and tasks", () => {
      it("queue one verify, however often they are asked (trap 25)", async () => {
        const { nid } = await freeSite();
        const first = await worker.ok("queueVerify", { nid });
        assert.deepEqual(await worker.ok("queueVerify", { nid }), first);
        assert.equal((await fixture.state()).tasks.length, atStart.tasks.length + 1);
        assert.equal((await refused("queueVerify", { nid: NOWHERE })).code, "missing");
      });

      it("count what is before a task in the queue", async () => {
        const queued = (await worker.ok("inventory", {})).queue;
        const first = await worker.ok("queueVerify", { nid: (await freeSite(0)).nid });
        const second = await worker.ok("queueVerify", { nid: (await freeSite(1)).nid });
        const both = await worker.ok("tasks", { nids: [first.task.nid, second.task.nid, NOWHERE] });
        const before = queued.queued + queued.processing;
        assert.deepEqual(both.tasks, [
          { ...first.task, ahead: before },
          { ...second.task, ahead: before + 1 },
        ]);
        assert.deepEqual([both.queue.queued, both.queue.processing], [queued.queued + 2, queued.processing]);
      });

      it("follow a task by its nid when it starts, and report how it ended (trap 1)", async () => {
        const { nid, site } = await freeSite();
        const { task } = await worker.ok("queueVerify", { nid });
        await fixture.startTask(task.nid);
        const started = await worker.ok("tasks", { nids: [task.nid] });
        assert.equal(started.tasks[0]?.status, TaskStatus.processing);
        assert.ok(started.queue.processing >= 1);
        const log = [
          { type: "notice", message: "Something usual" },
          { type: "error", message: "Größe: <b>it failed</b>" },
          { type: "warning", message: "It was odd" },
        ];
        await fixture.finishTask(task.nid, { status: 2, executed: true, log });
        const ended = await worker.ok("tasks", { nids: [task.nid] });
        const executed = ended.tasks[0]?.executed;
        assert.ok(executed);
        const expected = {
          nid: task.nid,
          rid: nid,
          type: "verify",
          status: 2,
          executed,
          ahead: null,
          log: log.slice(1),
        };
        assert.deepEqual(ended.tasks, [expected]);
        const facts = await siteFacts(site);
        assert.deepEqual(facts.lastVerify, expected);
        assert.ok(!facts.tasks.some((each) => each.nid === task.nid));
      });

      it("recognize a cancelled task because it never ran (trap 12)", async () => {
        const { nid } = await freeSite();
        const { task } = await worker.ok("queueVerify", { nid });
        const log = [{ type: "warning", message: "Task was cancelled." }];
        await fixture.finishTask(task.nid, { status: 3, executed: false, log });
        const [cancelled] = (await worker.ok("tasks", { nids: [task.nid] })).tasks;
        assert.deepEqual([cancelled?.status, cancelled?.executed, cancelled?.log], [TaskStatus.warning, null, log]);
      });
    });

    describe("deleteClient", () => {
      const keep = { dropBindings: false, dropPlatforms: false };

      it("deletes a client with nothing to it, and says if it is missing", async () => {
        const { client } = await makeClient("one");
        const another = await refused("deleteClient", { internalName: named("one"), nid: client.nid + 1, ...keep });
        assert.deepEqual([another.code, another.detail], ["changed", { nid: client.nid, internalName: null }]);
        const args = { internalName: named("one"), nid: client.nid, ...keep };
        assert.deepEqual(await worker.ok("deleteClient", args), { deleted: true });
        assert.equal(await clientState("one"), undefined);
        assert.deepEqual(await fixture.grants(client.nid), []);
        const failure = await refused("deleteClient", { internalName: named("one"), ...keep });
        assert.deepEqual([failure.code, failure.detail], ["missing", { what: "client" }]);
      });

      it("refuses while the client owns live sites, whatever may be dropped, and lists them (trap 10)", async () => {
        await makeClient("one");
        const { nid, site, ownerNid } = await freeSite();
        await worker.ok("setOwner", { nid, from: ownerNid, to: named("one") });
        const all = { dropBindings: true, dropPlatforms: true };
        const failure = await refused("deleteClient", { internalName: named("one"), ...all });
        assert.deepEqual([failure.code, failure.detail], ["refused", { sites: [site] }]);
      });

      it("hands the deleted sites of the client to the default client (traps 22, 24)", async () => {
        const { client } = await makeClient("one");
        const like = (await freeSite()).nid;
        const title = `${target.prefix}-deleted.example.com`;
        const nid = await fixture.addDeletedSite({ title, client: client.nid, like });
        await worker.ok("deleteClient", { internalName: named("one"), ...keep });
        const deleted = (await fixture.state()).sites.find((site) => site.nid === nid);
        assert.equal(deleted?.client, defaultClient.nid);
      });

      it("refuses while users are bound, unless asked to drop the bindings, and never takes the users (trap 9)", async () => {
        await makeClient("one", person("una"));
        const failure = await refused("deleteClient", { internalName: named("one"), ...keep });
        assert.deepEqual([failure.code, failure.detail], ["refused", { users: [named("una")] }]);
        await worker.ok("deleteClient", { internalName: named("one"), ...keep, dropBindings: true });
        assert.equal(await clientState("one"), undefined);
        assert.ok(await userState("una"));
        assert.deepEqual((await worker.ok("user", { name: named("una") })).users[0]?.clients, []);
      });

      it("drops rows of platforms when asked to, and never a platform's last one, which would open it to all (trap 10)", async function () {
        const platform = await needPlatform(this);
        const one = (await makeClient("one")).client.nid;
        const two = (await makeClient("two")).client.nid;
        await fixture.restrict(platform, [one, two]);
        const facts = (await worker.ok("client", { internalName: named("one") })).client?.platforms;
        assert.deepEqual(
          facts?.map(({ nid, clients }) => ({ nid, clients })),
          [{ nid: platform, clients: 2 }],
        );
        const failure = await refused("deleteClient", { internalName: named("one"), ...keep });
        assert.deepEqual([failure.code, failure.detail], ["refused", { platforms: facts }]);
        const drop = { ...keep, dropPlatforms: true };
        await worker.ok("deleteClient", { internalName: named("one"), ...drop });
        const last = await refused("deleteClient", { internalName: named("two"), ...drop });
        assert.deepEqual(last.detail, { platforms: [{ ...facts?.[0], clients: 1 }] });
      });

      it("gives a platform's last row to the default client when asked to, so that it stays closed (trap 10)", async function () {
        const platform = await needPlatform(this);
        const one = (await makeClient("one")).client.nid;
        const two = (await makeClient("two")).client.nid;
        await fixture.restrict(platform, [one, two]);
        const replaced = { ...keep, dropPlatforms: true, replaceLast: true };
        await worker.ok("deleteClient", { internalName: named("one"), ...replaced });
        assert.deepEqual(await fixture.allowed(platform), [two], "another client's row is enough");
        await worker.ok("deleteClient", { internalName: named("two"), ...replaced });
        assert.deepEqual(await fixture.allowed(platform), [defaultClient.nid]);
      });

      it("never deletes the default client or the admin client", async function () {
        if (!target.disposable) this.skip();
        const { clients } = await worker.ok("inventory", {});
        for (const { internalName, isDefault, isAdmin } of clients) {
          if (!isDefault && !isAdmin) continue;
          const all = { dropBindings: true, dropPlatforms: true };
          const failure = await worker.failure("deleteClient", { internalName, ...all });
          assert.deepEqual([failure.code, failure.detail["role"]], ["refused", isDefault ? "default" : "admin"]);
        }
        assert.deepEqual((await worker.ok("inventory", {})).clients, clients);
      });
    });

    describe("its database lock", () => {
      it("keeps writers apart, names its holder, and does not hinder a reader", async () => {
        await fixture.holdLock();
        try {
          const failure = await worker.failure("createClient", { internalName: named("one"), name: "One", user: null });
          assert.equal(failure.code, "locked");
          assert.deepEqual(Object.keys(failure.detail).sort(), ["connection", "host", "seconds"]);
          assert.equal(typeof failure.detail["connection"], "number");
          assert.deepEqual((await worker.ok("client", { internalName: named("one") })).client, null);
        } finally {
          await fixture.releaseLock();
        }
        await makeClient("one");
      });

      it("is free again after a refusal", async () => {
        await refused("renameClient", { internalName: named("one"), from: "a", to: "b" });
        const other = await RawWorker.greeted(target.connection);
        await other.ok("createClient", { internalName: named("one"), name: "One", user: null });
        await other.end();
      });
    });
  });
}
