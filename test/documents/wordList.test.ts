/** Users read plain English. The list of what to avoid, and what to write instead, is in wordList.ts. */
import assert from "node:assert/strict";
import { avoidedPhrases, NOT_REWRITTEN } from "./wordList";

describe("The texts for users", () => {
  const found = avoidedPhrases();
  const isExcepted = (file: string) => NOT_REWRITTEN.some((path) => file.startsWith(path));

  it("word list: pages, messages and test titles avoid its phrases", () => {
    const lines = found
      .filter(({ file }) => !isExcepted(file))
      .map(({ file, line, phrase, instead }) => `${file}:${line}: "${phrase}". Write ${instead}.`);
    if (lines.length > 0) assert.fail(`${lines.length} to rewrite:\n${lines.join("\n")}`);
  });

  it("word list: every exception is still needed", () => {
    const unused = NOT_REWRITTEN.filter((path) => !found.some(({ file }) => file.startsWith(path)));
    assert.deepEqual(unused, [], "remove these from NOT_REWRITTEN in wordList.ts");
  });
});
