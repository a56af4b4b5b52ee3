/**
 * `npm run bench:review`: how long a review takes, from the text of two manifests to the comment, at the size that it
 * is made for and at a quarter of it; and as whole processes, of an organisation in 50 files.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseManifest } from "../../provider/manifest";
import {
  accessOfManifest,
  accessPage,
  differenceOf,
  grantsText,
  markdownReview,
  reviewOf,
} from "../../provider/review";
import { manyGrants } from "../review/manyGrants";
import { organisation } from "./organisation";

function timed<T>(what: string, work: () => T): T {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const result = work();
  const [wall, cpu] = [performance.now() - start, process.cpuUsage(used).user / 1000];
  console.log(`  ${what.padEnd(22)} ${wall.toFixed(0).padStart(6)} ms, of which ${cpu.toFixed(0).padStart(5)} of work`);
  return result;
}

for (const [sites, clients, users] of [
  [2_500, 500, 1_250],
  [10_000, 2_000, 5_000],
] as const) {
  console.log(`${sites} sites, ${clients} clients, ${users} people`);
  const text = manyGrants(sites, clients, users);
  // Every tenth client loses a site to its neighbour, every seventh its last person, every fiftieth goes.
  const edited = text
    .split("\n")
    .filter((_, line) => line % 50 !== 25)
    .map((line, index) => (index % 7 === 3 ? line.replace(/, [a-z]+\.\d+\] }$/, "] }") : line))
    .map((line, index, all) => {
      const taken = index % 10 === 5 ? /blog\.[a-z0-9]+\.example/.exec(all[index - 1] ?? "")?.[0] : undefined;
      if (taken !== undefined) return line.replace("sites: [", `sites: [${taken}, `);
      return index % 10 === 4 && all[index + 1]?.includes("sites: [")
        ? line.replace(/blog\.[a-z0-9]+\.example, /, "")
        : line;
    })
    .join("\n");
  const [base, head] = timed(
    "lint: both manifests",
    () => [parseManifest(text, "base.yaml"), parseManifest(edited, "head.yaml")] as const,
  );
  const [before, after] = timed("pictures", () => [accessOfManifest(base), accessOfManifest(head)] as const);
  const review = timed("difference and refusals", () => reviewOf(differenceOf(before, after)));
  timed("comment", () => markdownReview(review));
  timed("page", () => accessPage(after));
  timed("grants of the stack", () => grantsText(after));
  const { lost, gained, grants } = review.difference;
  console.log(
    `  ${lost.length} and ${gained.length} lines; ${grants.lost} of ${grants.before} grants lost, ${grants.gained} gained`,
  );
}

const [SITES, CLIENTS, PEOPLE, TEAMS, FILES] = [10_000, 2_000, 5_000, 300, 50] as const;
/** None of them is broken. */
const RULES = `version: 1
rules:
  - { rule: Separate, reason: x, level: never, apart: { teams: [team0, team1] } }
  - { rule: One site, reason: x, level: never, sites: ["*.client5.example"], never: { teams: [team0] } }
  - { rule: Ends, reason: x, level: refuse, externalsEnd: { within: 90 } }
  - { rule: Few, reason: x, level: refuse, mostPeople: 50 }
  - { rule: Deputies, reason: x, level: refuse, leastPeople: 2 }
  - { rule: Addresses, reason: x, level: refuse, mailDomains: [staff.example] }
`;
const directory = mkdtempSync(join(tmpdir(), "aegir-bench-"));
const git = (...args: string[]) => execFileSync("git", args, { cwd: directory, stdio: "pipe" });
try {
  console.log(
    `${SITES} sites, ${CLIENTS} clients, ${PEOPLE} people, ${TEAMS} teams in ${FILES} files, as whole processes`,
  );
  const files = organisation(SITES, CLIENTS, PEOPLE, TEAMS, FILES);
  git("init", "--quiet");
  const changed = [...files.keys()].find((path) => path.startsWith("clients/"))!;
  for (const edit of [(text: string) => text, (text: string) => text.replace(/users: \[\S+, /, "users: [")]) {
    files.set(changed, edit(files.get(changed)!));
    for (const [path, text] of files) {
      mkdirSync(dirname(join(directory, "access", path)), { recursive: true });
      writeFileSync(join(directory, "access", path), text);
    }
    git("add", "--all");
    git("-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message=A change");
  }
  const measured = () => {
    wholeProcess("lint", "access");
    wholeProcess("who", "www.client7.example");
    wholeProcess("review", "HEAD^1", "HEAD", "--manifest", "access", "--format", "markdown");
  };
  measured();
  console.log("and with rules");
  git("checkout", "--quiet", "HEAD^1");
  for (const [path, text] of [
    ["access/rules.yaml", RULES] as const,
    [`access/${changed}`, files.get(changed)!] as const,
  ]) {
    writeFileSync(join(directory, path), text);
    git("add", "--all");
    git("-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message=A change");
  }
  measured();
} finally {
  rmSync(directory, { recursive: true });
}

function wholeProcess(...args: string[]): void {
  const usageFile = join(directory, ".usage");
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--require", join(__dirname, "usage.js"), join(__dirname, "../../provider/dist/cli/main.js"), ...args],
    { cwd: directory, encoding: "utf8", env: { ...process.env, USAGE_FILE: usageFile } },
  );
  const wall = performance.now() - start;
  if (status !== 0) {
    throw new Error(`${args[0]!} ended with ${status ?? "a signal"}: ${stdout.slice(0, 1000)}${stderr}`);
  }
  const { maxRSS, userCPUTime, systemCPUTime } = JSON.parse(readFileSync(usageFile, "utf8")) as NodeJS.ResourceUsage;
  const work = (userCPUTime + systemCPUTime) / 1000;
  console.log(
    `  ${args[0]!.padEnd(22)} ${wall.toFixed(0).padStart(6)} ms, of which ${work.toFixed(0).padStart(5)} of work, and ${(maxRSS / 1024).toFixed(0)} MiB at most`,
  );
}
