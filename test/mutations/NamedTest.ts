import { spawn } from "node:child_process";
import { once } from "node:events";
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
export async function runNamed(directory: string, file: string, titles: string[]): Promise<(title: string) => Verdict> {
  const output = join(directory, "report.json");
  rmSync(output, { force: true });
  const mocha = join(directory, "node_modules", "mocha", "bin", "mocha.js");
  const grep = `(${titles.map((title) => title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})$`;
  // Not as it is configured: that would build the package again, and so break what is whole.
  const options = ["--no-config", "--require", "sucrase/register/ts", "--timeout", "120000", "--exit", "--grep", grep];
  const reporting = ["--reporter", "json", "--reporter-option", `output=${output}`];
  await ended([mocha, ...options, ...reporting, file], directory);
  const nothing: Report = { passes: [], failures: [], pending: [] };
  const report = existsSync(output) ? (JSON.parse(readFileSync(output, "utf8")) as Report) : nothing;
  return (title) => {
    const of = (tests: ReportedTest[]) => tests.find((test) => test.title === title);
    const failure = of(report.failures);
    if (failure) return { kind: "failed", why: failure.err.message };
    return { kind: of(report.passes) ? "passed" : of(report.pending) ? "skipped" : "absent" };
  };
}

/** Runs Node in a process group of its own, since what a break has left running must not outlive it. */
async function ended(args: string[], cwd: string): Promise<void> {
  const child = spawn(process.execPath, args, { cwd, stdio: "ignore", detached: true });
  const kill = () => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // Nothing of the group is left.
    }
  };
  process.on("exit", kill);
  const timer = setTimeout(kill, MILLISECONDS);
  await once(child, "exit");
  clearTimeout(timer);
  process.off("exit", kill);
  kill();
}
