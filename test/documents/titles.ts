import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestTitle } from "../support/TestTitle";

let collected: TestTitle[] | undefined;

/** The titles of every test of this repository, as Mocha collects them; none is run. */
export function allTitles(): TestTitle[] {
  return (collected ??= collect());
}

function collect(): TestTitle[] {
  const root = join(__dirname, "..", "..");
  const directory = mkdtempSync(join(tmpdir(), "aegir-titles-"));
  try {
    const file = join(directory, "titles.json");
    const mocha = require.resolve("mocha/bin/mocha.js");
    const reporter = join(root, "test", "support", "TitleReporter.ts");
    const { status, stderr } = spawnSync(
      process.execPath,
      [mocha, "--dry-run", "--reporter", reporter, "test/**/*.test.ts"],
      { cwd: root, encoding: "utf8", env: { ...process.env, AEGIR_TEST_TITLES: file } },
    );
    if (status !== 0) throw new Error(`Mocha could not collect the tests:\n${stderr}`);
    return JSON.parse(readFileSync(file, "utf8")) as TestTitle[];
  } finally {
    rmSync(directory, { recursive: true });
  }
}
