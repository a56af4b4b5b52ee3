/**
 * `npm run bench:answers`: how long a question and the access tests take as whole processes, at the size that they are made
 * for.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { manyGrants } from "../review/manyGrants";

const main = join(__dirname, "..", "..", "provider", "dist", "cli", "main.js");
const directory = mkdtempSync(join(tmpdir(), "aegir-answers-"));

function timed(...args: string[]): void {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], { cwd: directory, encoding: "utf8" });
  if (status === 2 || status === 3) throw new Error(stderr);
  console.log(`  ${args.join(" ").padEnd(40)} ${(performance.now() - start).toFixed(0).padStart(6)} ms`);
}

try {
  writeFileSync(join(directory, "access.yaml"), manyGrants(10_000, 2_000, 5_000));
  console.log("10000 sites, 2000 clients, 5000 people");
  timed("lint");
  timed("who", "www.client7.example");
  timed("what", "heidi.7");
  timed("why", "heidi.7", "www.client8.example");
  const tests = Array.from(
    { length: 100 },
    (_, index) => `  - cannot: { people: [heidi.7], sites: ["*.client${index + 100}.example"] }`,
  );
  writeFileSync(join(directory, "access.test.yaml"), `version: 1\ntests:\n${tests.join("\n")}\n`);
  console.log("and 100 access tests");
  timed("lint");
} finally {
  rmSync(directory, { recursive: true });
}
