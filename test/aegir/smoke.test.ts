import assert from "node:assert/strict";
import { SmallAegir } from "./SmallAegir";
import { PlainFiles, PlainWorker } from "./PlainClient";
import { fullSeed } from "./seed";

describe("smoke", () => {
  it("works", async () => {
    const aegir = await SmallAegir.start({ seed: fullSeed, report: (line) => console.log(line) });
    try {
      const before = aegir.digest();
      const worker = await PlainWorker.start({ ...aegir.drush, password: undefined });
      const inventory = await worker.ask("inventory", {});
      console.log(JSON.stringify(inventory, null, 1).slice(0, 6000));
      const created = await worker.ask("createClient", {
        internalName: "delta",
        name: "Delta",
        user: { name: "delta", mail: "d@x.example", welcomeMail: true },
      });
      console.log(created);
      const {
        sites: [site],
      } = await worker.ask("site", { site: "free1.example.com" });
      console.log(await worker.ask("setOwner", { nid: site.nid, from: site.ownerNid, to: "delta" }));
      while (!aegir.tables().accounts.some((a) => a.name === "o1.delta")) await new Promise((r) => setTimeout(r, 20));
      const files = await PlainFiles.open(aegir.accounts);
      console.log(await files.list("/users"));
      const password = (await files.read("/users/o1.delta")).trim();
      const own = await PlainFiles.open({ ...aegir.drush, privateKey: undefined, user: "o1.delta", password });
      console.log(
        await own.list("/"),
        await own.list("/sites"),
        await own.read("/sites/free1.example.com/settings.php"),
      );
      const except = { clients: ["delta", "octopus123456"], sites: ["free1.example.com"], users: ["delta"] };
      console.log(before, aegir.digest(), aegir.counts, aegir.outbox, aegir.digest(except).slice(0, 8));
      worker.close();
      files.close();
      own.close();
      assert.ok(true);
    } finally {
      await aegir.stop();
    }
  });
});
