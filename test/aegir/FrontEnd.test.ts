import assert from "node:assert/strict";
import { AegirFixture } from "./AegirFixture";
import { SqlError } from "./FrontEnd";
import { fullSeed } from "./seed";

const mysql = (number: number) => (error: unknown) => error instanceof SqlError && error.number === number;

describe("clients of a small Aegir", () => {
  const fixture = new AegirFixture({ seed: fullSeed });
  const client = (internalName: string) =>
    fixture.aegir.tables().clients.find((other) => other.internalName === internalName);
  const user = (name: string) => fixture.aegir.tables().users.find((other) => other.name === name);

  // docs/aegir.md#internal-name
  it("sanitises an internal name: letters, digits and underscores, lower case, 16 of them", () => {
    const stored = (uname: string, prefix = "") => {
      fixture.aegir.panel.setVariable("hosting_client_prefix", prefix);
      return fixture.aegir.frontEnd.sanitizeUname(uname);
    };
    assert.equal(stored("Has_Under-score"), "has_underscore");
    assert.equal(stored("ÄÖÜ umlaut"), "umlaut");
    assert.equal(stored("a.b-c d"), "abcd");
    assert.equal(stored("A very long name of a client"), "averylongnameofa");
    assert.equal(stored("!!!"), "");
    assert.equal(stored("acme", "x_"), "x_acme");
    assert.equal(stored("x_acme", "x_"), "x_acme");
    assert.equal(stored("a-name-of-a-client", "a-long-prefix-"), "a-long-prefix-an");
    // The prefix is part of a regular expression.
    assert.equal(stored("abcd", "a.c"), "a.cd");
  });

  // docs/aegir.md#internal-name
  it("derives a blank internal name, and 0, from the title", () => {
    fixture.aegir.panel.addClient({ name: "Delta Ltd." });
    fixture.aegir.panel.addClient({ name: "Zero", internalName: "0" });
    assert.equal(client("deltaltd")?.name, "Delta Ltd.");
    assert.equal(client("zero")?.name, "Zero");
  });

  // docs/aegir.md#internal-name
  it("refuses an internal name that is taken, whole, and lets a title be taken twice", () => {
    const before = fixture.aegir.digest();
    assert.throws(() => fixture.aegir.panel.addClient({ name: "Acme again", internalName: "ACME" }), mysql(1062));
    assert.equal(fixture.aegir.digest(), before);
    fixture.aegir.panel.addClient({ name: "Acme Corp", internalName: "acme2" });
    assert.equal(client("acme2")?.name, client("acme")?.name);
  });

  // docs/aegir.md#internal-name
  it("renames the internal name of old days with any save", () => {
    fixture.aegir.panel.saveClient("Legacy-Co", { title: "Legacy Company" });
    assert.equal(client("Legacy-Co"), undefined);
    assert.equal(client("legacyco")?.name, "Legacy Company");
  });

  // docs/aegir.md#saving-a-client
  it("registers a user for a new address, named like the client and its author", () => {
    fixture.aegir.panel.addClient({ name: "Epsilon", email: "epsilon@example.com" });
    assert.deepEqual(user("epsilon")?.roles, ["aegir client"]);
    assert.equal(client("epsilon")?.author, user("epsilon")?.uid);
    assert.deepEqual(client("epsilon")?.users, ["admin", "epsilon"]);
  });

  // docs/aegir.md#saving-a-client
  it("neither makes nor binds a user whose address is known", () => {
    fixture.aegir.frontEnd.saveClient({ title: "Zeta", uname: "zeta", email: "alice@example.com" });
    assert.deepEqual(client("zeta")?.users, []);
    assert.equal(user("zeta"), undefined);
  });

  // docs/aegir.md#saving-a-client
  it("makes no client when a user of that name is there", () => {
    fixture.aegir.panel.addUser({ name: "theta", mail: "other@example.com" });
    assert.throws(() => fixture.aegir.panel.addClient({ name: "Theta", email: "new@example.com" }), mysql(1062));
    assert.equal(client("theta"), undefined);
  });

  // docs/aegir.md#deleting-a-client
  it("deletes a client that owns sites without a word, and leaves them without an owner", () => {
    const { nid } = client("acme") ?? {};
    fixture.aegir.panel.deleteClient("acme");
    assert.deepEqual([fixture.site("acme.example.com").ownerNid, fixture.site("acme.example.com").owner], [nid, null]);
    assert.ok(fixture.aegir.ownerHistory.some(({ site, owner }) => site === "acme.example.com" && owner === null));
    assert.ok(fixture.aegir.tables().platformAccess.some(({ client: owner }) => owner === null));
    // Its next save moves it to client 1, silently.
    fixture.aegir.panel.setOwner("acme.example.com", nid ?? 0);
    assert.equal(fixture.site("acme.example.com").ownerNid, 1);
  });

  // docs/aegir.md#deleting-a-user
  it("deletes a user with every client of its own, and leaves the bindings of others", () => {
    fixture.aegir.panel.addClient({ name: "Iota", email: "iota@example.com" });
    const { uid } = user("iota") ?? {};
    fixture.aegir.panel.bind("beta", "iota");
    fixture.aegir.panel.deleteUser("iota");
    assert.equal(client("iota"), undefined);
    const rows = fixture.aegir.tables().bindings.filter((row) => row.uid === uid);
    assert.deepEqual(
      rows.map((row) => [row.client, row.user]),
      [["beta", null]],
    );
  });
});

describe("sites of a small Aegir", () => {
  const fixture = new AegirFixture({ seed: fullSeed });

  // docs/aegir.md#site-owner
  it("take a title or a nid for an owner, and for anything else client 1, silently", () => {
    const { panel } = fixture.aegir;
    const ownerAfter = (client: string | number) => {
      panel.setOwner("free1.example.com", client);
      return fixture.site("free1.example.com").owner;
    };
    assert.equal(ownerAfter("Beta GmbH"), "beta");
    assert.equal(ownerAfter("beta"), "admin");
    assert.equal(ownerAfter(fixture.site("beta.example.com").ownerNid), "beta");
    assert.equal(ownerAfter(999999), "admin");
    assert.equal(ownerAfter(panel.addPlatform("some-platform")), null, "a platform's nid is stored");
  });

  // docs/aegir.md#verify-tasks
  it("queue one more verify with every save, changed or not", () => {
    const first = fixture.aegir.panel.setOwner("free1.example.com", "Acme Corp");
    const second = fixture.aegir.panel.setOwner("free1.example.com", "Acme Corp");
    assert.notEqual(first, second);
    assert.deepEqual([fixture.task(first).status, fixture.task(second).status], [0, 0]);
  });

  // docs/aegir.md#stale-site-object
  it("are saved with every column of an object that was loaded long ago", () => {
    const { frontEnd, panel } = fixture.aegir;
    const loaded = frontEnd.loadSite(fixture.site("free1.example.com").nid);
    assert.ok(loaded);
    panel.setOwner("free1.example.com", "Acme Corp");
    frontEnd.saveSite(loaded, { verify: false });
    assert.equal(fixture.site("free1.example.com").owner, "octopus123456");
  });

  // docs/aegir.md#node-access
  it("are seen by the new owner's people at once, their new verify by the old owner's", () => {
    const { panel, frontEnd } = fixture.aegir;
    panel.bind("acme", "carol");
    const seen = () => ["bob", "carol"].map((name) => panel.sitesOf(name).includes("beta.example.com"));
    assert.deepEqual(seen(), [true, false]);
    const task = panel.setOwner("beta.example.com", "Acme Corp");
    assert.deepEqual(seen(), [false, true]);
    assert.deepEqual(frontEnd.task(task)?.gids, [fixture.client("beta").nid, 1]);
  });

  // docs/aegir.md#bindings
  it("are seen by bound users with the role and by administrators, not by blocked users", () => {
    const { panel } = fixture.aegir;
    panel.bind("beta", "norole");
    assert.ok(panel.sitesOf("bob").includes("beta.example.com"));
    assert.ok(panel.sitesOf("operator").includes("beta.example.com"));
    assert.deepEqual(panel.sitesOf("norole"), []);
    assert.deepEqual(panel.sitesOf("carol"), []);
    panel.block("bob");
    assert.deepEqual(panel.sitesOf("bob"), []);
  });
});

for (const flavour of ["boa", "upstream"] as const) {
  describe(`a failed task on ${flavour}`, () => {
    const fixture = new AegirFixture({ seed: fullSeed, flavour });

    // docs/aegir.md#task-outcome
    it("is retried with the time of the run that it repeats", async () => {
      const { panel, faults } = fixture.aegir;
      faults.nextVerify("free1.example.com", "failure");
      const failed = panel.addTask("free1.example.com", "verify");
      fixture.passTask();
      const { status, executed } = fixture.task(failed);
      const again = panel.retryTask(failed);
      // BOA queues a new node, upstream a new revision.
      assert.equal(again === failed, flavour === "upstream");
      assert.deepEqual([status, fixture.task(again).status, fixture.task(again).executed], [2, 0, executed]);
      // The worker does not pass this on as the time of a run of the queued task.
      const worker = await fixture.worker();
      assert.equal((await worker.ok("tasks", { nids: [again] })).tasks[0]?.executed, null);
    });
  });
}

describe("a small Aegir of upstream's kind", () => {
  const fixture = new AegirFixture({ seed: fullSeed, flavour: "upstream" });

  // docs/aegir.md#default-client
  it("has one default and admin client, and no registration", async () => {
    const { server } = await (await fixture.worker()).ok("inventory", {});
    assert.equal(server.defaultClient?.internalName, "admin");
    assert.equal(server.adminClient?.internalName, "admin");
    assert.equal(server.registersUsers, false);
    assert.equal(server.clientsDirectory, "/var/aegir/clients");
  });

  // docs/aegir.md#logins
  it("has neither shell accounts nor a login for their passwords", async () => {
    assert.equal("accounts" in fixture.aegir.configuration(), false);
    assert.deepEqual(fixture.aegir.tables().accounts, []);
    await assert.rejects(fixture.mainFiles(), { level: "client-authentication" });
  });
});
