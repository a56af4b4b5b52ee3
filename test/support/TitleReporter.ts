/** The titles of all tests, run or not, as JSON in the file that AEGIR_TEST_TITLES names. */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type Mocha from "mocha";
import type { TestTitle } from "./TestTitle";

class TitleReporter {
  constructor(runner: Mocha.Runner) {
    runner.on("end", () => writeFileSync(process.env["AEGIR_TEST_TITLES"]!, JSON.stringify(titlesOf(runner.suite))));
  }
}

function titlesOf(suite: Mocha.Suite): TestTitle[] {
  const own = suite.tests.map(({ file, title }) => ({ file: relative(process.cwd(), file!), title }));
  return [...own, ...suite.suites.flatMap(titlesOf)];
}

export = TitleReporter;
