import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What surprises whoever changes access on an Aegir server: the sentence of each trap in docs/aegir.md, by its number. */
export const traps: Readonly<Record<number, string>> = Object.fromEntries(
  [
    ...readFileSync(join(__dirname, "..", "..", "docs", "aegir.md"), "utf8").matchAll(
      /^<a id="trap-(\d+)"><\/a>\*\*\1\.\*\* (.*)$/gm,
    ),
  ].map(([, number, text]) => [Number(number), text!]),
);
