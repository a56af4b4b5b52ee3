/**
 * What cannot be tested here is skipped aloud: the summary of every run names what is missing and what enables it. The
 * workers of a parallel run leave that in a file for the process that prints the summary.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FILE = "AEGIR_TEST_SKIPS";

/**
 * For a test or a hook: skips it.
 *
 * @param what is not tested, as in "the worker on a real MariaDB", and why if nothing enables it
 * @param enable the command after which it is tested
 */
export function skip(context: Mocha.Context, what: string, enable?: string): never {
  const file = process.env[FILE];
  if (file) appendFileSync(file, `SKIPPED: ${what}.${enable ? ` Enable it with: ${enable}` : ""}\n`);
  return context.skip();
}

/** For a reporter: begins to collect. The result gives each line once, in the order in which they came. */
export function collectSkips(): () => string[] {
  const directory = mkdtempSync(join(tmpdir(), "aegir-skips-"));
  const file = join(directory, "skips");
  process.env[FILE] = file;
  return () => {
    const lines = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
    rmSync(directory, { recursive: true, force: true });
    return [...new Set(lines)];
  };
}
