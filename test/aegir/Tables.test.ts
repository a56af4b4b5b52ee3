import assert from "node:assert/strict";
import { fullSeed } from "./seed";
import { CRON_SECONDS, Stage } from "./Stage";

describe("the second channel to a small Aegir", () => {
  const stage = new Stage({ seed: fullSeed });

  it("has a digest that time alone does not change", () => {
    const before = stage.aegir.digest();
    stage.clock.advance(4 * CRON_SECONDS);
    assert.equal(stage.aegir.digest(), before);
  });

  it("has a digest that every change of something not excepted changes", () => {
    const { panel, shellAccounts, frontEnd } = stage.aegir;
    const digests = [stage.aegir.digest()];
    for (const change of [
      () => panel.saveClient("acme", { title: "Acme Ltd" }),
      () => panel.bind("acme", "carol"),
      () => panel.setMail("carol", "carol@example.org"),
      () => panel.block("carol"),
      () => panel.setOwner("free1.example.com", "Acme Corp"),
      () => stage.aegir.runQueue(),
      () => panel.addTask("free1.example.com", "verify"),
      () => panel.cancelTask(stage.aegir.tables().tasks.at(-1)?.nid ?? 0),
      () => shellAccounts.changePassword("o1.acme", "not in the file"),
      () => panel.addPlatform("another", ["acme"]),
      () => frontEnd.deleteNode(stage.site("queued.example.com").nid),
    ]) {
      change();
      digests.push(stage.aegir.digest());
    }
    // A password that only its holder knows is in no table and no file.
    assert.equal(new Set(digests).size, digests.length - 1);
  });

  it("has a digest that leaves out what is named, with what hangs on it", async () => {
    const except = { clients: ["acme", "delta"], sites: ["acme.example.com"], users: ["alice", "dora"] };
    const before = stage.aegir.digest(except);
    const all = stage.aegir.digest();
    const worker = await stage.worker();
    const { sites } = await worker.ok("site", { site: "acme.example.com" });
    await worker.ok("createClient", { internalName: "delta", name: "Delta", user: null });
    await worker.ok("bind", {
      client: "delta",
      user: "dora",
      createUser: { mail: "d@example.com", welcomeMail: false },
    });
    await worker.ok("unbind", { client: "beta", user: "alice" });
    await worker.ok("setOwner", { nid: sites[0]!.nid, from: sites[0]!.ownerNid, to: "delta" });
    stage.aegir.runQueue();
    stage.aegir.runCron();
    assert.equal(stage.aegir.digest(except), before);
    assert.notEqual(stage.aegir.digest(), all);
    await worker.ok("bind", { client: "beta", user: "carol", createUser: null });
    assert.notEqual(stage.aegir.digest(except), before);
  });

  it("knows every owner that every site ever had, the moments without one included", () => {
    const unowned = () => stage.aegir.ownerHistory.filter(({ owner }) => owner === null).map(({ site }) => site);
    assert.deepEqual(unowned(), ["dangling.example.com"]);
    stage.aegir.panel.setOwner("acme.example.com", "Beta GmbH");
    const { site, owner } = stage.aegir.ownerHistory.at(-1)!;
    assert.deepEqual([site, owner], ["acme.example.com", "beta"]);
  });

  it("counts logins, workers, requests and the writes that changed something", async () => {
    const worker = await stage.worker();
    const pair = { client: "acme", user: "bob", createUser: null };
    await worker.ok("bind", pair);
    await worker.ok("bind", pair);
    await worker.failure("bind", { ...pair, client: "none" });
    const { counts } = stage.aegir;
    assert.deepEqual(
      [counts.connections, counts.workerStarts, counts.requests, counts.writes],
      [{ aegir: 1 }, 1, { hello: 1, bind: 3 }, 1],
    );
  });
});
