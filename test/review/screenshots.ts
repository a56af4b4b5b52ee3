/**
 * `npm run screenshots`: takes the pictures of the documentation in a real browser (Chromium): the page of who reaches which
 * site, at 10,000 sites, and a review comment as a pull request shows it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import MarkdownIt from "markdown-it";
import { parseManifest } from "../../provider/manifest";
import { accessPage } from "../../provider/review/accessPage";
import { accessOfManifest } from "../../provider/review/fromManifest";
import { Browser } from "./Browser";
import { manyGrants } from "./manyGrants";

const pictures = join(__dirname, "..", "..", "provider", "docs");

/** Close to what GitHub shows. */
const style = `
  html { overflow: hidden; }
  body { margin: 24px; font: 16px/1.5 "DejaVu Sans", "Liberation Sans", sans-serif; color: #1f2328; background: #fff; }
  header { padding: 8px 16px; background: #ddf4ff; border: 1px solid #b6e3ff; border-radius: 6px 6px 0 0; }
  main { padding: 4px 16px 12px; border: 1px solid #d1d9e0; border-top: 0; border-radius: 0 0 6px 6px; }
  code { padding: 2px 5px; font: 85% "DejaVu Sans Mono", monospace; background: #eff1f3; border-radius: 6px; }
  h3 { margin: 12px 0 8px; }`;

function page(): string {
  const manifest = parseManifest(manyGrants(10_000, 2_000, 5_000), "access.yaml", { asOf: "2026-11-24" });
  return accessPage(accessOfManifest(manifest, "o1"));
}

function comment(): string {
  const markdown = readFileSync(join(__dirname, "pullRequests", "01-site-moved", "comment.md"), "utf8");
  const text = new MarkdownIt({ html: true }).render(markdown);
  const head = `<!doctype html><meta charset="utf-8"><style>${style}</style>`;
  return `${head}<header><b>github-actions</b> bot commented on this pull request</header><main>${text}</main>`;
}

async function take(name: string, size: { width: number; height: number }, html: string, hash?: string) {
  const command = Browser.find();
  if (command === undefined) throw new Error("There is no Chromium. Get it with: apt-get install chromium");
  const browser = await Browser.open(command, size);
  try {
    await browser.show(html, hash);
    writeFileSync(join(pictures, name), await browser.screenshot());
  } finally {
    await browser.close();
  }
}

async function main(): Promise<void> {
  await take("access-page.png", { width: 1000, height: 760 }, page(), "#person%3Aalice.10");
  await take("review-comment.png", { width: 900, height: 600 }, comment());
}

void main();
