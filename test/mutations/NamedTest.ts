import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** How a test of one title ended; of several of the same title, the worst. `absent`: none was run. */
export type Verdict = "passed" | "failed" | "skipped" | "absent";

interface Report {
  passes: { title: string }[];
  failures: { title: string }[];
  pending: { title: string }[];
}

const MILLISECONDS = 10 * 60_000;

/** Runs the tests of these titles, and no others, of one file in `directory`. */
export function runNamed(directory: string, file: string, titles: string[]): (title: string) => Verdict {
  const output = join(directory, "report.json");
  rmSync(output, { force: true });
  const mocha = join(directory, "node_modules", "mocha", "bin", "mocha.js");
  const grep = `(${titles.map((title) => title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})$`;
  const reporting = ["--reporter", "json", "--reporter-option", `output=${output}`];
  // What a break leaves open does not keep the next one waiting.
  spawnSync(process.execPath, [mocha, "--exit", "--grep", grep, ...reporting, file], {
    cwd: directory,
    stdio: "ignore",
    timeout: MILLISECONDS,
    killSignal: "SIGKILL",
  });
  const report: Report = existsSync(output)
    ? (JSON.parse(readFileSync(output, "utf8")) as Report)
    : { passes: [], failures: [], pending: [] };
  return (title) => {
    const has = (tests: { title: string }[]) => tests.some((test) => test.title === title);
    return has(report.failures) ? "failed" : has(report.passes) ? "passed" : has(report.pending) ? "skipped" : "absent";
  };
}
