import assert from "node:assert/strict";
import { AegirFixture, CRON_SECONDS } from "./AegirFixture";
import { fullSeed } from "./seed";

describe("the second channel to a small Aegir", () => {
  const fixture = new AegirFixture({ seed: fullSeed });

  it("has a digest that time alone does not change", () => {
    const before = fixture.aegir.digest();
    fixture.clock.advance(4 * CRON_SECONDS);
    assert.equal(fixture.aegir.digest(), before);
  });

  it("has a digest that every change of something not excepted changes", () => {
    const { panel, shellAccounts, frontEnd } = fixture.aegir;
    const digests = [fixture.aegir.digest()];
    for (const change of [
      () => panel.saveClient("acme", { title: "Acme Ltd" }),
      () => panel.bind("acme", "carol"),
      () => panel.setMail("carol", "carol@example.org"),
      () => panel.block("carol"),
      () => panel.setOwner("free1.example.com", "Acme Corp"),
      () => fixture.aegir.runQueue(),
      () => panel.addTask("free1.example.com", "verify"),
      () => panel.cancelTask(fixture.aegir.tables().tasks.at(-1)?.nid ?? 0),
      () => shellAccounts.changePassword("o1.acme", "not in the file"),
      () => panel.addPlatform("another", ["acme"]),
      () => panel.addCertificate("free1.example.com"),
      () => frontEnd.deleteNode(fixture.site("queued.example.com").nid),
    ]) {
      change();
      digests.push(fixture.aegir.digest());
    }
    // A password that only its holder knows is in no table and no file.
    assert.equal(new Set(digests).size, digests.length - 1);
  });

  it("has a digest that leaves out what is named, with what hangs on it", async () => {
    const except = { clients: ["acme", "delta"], sites: ["acme.example.com"], users: ["alice", "dora"] };
    const before = fixture.aegir.digest(except);
    const all = fixture.aegir.digest();
    const worker = await fixture.worker();
    const { sites } = await worker.ok("site", { site: "acme.example.com" });
    await worker.ok("createClient", { internalName: "delta", name: "Delta", user: null });
    await worker.ok("bind", {
      client: "delta",
      user: "dora",
      createUser: { mail: "d@example.com", welcomeMail: false },
    });
    await worker.ok("unbind", { client: "beta", user: "alice" });
    await worker.ok("setOwner", { nid: sites[0]!.nid, from: sites[0]!.ownerNid, to: "delta" });
    fixture.aegir.runQueue();
    fixture.aegir.runCron();
    assert.equal(fixture.aegir.digest(except), before);
    assert.notEqual(fixture.aegir.digest(), all);
    await worker.ok("bind", { client: "beta", user: "carol", createUser: null });
    assert.notEqual(fixture.aegir.digest(except), before);
  });

  it("knows every owner that every site ever had, the moments without one included", () => {
    const unowned = () => fixture.aegir.ownerHistory.filter(({ owner }) => owner === null).map(({ site }) => site);
    assert.deepEqual(unowned(), ["dangling.example.com"]);
    fixture.aegir.panel.setOwner("acme.example.com", "Beta GmbH");
    const { site, owner } = fixture.aegir.ownerHistory.at(-1)!;
    assert.deepEqual([site, owner], ["acme.example.com", "beta"]);
  });

  it("counts logins, workers, requests and the writes that changed something", async () => {
    const worker = await fixture.worker();
    const pair = { client: "acme", user: "bob", createUser: null };
    await worker.ok("bind", pair);
    await worker.ok("bind", pair);
    await worker.failure("bind", { ...pair, client: "none" });
    const { counts } = fixture.aegir;
    assert.deepEqual(
      [counts.connections, counts.workerStarts, counts.requests, counts.writes],
      [{ aegir: 1 }, 1, { hello: 1, bind: 3 }, 1],
    );
  });
});
