/** Mocha's own report for people, and the counts of the group as JSON for the summary of `npm test`. */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";
import type { GroupCounts } from "./GroupCounts";

class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const counts: GroupCounts = { passed: 0, failed: 0, skipped: [] };
    runner.on("pass", () => counts.passed++);
    runner.on("fail", () => counts.failed++);
    runner.on("pending", (test: Mocha.Test) => counts.skipped.push(test.fullTitle()));
    runner.on("end", () => {
      const file = process.env["AEGIR_TEST_COUNTS"];
      if (file) writeFileSync(file, JSON.stringify(counts));
    });
  }
}

export = CountingReporter;
