/** What provider/docs/reviewing-access.md shows is what the program says and takes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseManifest, readManifest } from "../../provider/manifest";
import { accessOfManifest, differenceOf, reviewOf, textReview } from "../../provider/review";

const root = join(__dirname, "..", "..");
const page = readFileSync(join(root, "provider/docs/reviewing-access.md"), "utf8");
const blocks = [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ 1: language, 2: text }) => ({
  language,
  text: text!,
}));
const asOf = "2026-11-24";

describe("The page about reviewing access", () => {
  it("reviewing-access.md: its manifest is accepted and has every field that the page mentions", () => {
    const manifest = parseManifest(blocks.find(({ language }) => language === "yaml")!.text, "the page", { asOf });
    assert.deepEqual(manifest.warnings, []);
    assert.equal(manifest.allowRemovals?.grants, 42);
    assert.equal(manifest.clients[0]?.renamedFrom, "acme");
  });

  it("reviewing-access.md: shows the review of the pull request that moves a site", () => {
    const directory = join(root, "test/review/pullRequests/01-site-moved");
    const [before, after] = ["base", "head"].map((side) =>
      accessOfManifest(readManifest(join(directory, `${side}.yaml`), { asOf }), "o1"),
    );
    const text = textReview(reviewOf(differenceOf(before!, after!)), { width: 200 });
    assert.equal(blocks.find(({ language }) => language === "")!.text, `${text}\n`);
  });
});
