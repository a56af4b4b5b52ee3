/** The access tests beside a manifest, and what they make of a change. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type AccessTestRun, runAccessTests } from "../answers/accessTests";
import type { ManifestFileContent } from "../manifest";
import { isDirectory, testsFileOf } from "../manifest/ManifestFiles";
import type { EffectiveAccess, ReviewedAccessTests } from "../review";
import { printable } from "../text/printable";
import { UsageError } from "./Command";
import { filesAt } from "./git";
import { filesOf } from "./manifestOptions";

/** A file of access tests; undefined if the manifest has none. */
export type TestsFile = ManifestFileContent | undefined;

/** @throws UsageError where tests were meant, and would never run */
export function testsBeside(manifest: string, directory: string): TestsFile {
  const file = testsFileOf(manifest);
  const otherName = file.replace(/yaml$/, "yml");
  if (existsSync(resolve(directory, otherName))) {
    throw new UsageError(`${printable(otherName)} is not read: access tests are in ${printable(file)}. Rename it.`);
  }
  if (isDirectory(resolve(directory, file))) {
    throw new UsageError(
      `${printable(file)} is a directory, and access tests are one file. Put them in a file of this name.`,
    );
  }
  return existsSync(resolve(directory, file)) ? filesOf(file, directory)[0] : undefined;
}

/** Those of some git revisions. */
export function testsAt(revisions: readonly string[], manifest: string, directory: string): TestsFile[] {
  return filesAt(revisions, testsFileOf(manifest), directory).map((found) => found?.files[0]);
}

/** Both sides' tests, on the access after the change: those of before show what it would break if it changes them. */
export function reviewedTests(
  base: TestsFile,
  head: TestsFile,
  after: EffectiveAccess,
): ReviewedAccessTests | undefined {
  if (base === undefined && head === undefined) return undefined;
  const run = (tests: TestsFile): AccessTestRun =>
    tests === undefined ? { tests: 0, problems: [] } : runAccessTests(tests, after);
  const { tests, problems: failed } = run(head);
  const isChanged = Buffer.compare(bytesOf(base), bytesOf(head)) !== 0;
  const before = isChanged ? run(base) : undefined;
  return { tests, testsBefore: before?.tests, failed, failedBefore: before?.problems ?? [] };
}

function bytesOf(tests: TestsFile): Buffer {
  return Buffer.from(tests?.content ?? "");
}
