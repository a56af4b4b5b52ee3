import { SmallAegir } from "/work/main/test/aegir/SmallAegir";
import { PlainWorker } from "/work/main/test/aegir/PlainClient";
import { ManualClock } from "/work/main/test/aegir/Clock";
(async () => {
  const n = Number(process.argv[2]);
  let t = Date.now();
  const aegir = await SmallAegir.start({ clock: new ManualClock() });
  aegir.addSites(Array.from({ length: n }, (_, i) => ({ site: `s${i}.example.com` })));
  console.log("seed", Date.now() - t);
  t = Date.now();
  const w = await PlainWorker.start(aegir.drush);
  for (let i = 0; i < 50; i++) await w.ask("createClient", { internalName: `c${i}`, name: `C${i}`, user: null });
  console.log("clients", Date.now() - t);
  t = Date.now();
  const inv = await w.ask("inventory", {});
  console.log("inventory", Date.now() - t);
  t = Date.now();
  const free = inv.sites.filter((s: any) => !s.hostmaster);
  await Promise.all(
    free.map((s: any, i: number) => w.ask("setOwner", { nid: s.nid, from: s.ownerNid, to: `c${i % 50}` })),
  );
  console.log("setOwner", Date.now() - t);
  t = Date.now();
  aegir.runQueue();
  console.log("queue", Date.now() - t);
  t = Date.now();
  aegir.runCron();
  console.log("cron", Date.now() - t);
  t = Date.now();
  await w.ask("inventory", {});
  console.log("inventory", Date.now() - t);
  t = Date.now();
  aegir.digest();
  console.log("digest", Date.now() - t);
  await aegir.stop();
})();
