import { InProcessEngine } from "./InProcessEngine";
import { mkdtempSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
async function main() {
  const dir = mkdtempSync("/tmp/world-");
  mkdirSync(join(dir, "records")); mkdirSync(join(dir,"hold")); writeFileSync(join(dir,"faults.json"), "{}");
  writeFileSync(join(dir,"plan.json"), JSON.stringify({throw: "oops", resources: [ { name: "a", properties: { key: "a", value: "1"}}]}));
  const engine = new InProcessEngine();
  const stack = await engine.open({ projectDirectory: "test/engine/programs/records", stack: "dev", stateDirectory: join(dir, "state"), passphrase: "x", config: { }, env: { RECORDS: dir } });
  const t = Date.now();
  setTimeout(() => { try { require("node:child_process").execSync("ps -eo pid,etimes,pcpu,args | grep cmd/ | grep -v grep 1>&2", {stdio:"inherit"}) } catch {} }, 6000);
  const o = await stack.up({ onOutput: (x) => process.stdout.write(`[${Date.now()-t}] ` + x) });
}
main().catch((e) => { console.error(e); process.exit(1); });
