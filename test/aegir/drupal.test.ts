import assert from "node:assert/strict";
import { DatabaseError } from "./Database";
import { fullSeed } from "./seed";
import { Stage } from "./Stage";

const mysql = (number: number) => (error: unknown) => error instanceof DatabaseError && error.number === number;

describe("clients of a small Aegir on BOA", () => {
  const stage = new Stage({ seed: fullSeed });
  const client = (internalName: string) =>
    stage.aegir.tables().clients.find((other) => other.internalName === internalName);
  const user = (name: string) => stage.aegir.tables().users.find((other) => other.name === name);

  it("sanitises an internal name: letters, digits and underscores, lower case, 16 of them (contract 1.3)", () => {
    const stored = (uname: string, prefix = "") => {
      stage.aegir.panel.setVariable("hosting_client_prefix", prefix);
      return stage.aegir.drupal.sanitizeUname(uname);
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

  it("derives a blank internal name, and 0, from the title (contract 1.3)", () => {
    stage.aegir.panel.addClient({ name: "Delta Ltd." });
    stage.aegir.panel.addClient({ name: "Zero", internalName: "0" });
    assert.equal(client("deltaltd")?.name, "Delta Ltd.");
    assert.equal(client("zero")?.name, "Zero");
  });

  it("refuses an internal name that is taken, whole, and lets a title be taken twice (aegir-measured.md)", () => {
    const before = stage.aegir.digest();
    assert.throws(() => stage.aegir.panel.addClient({ name: "Acme again", internalName: "ACME" }), mysql(1062));
    assert.equal(stage.aegir.digest(), before);
    stage.aegir.panel.addClient({ name: "Acme Corp", internalName: "acme2" });
    assert.equal(client("acme2")?.name, client("acme")?.name);
  });

  it("lets two long titles collide, and stores an empty internal name once (contract 1.3)", () => {
    stage.aegir.panel.addClient({ name: "The Worshipful Company of Brewers" });
    assert.throws(() => stage.aegir.panel.addClient({ name: "The Worshipful Company of Bakers" }), mysql(1062));
    stage.aegir.panel.addClient({ name: "!!!" });
    assert.throws(() => stage.aegir.panel.addClient({ name: "???" }), mysql(1062));
  });

  it("renames the internal name of old days with any save (contract, trap 4)", () => {
    stage.aegir.panel.saveClient("Legacy-Co", { title: "Legacy Company" });
    assert.equal(client("Legacy-Co"), undefined);
    assert.equal(client("legacyco")?.name, "Legacy Company");
  });

  it("fails to save a client with a new revision, and changes nothing (contract, trap 3)", () => {
    const before = stage.aegir.digest();
    assert.throws(() => stage.aegir.panel.saveClient("acme", { title: "New", revision: true }), mysql(1062));
    assert.equal(stage.aegir.digest(), before);
  });

  it("registers a user for a new address, named like the client and its author, and mails it (contract 2.1)", () => {
    stage.aegir.panel.addClient({ name: "Epsilon", email: "epsilon@example.com" });
    assert.deepEqual(user("epsilon")?.roles, ["aegir client"]);
    assert.equal(client("epsilon")?.author, user("epsilon")?.uid);
    assert.deepEqual(client("epsilon")?.users, ["admin", "epsilon"]);
    assert.deepEqual(
      stage.aegir.outbox.map(({ to }) => to),
      ["epsilon@example.com"],
    );
  });

  it("registers nobody for a blank address, a user without address for none (contract 2.1)", () => {
    const { drupal } = stage.aegir;
    drupal.saveClient({ title: "Blank", uname: "blank", uid: 1, email: "" });
    drupal.saveClient({ title: "None", uname: "none", uid: 1 });
    assert.equal(user("blank"), undefined);
    assert.equal(user("none")?.mail, "");
  });

  it("neither makes nor binds a user whose address is known (contract, trap 7)", () => {
    stage.aegir.drupal.saveClient({ title: "Zeta", uname: "zeta", uid: 1, email: "alice@example.com" });
    assert.deepEqual(client("zeta")?.users, []);
    assert.equal(user("zeta"), undefined);
  });

  it("makes no client when a user of that name is there (contract 2.1)", () => {
    stage.aegir.panel.addUser({ name: "theta", mail: "other@example.com" });
    assert.throws(() => stage.aegir.panel.addClient({ name: "Theta", email: "new@example.com" }), mysql(1062));
    assert.equal(client("theta"), undefined);
  });

  it("binds nobody when `new_user` is no user on insert", () => {
    const nid = stage.aegir.drupal.saveClient({ title: "Zeta", uname: "zeta", uid: 1, email: "", new_user: "nobody" });
    assert.deepEqual(
      stage.aegir.drupal.database.hosting_client_user.all(({ client }) => client === nid),
      [],
    );
  });

  it("binds the anonymous user when `new_user` is set but empty on insert (contract, trap 6)", () => {
    const nid = stage.aegir.drupal.saveClient({ title: "Eta", uname: "eta", uid: 1, email: "", new_user: "" });
    assert.deepEqual(
      stage.aegir.tables().bindings.filter((row) => row.nid === nid),
      [{ uid: 0, user: "", nid, client: "eta" }],
    );
  });

  it("fails to bind a user twice (1062), or an unknown one (1048) (aegir-measured.md)", () => {
    stage.aegir.panel.bind("beta", "carol");
    assert.throws(() => stage.aegir.panel.bind("beta", "carol"), mysql(1062));
    assert.throws(() => stage.aegir.panel.bind("beta", "nobody"), mysql(1048));
    stage.aegir.panel.unbind("beta", "carol");
    assert.deepEqual(client("beta")?.users, ["alice", "bob"]);
  });

  it("deletes a client that owns sites without a word, and leaves them without an owner (contract 2.5)", async () => {
    const { nid } = client("acme") ?? {};
    stage.aegir.panel.deleteClient("acme");
    assert.deepEqual([stage.site("acme.example.com").ownerNid, stage.site("acme.example.com").owner], [nid, null]);
    assert.ok(stage.aegir.ownerHistory.some(({ site, owner }) => site === "acme.example.com" && owner === null));
    assert.ok(stage.aegir.tables().platformAccess.some(({ client: owner }) => owner === null));
    const worker = await stage.worker();
    assert.equal((await worker.ask("site", { site: "acme.example.com" })).sites[0].owner, null);
    // Its next save moves it to client 1, silently.
    stage.aegir.panel.setOwner("acme.example.com", nid ?? 0);
    assert.equal(stage.site("acme.example.com").ownerNid, 1);
  });

  it("deletes a user with every node of its own, and leaves the bindings of others (contract, trap 9)", () => {
    stage.aegir.panel.addClient({ name: "Iota", email: "iota@example.com" });
    const { uid } = user("iota") ?? {};
    stage.aegir.panel.bind("beta", "iota");
    stage.aegir.panel.deleteUser("iota");
    assert.equal(client("iota"), undefined);
    assert.deepEqual(
      stage.aegir
        .tables()
        .bindings.filter((row) => row.uid === uid)
        .map((row) => [row.client, row.user]),
      [["beta", null]],
    );
  });

  it("removes the bindings of a user that is cancelled, keeps those of one that is blocked (contract 4)", () => {
    stage.aegir.panel.block("bob");
    assert.deepEqual(client("beta")?.users, ["alice", "bob"]);
    stage.aegir.panel.cancelUser("bob");
    assert.deepEqual(client("beta")?.users, ["alice"]);
    assert.equal(user("bob")?.active, false);
  });
});

describe("sites of a small Aegir on BOA", () => {
  const stage = new Stage({ seed: fullSeed });

  it("takes a title or a nid for an owner, and for anything else client 1, silently (contract 3.2)", () => {
    const { panel } = stage.aegir;
    panel.setOwner("free1.example.com", "Beta GmbH");
    assert.equal(stage.site("free1.example.com").owner, "beta");
    panel.setOwner("free1.example.com", "beta");
    assert.equal(stage.site("free1.example.com").owner, "admin");
    panel.setOwner("free1.example.com", stage.site("beta.example.com").ownerNid);
    assert.equal(stage.site("free1.example.com").owner, "beta");
    panel.setOwner("free1.example.com", 999999);
    assert.equal(stage.site("free1.example.com").owner, "admin");
  });

  it("stores the nid of a platform as an owner (aegir-measured.md)", async () => {
    const platform = stage.aegir.panel.addPlatform("some-platform");
    stage.aegir.panel.setOwner("free1.example.com", platform);
    const worker = await stage.worker();
    const { sites } = await worker.ask("site", { site: "free1.example.com" });
    assert.deepEqual([sites[0].ownerNid, sites[0].owner], [platform, null]);
  });

  it("queues one more verify with every save, changed or not (contract 3.3)", () => {
    const first = stage.aegir.panel.setOwner("free1.example.com", "Acme Corp");
    const second = stage.aegir.panel.setOwner("free1.example.com", "Acme Corp");
    assert.notEqual(first, second);
    assert.deepEqual([stage.task(first).status, stage.task(second).status], [0, 0]);
  });

  it("writes every column of an object that was loaded long ago (aegir-measured.md, lost update)", () => {
    const { drupal, panel } = stage.aegir;
    const loaded = drupal.loadSite(stage.site("free1.example.com").nid);
    assert.ok(loaded);
    panel.setOwner("free1.example.com", "Acme Corp");
    drupal.saveSite({ ...loaded, verified: 1, no_verify: true });
    assert.equal(stage.site("free1.example.com").owner, "octopus123456");
  });

  it("shows a new verify to the old owner and hides it from the new one (aegir-measured.md, node access)", () => {
    const { panel } = stage.aegir;
    panel.bind("acme", "carol");
    const task = "Verify Site: beta.example.com";
    const seen = (name: string) => panel.tasksOf(name).filter((title) => title === task).length;
    assert.deepEqual([seen("bob"), seen("carol")], [1, 0]);
    panel.setOwner("beta.example.com", "Acme Corp");
    assert.deepEqual([seen("bob"), seen("carol")], [2, 0]);
    // Who may change a site may only look at its tasks.
    const { node_access } = stage.aegir.drupal.database;
    const [site, verify] = [stage.site("beta.example.com").nid, stage.aegir.tables().tasks.at(-1)?.nid];
    const updates = [site, verify].map((nid) => node_access.having(nid).map(({ grant_update }) => grant_update));
    assert.deepEqual(updates, [
      [1, 1],
      [0, 0],
    ]);
    assert.deepEqual(
      [panel.sitesOf("bob").includes("beta.example.com"), panel.sitesOf("carol").includes("beta.example.com")],
      [false, true],
    );
  });

  it("shows a site to bound users with the role, to administrators, to no blocked one (contract 4)", () => {
    const { panel } = stage.aegir;
    panel.bind("beta", "norole");
    assert.ok(panel.sitesOf("bob").includes("beta.example.com"));
    assert.ok(panel.sitesOf("operator").includes("beta.example.com"));
    assert.deepEqual(panel.sitesOf("norole"), []);
    assert.deepEqual(panel.sitesOf("carol"), []);
    panel.block("bob");
    assert.deepEqual(panel.sitesOf("bob"), []);
  });

  it("tells sites of one title apart by status, aliases, and revisions by the current one (contract 3.1, trap 1)", async () => {
    const worker = await stage.worker();
    const reborn = await worker.ask("site", { site: "reborn.example.com" });
    assert.deepEqual([reborn.sites.length, reborn.sites[0].owner.internalName, reborn.deleted], [1, "acme", 1]);
    const deleted = await worker.ask("site", { site: "deleted.example.com" });
    assert.deepEqual(deleted, { sites: [], deleted: 1, aliasOf: null });
    const alias = await worker.ask("site", { site: "WWW.acme.example.com" });
    assert.deepEqual(alias, { sites: [], deleted: 0, aliasOf: "acme.example.com" });
    const moved = await worker.ask("site", { site: "moved.example.com" });
    assert.equal(moved.sites[0].owner.internalName, "beta");
  });

  it("retries a failed task as a new node that carries the old time (contract 3.5)", async () => {
    const { panel, faults } = stage.aegir;
    faults.nextVerify("free1.example.com", "failure");
    const failed = panel.addTask("free1.example.com", "verify");
    stage.passTask();
    const again = panel.retryTask(failed);
    assert.notEqual(again, failed);
    assert.deepEqual([stage.task(failed).status, stage.task(again).status], [2, 0]);
    assert.equal(stage.task(again).executed, stage.task(failed).executed);
    // The worker does not pass this on as the time of a run of the queued task.
    const worker = await stage.worker();
    assert.equal((await worker.ask("tasks", { nids: [again] })).tasks[0].executed, null);
  });
});

describe("a small Aegir of upstream's kind", () => {
  const stage = new Stage({ seed: fullSeed, flavour: "upstream" });

  it("has one default and admin client, and no registration (contract 1.5, 1.6)", async () => {
    const { server } = await (await stage.worker()).ask("inventory", {});
    assert.equal(server.defaultClient.internalName, "admin");
    assert.equal(server.adminClient.internalName, "admin");
    assert.equal(server.registersUsers, false);
    assert.equal(server.clientsDirectory, "/var/aegir/clients");
  });

  it("throws for an owner that it cannot resolve, and changes nothing (contract 3.2)", () => {
    assert.throws(() => stage.aegir.panel.setOwner("acme.example.com", "acme"), mysql(1048));
    assert.equal(stage.site("acme.example.com").owner, "acme");
  });

  it("fails to register a user for a new address (contract 2.1)", () => {
    stage.aegir.panel.setVariable("hosting_client_register_user", true);
    assert.throws(() => stage.aegir.panel.addClient({ name: "Kappa", email: "kappa@example.com" }), mysql(1048));
  });

  it("retries a failed task as a new revision of the same node (contract 3.5)", () => {
    const { panel, faults } = stage.aegir;
    faults.nextVerify("free1.example.com", "failure");
    const failed = panel.addTask("free1.example.com", "verify");
    stage.passTask();
    assert.equal(stage.task(failed).status, 2);
    assert.equal(panel.retryTask(failed), failed);
    assert.equal(stage.task(failed).status, 0);
  });

  it("has neither shell accounts nor a login for their passwords (contract 5.5)", async () => {
    assert.equal("accounts" in stage.aegir.configuration(), false);
    assert.deepEqual(stage.aegir.tables().accounts, []);
    await assert.rejects(stage.mainFiles(), { level: "client-authentication" });
  });
});
