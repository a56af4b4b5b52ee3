/** SECURITY.md says of each protection which test shows it, and that test is there. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { allTitles } from "./titles";

describe("SECURITY.md", () => {
  const page = readFileSync(join(__dirname, "..", "..", "SECURITY.md"), "utf8");
  const named = [...page.replace(/\s+/g, " ").matchAll(/"([^"]+)" \(`(test\/[^`]+)`\)/g)].map(
    ([, title, file]) => `${file}: ${title}`,
  );

  it("names tests that there are", () => {
    const titles = new Set(allTitles().map(({ file, title }) => `${file}: ${title}`));
    assert.deepEqual(
      named.filter((test) => !titles.has(test)),
      [],
    );
  });

  it("names a test with every protection", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| Could try to"));
    assert.ok(rows.length > 20);
    for (const row of rows) assert.match(row, /"[^"]+" \(`test\/[^`]+`\) \|$/);
    assert.equal(named.length, page.match(/`test\/\S+\.test\.ts`/g)?.length);
  });

  it("says of everybody who could do harm what does not stand against it", () => {
    const threats = page.split(/^## /m).filter((section) => section.includes("\n| Could try to"));
    assert.equal(threats.length, 5);
    for (const section of threats) assert.match(section, /\n\*\*Not:\*\* /);
  });
});
