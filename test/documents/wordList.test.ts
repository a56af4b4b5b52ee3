/** Users read plain English. The list of what to avoid, and what to write instead, is in wordList.ts. */
import assert from "node:assert/strict";
import { avoidedPhrases } from "./wordList";

describe("The texts for users", () => {
  it("word list: pages, messages and test titles avoid its phrases", () => {
    const found = avoidedPhrases();
    const lines = found.map(({ file, line, phrase, instead }) => `${file}:${line}: "${phrase}". Write ${instead}.`);
    if (lines.length > 0) assert.fail(`${lines.length} to rewrite:\n${lines.join("\n")}`);
  });
});
