import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestTitle } from "../support/TestTitle";

const root = join(__dirname, "..", "..");

let collected: TestTitle[] | undefined;

/** The titles of every test of this repository, as Mocha collects them; none is run. */
export function allTitles(): TestTitle[] {
  return (collected ??= titlesIn(root));
}

/** The titles of the tests in a tree of this repository. */
export function titlesIn(tree: string): TestTitle[] {
  const directory = mkdtempSync(join(tmpdir(), "aegir-titles-"));
  try {
    const file = join(directory, "titles.json");
    const mocha = require.resolve("mocha/bin/mocha.js");
    const reporter = join(root, "test", "support", "TitleReporter.ts");
    // Not as the tree is configured: a package that is to be built has no new titles, and a new reporter is not in an old tree.
    const options = ["--no-config", "--require", "sucrase/register/ts", "--dry-run", "--reporter", reporter];
    const { status, stderr } = spawnSync(process.execPath, [mocha, ...options, "test/**/*.test.ts"], {
      cwd: tree,
      encoding: "utf8",
      env: { ...process.env, AEGIR_TEST_TITLES: file },
    });
    if (status !== 0) throw new Error(`Mocha could not collect the tests:\n${stderr}`);
    return JSON.parse(readFileSync(file, "utf8")) as TestTitle[];
  } finally {
    rmSync(directory, { recursive: true });
  }
}
