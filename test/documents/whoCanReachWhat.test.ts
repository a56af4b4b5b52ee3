/** The access tests that the page shows can be read. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runAccessTests } from "../../provider/answers/accessTests";
import { picture } from "../review/pictures";
import { codeBlocks } from "./codeBlocks";

describe("The page about who can reach what", () => {
  const page = join(__dirname, "..", "..", "provider", "docs", "who-can-reach-what.md");
  for (const { text, at } of codeBlocks(page).filter(({ language }) => language === "yaml")) {
    it(`${at}: the access tests have the right form`, () => {
      const { tests, problems } = runAccessTests({ file: at, content: text }, picture([]));
      assert.equal(tests, 3);
      const codes = new Set(problems.map(({ code }) => code));
      assert.deepEqual([...codes].sort(), ["unknownPerson", "unknownSite", "unknownTeam"], "nobody is declared here");
    });
  }
});
