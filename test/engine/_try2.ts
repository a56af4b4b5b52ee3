import { InProcessEngine } from "./InProcessEngine";
import { mkdtempSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
async function main() {
  const dir = mkdtempSync("/tmp/world-");
  mkdirSync(join(dir, "records")); mkdirSync(join(dir,"hold")); writeFileSync(join(dir,"faults.json"), JSON.stringify({"create b":{error:"disk full"}}));
  const plan = (p: unknown) => writeFileSync(join(dir,"plan.json"), JSON.stringify(p));
  const engine = new InProcessEngine();
  const stack = await engine.open({ projectDirectory: "test/engine/programs/records", stack: "dev", stateDirectory: join(dir, "state"), passphrase: "x", config: { "records:greeting": "hi", "records:pw": { secret: "canary" } }, env: { RECORDS: dir } });
  const onOutput = (t: string) => process.stdout.write(t);
  console.log(dir);
  for (const p of [{throw: "oops", resources: [ { name: "a", properties: { key: "a", value: "1"}}]}, {exit: 3, resources:[]}, {resources:[{class:"Foreign",name:"m"}]},
    {resources:[{name:"b",properties:{key:"b"}},{name:"c",properties:{key:"c"},options:{dependsOn:[{from:"b"}]}}]}, {resources:[{name:"z",properties:{key:"z"},options:{import:"record:z"}}]}, {resources:[{name:"z",properties:{key:"z",value:"forbidden"}}]}]) {
    plan(p);
    const o = await stack.up({ onOutput });
    console.log(o.ok, o.steps, o.outputs);
  }
}
main().catch((e) => { console.error(e); process.exit(1); });
