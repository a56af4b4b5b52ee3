import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/** How the tests of one title ended: failed, if one of them did; absent, if none was run to an end. */
export interface Verdict {
  kind: "passed" | "failed" | "skipped" | "absent";
  /** What the first that failed says. */
  why?: string;
}

interface ReportedTest {
  title: string;
  err: { message?: string };
}

interface Report {
  passes: ReportedTest[];
  failures: ReportedTest[];
  pending: ReportedTest[];
}

const MILLISECONDS = 10 * 60_000;

/**
 * Runs the tests of these titles, and no others, of one file of the repository in `directory`. A hook that fails is no
 * test that does.
 */
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
  const nothing: Report = { passes: [], failures: [], pending: [] };
  const report = existsSync(output) ? (JSON.parse(readFileSync(output, "utf8")) as Report) : nothing;
  return (title) => {
    const of = (tests: ReportedTest[]) => tests.find((test) => test.title === title);
    const failure = of(report.failures);
    if (failure) return { kind: "failed", why: failure.err.message };
    return { kind: of(report.passes) ? "passed" : of(report.pending) ? "skipped" : "absent" };
  };
}
