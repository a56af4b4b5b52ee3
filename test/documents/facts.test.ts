/** The code names its facts by anchors of docs/ that exist, and no page that only its authors have. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { anchors } from "./anchors";

const root = join(__dirname, "..", "..");
const SKIPPED = new Set([".git", "dist", "node_modules", "tmp"]);

describe("The facts in docs/", () => {
  const sources = textsIn(root);
  const pages = new Map(
    [...sources].filter(([file]) => /^docs\/[\w-]+\.md$/.test(file)).map(([file, text]) => [file, anchors(text)]),
  );

  it("docs/: has every anchor exactly once", () => {
    assert.ok(pages.get("docs/aegir.md")!.length > 70);
    for (const [page, ids] of pages) assert.deepEqual(ids, [...new Set(ids)], page);
  });

  it("docs/: has every anchor that the repository links to", () => {
    const named = [...sources].flatMap(([file, text]) =>
      [...text.matchAll(/\b(docs\/[\w-]+\.md)#([\w-]+)/g)]
        .filter(({ index }) => !text.slice(0, index).endsWith("provider/"))
        .map(([, page, anchor]) => ({ file, page: page!, anchor: anchor! })),
    );
    assert.ok(named.length > 50, `${named.length}`);
    assert.deepEqual(
      named.filter(({ page, anchor }) => !pages.get(page)?.includes(anchor)),
      [],
    );
  });

  it("code: cites only pages of this repository", () => {
    const outside = /\bcontract,? (section )?\d|\bcontract, trap|\baegir-contract|\baegir-measured|\bpulumi-facts/;
    const own = join("test", "documents", "facts.test.ts").replaceAll(sep, "/");
    assert.deepEqual(
      [...sources].filter(([file, text]) => file !== own && outside.test(text)).map(([file]) => file),
      [],
    );
  });

  it("pages and messages for users: cite no fact or trap by number", () => {
    const shipped = [...sources].filter(([file]) => /^provider\/.*\.(ts|php|html|json)$/.test(file));
    assert.ok(shipped.length > 50);
    assert.deepEqual(
      shipped.filter(([, text]) => /\btraps? \d/.test(text)).map(([file]) => file),
      [],
    );
  });
});

/** Every text of the repository, by its path from the top. */
function textsIn(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder, { withFileTypes: true }).flatMap((entry): [string, string][] => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : [...textsIn(path)];
      const isText = entry.isFile() && /\.(ts|js|cjs|mjs|php|md|json|ya?ml|html)$/.test(entry.name);
      return isText ? [[relative(root, path).replaceAll(sep, "/"), readFileSync(path, "utf8")]] : [];
    }),
  );
}
