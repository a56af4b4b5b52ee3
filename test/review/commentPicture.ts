/** `npm run screenshot:comment`: takes the picture of a review comment, as a pull request shows it, for the documentation. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import MarkdownIt from "markdown-it";
import { Browser } from "./Browser";

const comment = join(__dirname, "pullRequests", "01-site-moved", "comment.md");
const picture = join(__dirname, "..", "..", "provider", "docs", "review-comment.png");

/** Close to what GitHub shows. */
const style = `
  html { overflow: hidden; }
  body { margin: 24px; font: 16px/1.5 "DejaVu Sans", "Liberation Sans", sans-serif; color: #1f2328; background: #fff; }
  header { padding: 8px 16px; background: #ddf4ff; border: 1px solid #b6e3ff; border-radius: 6px 6px 0 0; }
  main { padding: 4px 16px 12px; border: 1px solid #d1d9e0; border-top: 0; border-radius: 0 0 6px 6px; }
  code { padding: 2px 5px; font: 85% "DejaVu Sans Mono", monospace; background: #eff1f3; border-radius: 6px; }
  h3 { margin: 12px 0 8px; }`;

async function main(): Promise<void> {
  const command = Browser.find();
  if (command === undefined) throw new Error("There is no Chromium. Get it with: apt-get install chromium");
  const directory = mkdtempSync(join(tmpdir(), "aegir-comment-"));
  const file = join(directory, "comment.html");
  const text = new MarkdownIt({ html: true }).render(readFileSync(comment, "utf8"));
  writeFileSync(
    file,
    `<!doctype html><meta charset="utf-8"><style>${style}</style>` +
      `<header><b>github-actions</b> bot commented on this pull request</header><main>${text}</main>`,
  );
  const browser = await Browser.open(command, { width: 900, height: 600 });
  try {
    await browser.load(file);
    writeFileSync(picture, await browser.screenshot());
    console.log(picture);
  } finally {
    await browser.close();
    rmSync(directory, { recursive: true });
  }
}

void main();
