/** The list of mutations has not rotted: each still applies, and its test is still there. `npm run mutations` makes them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as phpParser from "php-parser";
import * as ts from "typescript";
import { allTitles } from "../documents/titles";
import { mutate } from "./Mutation";
import { mutations } from "./mutations";

const root = join(__dirname, "..", "..");

describe("The mutations", () => {
  it("apply to the sources as they are, each in one place", () => {
    for (const mutation of mutations) mutate(readFileSync(join(root, mutation.file), "utf8"), mutation);
  });

  it("leave a source that can be read: what does not start is no mistake that a test can find", () => {
    for (const mutation of mutations) {
      const mutated = mutate(readFileSync(join(root, mutation.file), "utf8"), mutation);
      assert.deepEqual(syntaxErrors(mutated, mutation.file), [], mutation.name);
    }
  });

  it("name a test that there is", () => {
    const titles = new Set(allTitles().map(({ file, title }) => `${file}: ${title}`));
    assert.deepEqual(
      mutations.map(({ caughtBy: { file, title } }) => `${file}: ${title}`).filter((test) => !titles.has(test)),
      [],
    );
  });

  it("have a name of their own each, and are not few", () => {
    assert.equal(new Set(mutations.map(({ name }) => name)).size, mutations.length);
    assert.ok(mutations.length >= 20);
  });
});

function syntaxErrors(source: string, fileName: string): unknown[] {
  if (fileName.endsWith(".ts")) {
    const { diagnostics = [] } = ts.transpileModule(source, { fileName, reportDiagnostics: true });
    return diagnostics.map(({ messageText }) => messageText);
  }
  new phpParser.Engine({ parser: { extractDoc: false } }).parseCode(source, fileName);
  return [];
}
