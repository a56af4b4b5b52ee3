/** The list of mutations has not rotted: each still applies. That its test exists is seen by test/documents/index.test.ts. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as phpParser from "php-parser";
import * as ts from "typescript";
import { mutate } from "./Mutation";
import { mutations } from "./mutations";

const root = join(__dirname, "..", "..");

describe("The mutations", () => {
  it("mutations: each applies to the sources in exactly one place", () => {
    for (const mutation of mutations) mutate(readFileSync(join(root, mutation.file), "utf8"), mutation);
  });

  it("mutations: leave valid syntax, so that a test and not the parser finds the mistake", () => {
    for (const mutation of mutations) {
      const mutated = mutate(readFileSync(join(root, mutation.file), "utf8"), mutation);
      assert.deepEqual(syntaxErrors(mutated, mutation.file), [], mutation.name);
    }
  });

  it("mutations: have unique names, and are at least 20", () => {
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
