/**
 * `npm run screenshot`: looks at the page of who reaches which site in a real browser (Chromium), at 10,000 sites, says how
 * long it takes to open and to answer, and takes the picture for the documentation.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseManifest } from "../../provider/manifest";
import { accessPage } from "../../provider/review/accessPage";
import { accessOfManifest } from "../../provider/review/fromManifest";
import { Browser } from "./Browser";
import { manyGrants } from "./manyGrants";

const picture = join(__dirname, "../../provider/docs/access-page.png");

async function main(): Promise<void> {
  const command = Browser.find();
  if (command === undefined) throw new Error("There is no Chromium. Get it with: apt-get install chromium");
  const directory = mkdtempSync(join(tmpdir(), "aegir-page-"));
  const file = join(directory, "access.html");
  const manifest = parseManifest(manyGrants(10_000, 2_000, 5_000), "access.yaml", { asOf: "2026-11-24" });
  const page = accessPage(accessOfManifest(manifest, "o1"));
  writeFileSync(file, page);
  const browser = await Browser.open(command, { width: 1000, height: 760 });
  try {
    const start = performance.now();
    await browser.load(file, "#person%3Aalice.10");
    console.log(`opened ${(page.length / 1e6).toFixed(1)} MB in ${(performance.now() - start).toFixed(0)} ms`);
    for (const text of ["s", "shop", "shop client19", "alice.1"]) {
      // Until the next frame has been drawn, as somebody who types sees it.
      const milliseconds = await browser.evaluate<number>(`new Promise((resolve) => {
        const box = document.getElementById("search");
        const start = performance.now();
        box.value = ${JSON.stringify(text)};
        box.dispatchEvent(new Event("input"));
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
      })`);
      console.log(`searched "${text}" in ${milliseconds.toFixed(0)} ms`);
    }
    writeFileSync(picture, await browser.screenshot());
    console.log(picture);
  } finally {
    await browser.close();
    rmSync(directory, { recursive: true });
  }
}

void main();
