import { findEngines } from "./engines";
import { mkdtempSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
async function main() {
  const dir = mkdtempSync("/tmp/world-");
  mkdirSync(join(dir, "records")); mkdirSync(join(dir,"hold")); writeFileSync(join(dir,"faults.json"), "{}");
  const plan = (p: unknown) => writeFileSync(join(dir,"plan.json"), JSON.stringify(p));
  plan({ print: ["hello"], resources: [ { name: "a", properties: { key: "a", value: "1", note: "note!" } }, { name: "b", properties: { key: "b", value: { from: "a", output: "derived" } } }, {class:"Group",name:"g"}, {name:"c", properties:{key:"c", value:{secret:"s3cret"}}, options:{parent:{from:"g"}}} ], outputs: { now: { from: "a", output: "serial" }, s: {from:"c",output:"value"} } });
  const engine = (await findEngines())[0]!;
  const stack = await engine.open({ projectDirectory: "test/engine/programs/records", stack: "dev", stateDirectory: join(dir, "state"), passphrase: "x", config: { "records:greeting": "hi", "records:pw": { secret: "canary" } }, env: { RECORDS: dir } });
  const onOutput = (t: string) => process.stdout.write(t);
  console.log(dir);
  for (const op of ["preview", "up", "up", "refresh"] as const) {
    const o = await stack[op]({ onOutput });
    console.log(o.ok, o.changes, o.outputs);
  }
  plan({ resources: [ { name: "a", properties: { key: "a2", value: "1" } }, { name: "b", properties: { key: "b", value: { from: "a", output: "derived" } } }], outputs: { now: { from: "a", output: "serial" } } });
  for (const op of ["preview", "up", "destroy"] as const) {
    const o = await stack[op]({ onOutput });
    console.log(o.ok, o.changes, o.outputs);
  }
}
main().catch((e) => { console.error(e); process.exit(1); });
