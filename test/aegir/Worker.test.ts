import assert from "node:assert/strict";
import type { PlainWorker } from "./PlainClient";
import { fullSeed } from "./seed";
import { HOSTMASTER_SITE } from "./seed";
import { Stage } from "./Stage";

describe("the small Aegir's worker", () => {
  const stage = new Stage({ seed: fullSeed });
  let worker: PlainWorker;
  beforeEach(async () => {
    worker = await stage.worker();
  });

  /** The code and the detail of a refusal, after checking that it wrote nothing. */
  async function refusal(...request: Parameters<PlainWorker["request"]>) {
    const before = stage.aegir.digest();
    const { writes } = stage.aegir.counts;
    const { error } = await worker.request(...request);
    assert.equal(stage.aegir.digest(), before);
    assert.equal(stage.aegir.counts.writes, writes);
    return [error?.code, error?.detail ?? {}];
  }

  const client = async (internalName: string) => (await worker.ask("client", { internalName })).client;
  const site = async (name: string) => (await worker.ask("site", { site: name })).sites[0];

  it("tells everything in one inventory, orphans and dead owners as what they are", async () => {
    const { server, clients, sites, users, platforms, orphanBindings, damaged, queue } = await worker.ask(
      "inventory",
      {},
    );
    assert.deepEqual(server.defaultClient, { nid: 7, internalName: "octopus123456", name: "Octopus123456" });
    assert.equal(server.adminClient.nid, 1);
    const byName = (internalName: string) =>
      clients.find((other: { internalName: string }) => other.internalName === internalName);
    assert.deepEqual(
      byName("beta").users.map(({ name }: { name: string }) => name),
      ["alice", "bob"],
    );
    assert.deepEqual(byName("beta").sites, ["beta.example.com", "disabled.example.com", "moved.example.com"]);
    assert.deepEqual(
      byName("beta").platforms.map(({ title, clients }: { title: string; clients: number }) => [title, clients]),
      [
        ["restricted-shared", 2],
        ["restricted-beta", 1],
      ],
    );
    const bySite = (name: string) => sites.find((other: { site: string }) => other.site === name);
    assert.equal(bySite("dangling.example.com").owner, null);
    assert.equal(bySite(HOSTMASTER_SITE).hostmaster, true);
    assert.deepEqual(bySite("stale.example.com").links, ["acme", "beta"]);
    assert.deepEqual([bySite("queued.example.com").status, bySite("queued.example.com").links], [0, []]);
    assert.equal(bySite("deleted.example.com"), undefined);
    const alice = users.find(({ name }: { name: string }) => name === "alice");
    assert.deepEqual([alice.clients, alice.roles, alice.administrator], [["acme", "beta"], ["aegir client"], false]);
    const operator = users.find(({ name }: { name: string }) => name === "operator");
    assert.equal(operator.administrator, true);
    const platform = (title: string) => platforms.find((other: { title: string }) => other.title === title);
    assert.deepEqual([platform("drupal-open").clients, platform("restricted-shared").clients.length], [[], 2]);
    assert.deepEqual(
      orphanBindings.map(({ user, client }: { user: string | null; client: string | null }) => [user, client]),
      [[null, "beta"]],
    );
    assert.deepEqual([server.defaultClientNid, server.adminClientNid, damaged], [7, 1, []]);
    assert.deepEqual(queue, { queued: 0, processing: 0, lastRun: null, obstacles: [] });
    assert.equal(stage.aegir.counts.writes, 0);
  });

  it("tells of clients and sites that have lost their rows, and otherwise leaves them out", async () => {
    const { database } = stage.aegir.drupal;
    const { nid } = await site("free1.example.com");
    const empty = await client("empty");
    database.hosting_site.delete((row) => row.nid === nid);
    database.hosting_client.delete((row) => row.nid === empty.nid);
    const { damaged, sites, clients } = await worker.ask("inventory", {});
    assert.deepEqual(damaged, [
      { nid: empty.nid, type: "client", title: "Empty Ltd" },
      { nid, type: "site", title: "free1.example.com" },
    ]);
    assert.ok(!sites.some((other: { nid: number }) => other.nid === nid));
    assert.ok(!clients.some((other: { nid: number }) => other.nid === empty.nid));
  });

  it("finds a client by its internal name, letter for letter, with those of the same login (contract 5.1)", async () => {
    assert.deepEqual(await worker.ask("client", { internalName: "ACME" }), {
      client: null,
      sameName: [],
      sameShellName: ["acme"],
    });
    const { sameShellName } = await worker.ask("client", { internalName: "foo_bar" });
    assert.deepEqual(sameShellName, ["foobar"]);
    assert.equal((await client("Legacy-Co")).name, "Legacy Co");
  });

  it("finds a user by name, and several by mail", async () => {
    const names = async (args: object) => {
      const { users } = await worker.ask("user", args);
      return users.map(({ name }: { name: string }) => name);
    };
    assert.deepEqual(await names({ name: "Alice" }), ["alice"]);
    assert.deepEqual(await names({ mail: "TEAM@example.com" }), ["left", "right"]);
    assert.deepEqual(await names({ name: "nobody" }), []);
    assert.deepEqual(await names({ mail: "" }), []);
  });

  it("makes a client by uid 1, and no user or mail that was not asked for (contract 2.2)", async () => {
    assert.equal((await worker.ask("inventory", {})).server.registersUsers, true);
    const { client, user } = await worker.ask("createClient", { internalName: "delta", name: "Delta", user: null });
    assert.deepEqual([client.internalName, client.users, user], ["delta", [], null]);
    const row = stage.aegir.tables().clients.find(({ internalName }) => internalName === "delta");
    assert.equal(row?.author, 1);
    assert.deepEqual(stage.aegir.outbox, []);
  });

  it("binds the one user with the mail to a new client, or makes one, and mails it if that is asked", async () => {
    const known = { name: "delta", mail: "carol@example.com", welcomeMail: true };
    const first = await worker.ask("createClient", { internalName: "delta", name: "Delta", user: known });
    assert.deepEqual([first.user.name, first.user.created, first.user.bound], ["carol", false, true]);
    const unknown = { name: "epsilon", mail: "epsilon@example.com", welcomeMail: true };
    const second = await worker.ask("createClient", { internalName: "epsilon", name: "Epsilon", user: unknown });
    assert.deepEqual([second.user.name, second.user.created, second.user.bound], ["epsilon", true, true]);
    assert.deepEqual(second.client.users[0].name, "epsilon");
    assert.deepEqual(
      stage.aegir.outbox.map(({ to }) => to),
      ["epsilon@example.com"],
    );
    const made = await worker.ask("user", { name: "epsilon" });
    assert.deepEqual(made.users[0].roles, ["aegir client"]);
  });

  it("makes no client whose internal name is taken or would be altered, or whose user cannot be made", async () => {
    const create = (internalName: string, user: object | null = null) =>
      refusal("createClient", { internalName, name: "New", user });
    const [exists, detail] = await create("acme");
    assert.deepEqual([exists, (detail as { client: { name: string } }).client.name], ["exists", "Acme Corp"]);
    assert.deepEqual(await create("New-Client"), ["refused", { internalName: "newclient" }]);
    const named = { name: "alice", mail: "new@example.com", welcomeMail: true };
    assert.deepEqual(await create("fresh", named), ["nameTaken", { user: "alice" }]);
    const shared = { name: "fresh", mail: "team@example.com", welcomeMail: true };
    assert.deepEqual(await create("fresh", shared), ["refused", { users: ["left", "right"] }]);
    assert.deepEqual(stage.aegir.outbox, []);
  });

  it("refuses a name that the column cannot hold", async () => {
    const create = async (name: string) =>
      (await refusal("createClient", { internalName: "fresh", name, user: null }))[0];
    assert.equal(await create("x".repeat(256)), "refused");
    assert.equal(await create("\u{1f600}"), "refused");
  });

  it("renames a client that has the expected name and a stable internal name (contract 2.4)", async () => {
    const renamed = await worker.ask("renameClient", { internalName: "acme", from: "Acme Corp", to: "Acme Ltd" });
    assert.deepEqual([renamed.client.name, renamed.client.users[0].name], ["Acme Ltd", "alice"]);
    assert.deepEqual(await refusal("renameClient", { internalName: "acme", from: "Acme Corp", to: "X" }), [
      "changed",
      { found: "Acme Ltd" },
    ]);
    assert.deepEqual(await refusal("renameClient", { internalName: "Legacy-Co", from: "Legacy Co", to: "X" }), [
      "refused",
      { internalName: "legacyco" },
    ]);
    assert.deepEqual(await refusal("renameClient", { internalName: "none", from: "None", to: "X" }), [
      "missing",
      { what: "client" },
    ]);
  });

  it("deletes no client that is still needed, and says what for (contract 2.5)", async () => {
    const remove = (internalName: string, drop = false) =>
      refusal("deleteClient", { internalName, dropBindings: drop, dropPlatforms: drop });
    const [, acme] = await remove("acme");
    assert.deepEqual(Object.keys(acme as object).sort(), ["platforms", "sites", "users"]);
    assert.deepEqual((acme as { users: string[] }).users, ["alice"]);
    const [, dropped] = await remove("acme", true);
    assert.deepEqual(Object.keys(dropped as object), ["sites"]);
    const [, empty] = await remove("empty", true);
    assert.equal((empty as { platforms: { title: string }[] }).platforms[0]?.title, "restricted-empty");
    const [, octopus] = await remove("octopus123456", true);
    assert.equal((octopus as { role: string }).role, "default");
    const [, admin] = await remove("admin", true);
    assert.equal((admin as { role: string }).role, "admin");
    assert.deepEqual(await remove("none"), ["missing", { what: "client" }]);
  });

  it("deletes a client with what may be dropped, and gives its deleted sites to the default owner", async () => {
    for (const name of ["acme.example.com", "shop.acme.example.com", "reborn.example.com", "stale.example.com"]) {
      const { nid, ownerNid } = await site(name);
      await worker.ask("setOwner", { nid, from: ownerNid, to: null });
    }
    const args = { internalName: "acme", dropBindings: true, dropPlatforms: true };
    assert.deepEqual(await worker.ask("deleteClient", args), { deleted: true });
    const tables = stage.aegir.tables();
    assert.equal(tables.sites.find((row) => row.site === "deleted.example.com")?.owner, "octopus123456");
    assert.deepEqual(
      tables.platformAccess.filter(({ platform }) => platform === "restricted-shared"),
      [{ platform: "restricted-shared", client: "beta" }],
    );
    assert.equal(await client("acme"), null);
  });

  it("ensures that a user with a mail is bound, and writes nothing if one is", async () => {
    const ensure = async (mail: string) =>
      (await worker.ask("ensureUser", { client: "acme", user: { name: "fresh", mail, welcomeMail: false } })).user;
    const outcome = ({ name, created, bound }: { name: string; created: boolean; bound: boolean }) => [
      name,
      created,
      bound,
    ];
    assert.deepEqual(outcome(await ensure("alice@example.com")), ["alice", false, false]);
    assert.equal(stage.aegir.counts.writes, 0);
    assert.deepEqual(outcome(await ensure("bob@example.com")), ["bob", false, true]);
    assert.deepEqual(outcome(await ensure("fresh@example.com")), ["fresh", true, true]);
    assert.deepEqual(stage.aegir.outbox, []);
  });

  it("hands a site over with one verify, however often, and all grants follow (contract 3.2, 4)", async () => {
    const { panel } = stage.aegir;
    panel.bind("empty", "carol");
    const { nid, ownerNid } = await site("beta.example.com");
    const first = await worker.ask("setOwner", { nid, from: ownerNid, to: "empty" });
    assert.equal(first.site.owner.internalName, "empty");
    assert.deepEqual([first.task.type, first.task.status, first.task.ahead], ["verify", 0, 0]);
    // Recorded is not applied: beta's link is still there.
    assert.deepEqual(first.site.links, ["beta"]);
    const again = await worker.ask("setOwner", { nid, from: first.site.ownerNid, to: null });
    assert.equal(again.site.owner.internalName, "octopus123456");
    assert.equal(again.task.nid, first.task.nid);
    await worker.ask("setOwner", { nid, from: again.site.ownerNid, to: "empty" });
    assert.equal(panel.tasksOf("carol").filter((title) => title.endsWith("beta.example.com")).length, 3);
    assert.equal(panel.tasksOf("bob").filter((title) => title.endsWith(" beta.example.com")).length, 0);
  });

  it("hands over no site that has another owner, is busy, is the front end's own, or is not there", async () => {
    const { nid, ownerNid } = await site("beta.example.com");
    const [code, detail] = await refusal("setOwner", { nid, from: 999, to: "acme" });
    assert.deepEqual([code, (detail as { found: number }).found], ["changed", ownerNid]);
    const hostmaster = await site(HOSTMASTER_SITE);
    const own = await refusal("setOwner", { nid: hostmaster.nid, from: hostmaster.ownerNid, to: "acme" });
    assert.equal(own[0], "refused");
    assert.deepEqual(await refusal("setOwner", { nid, from: ownerNid, to: "none" }), ["missing", { what: "client" }]);
    const gone = await refusal("setOwner", { nid: 999999, from: ownerNid, to: "acme" });
    assert.deepEqual(gone, ["missing", { what: "site" }]);

    const task = stage.aegir.panel.addTask("beta.example.com", "login-reset");
    stage.clock.advance(60);
    const busy = await refusal("setOwner", { nid, from: ownerNid, to: "acme" });
    assert.deepEqual([busy[0], (busy[1] as { task: { nid: number } }).task.nid], ["busy", task]);
  });

  it("queues a verify unless one is queued", async () => {
    const { nid } = await site("beta.example.com");
    const { task } = await worker.ask("queueVerify", { nid });
    const { writes } = stage.aegir.counts;
    assert.deepEqual(await worker.ask("queueVerify", { nid }), { task });
    assert.equal(stage.aegir.counts.writes, writes);
    stage.clock.advance(60);
    // A running one has read the site already.
    assert.notEqual((await worker.ask("queueVerify", { nid })).task.nid, task.nid);
  });

  it("binds and unbinds one pair, as often as it is asked", async () => {
    const pair = { client: "empty", user: "carol" };
    const first = await worker.ask("bind", { ...pair, createUser: null });
    assert.deepEqual([first.bound, first.created, first.user.clients], [true, false, ["empty"]]);
    const again = await worker.ask("bind", { ...pair, createUser: null });
    assert.deepEqual([again.bound, again.created], [false, false]);
    assert.deepEqual(await worker.ask("unbind", pair), { unbound: true });
    assert.deepEqual(await worker.ask("unbind", pair), { unbound: false });
    assert.equal(stage.aegir.counts.writes, 2);
  });

  it("makes a user for a binding only when told to, and not with another's mail", async () => {
    const bind = (user: string, createUser: object | null) => ["bind", { client: "acme", user, createUser }] as const;
    assert.deepEqual(await refusal(...bind("dora", null)), ["missing", { what: "user" }]);
    const taken = { mail: "bob@example.com", welcomeMail: false };
    assert.deepEqual(await refusal(...bind("dora", taken)), ["mailTaken", { user: "bob" }]);
    const made = await worker.ask(...bind("dora", { mail: "dora@example.com", welcomeMail: false }));
    assert.deepEqual([made.created, made.bound, made.user.roles], [true, true, ["aegir client"]]);
    const none = await refusal("bind", { client: "none", user: "dora", createUser: null });
    assert.deepEqual(none, ["missing", { what: "client" }]);
  });

  it("never takes the first user from the admin client (contract 4)", async () => {
    assert.deepEqual(await refusal("unbind", { client: "admin", user: "admin" }), ["refused", {}]);
  });
});
