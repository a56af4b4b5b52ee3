/** docs/tests-of-security.md names the tests of every protection in SECURITY.md. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..", "..");

describe("SECURITY.md", () => {
  const page = readFileSync(join(root, "SECURITY.md"), "utf8");
  const index = readFileSync(join(root, "docs", "tests-of-security.md"), "utf8");

  it("tests-of-security.md: names a test for every protection", () => {
    const protections = rowsOf(page);
    assert.ok(protections.length > 20);
    const tested = rowsOf(index).filter((row) => !row.startsWith("Elsewhere"));
    assert.deepEqual(tested, protections);
    for (const row of index.match(/^\| (?!Could try to|What it says).*$/gm)!) {
      assert.match(row, /"[^"]+" \(`test\/[^`]+`\) \|$/);
    }
  });

  it("SECURITY.md: says for every attacker what is not protected", () => {
    const threats = page.split(/^## /m).filter((section) => section.includes("\n| Could try to"));
    assert.equal(threats.length, 6);
    for (const section of threats) assert.match(section, /\n\*\*Not:\*\* /);
  });
});

/** The first cell of each row, with the heading that it stands under. */
function rowsOf(page: string): string[] {
  return page.split(/^## /m).flatMap((section) => {
    const [heading] = section.split("\n");
    const cells = [...section.matchAll(/^\| (?!Could try to|What it says)(.*?) \| /gm)];
    return cells.map(([, cell]) => `${heading}: ${cell}`);
  });
}
