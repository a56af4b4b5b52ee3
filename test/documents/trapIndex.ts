import { dirname, join } from "node:path";
import { witness, type TestTitle } from "../support/TestTitle";
import { traps } from "./traps";

export const TRAP_INDEX = join(__dirname, "..", "..", "provider", "docs", "traps.md");

/** The page that names the tests of every trap; the same wherever and however often a suite is run, or skipped. */
export function trapIndex(titles: TestTitle[]): string {
  const lines = new Map<number, Set<string>>();
  for (const { file, title } of titles) {
    const { sentence, traps: witnessed, cannotOccur } = witness(title);
    const line = `- ${cannotOccur ? "Cannot occur: " : ""}${sentence.replace(/[<>*[\]]/g, "\\$&")} (\`${dirname(file)}\`)`;
    for (const trap of witnessed) lines.set(trap, (lines.get(trap) ?? new Set()).add(line));
  }
  const sections = Object.entries(traps).map(([trap, text]) => {
    const tests = [...(lines.get(Number(trap)) ?? [])].sort();
    return [`## ${trap}`, text, "", ...tests, ""].join("\n");
  });
  return `${HEADING}\n${sections.join("\n")}`;
}

const HEADING = `# The traps of Aegir, and the tests that show how each is handled

Written by \`npm run index\` from the titles of the tests, and compared with them by every \`npm test\`. What the traps mean for those who
run Aegir or review access is told in [what-aegir-does-behind-your-back.md](what-aegir-does-behind-your-back.md).
`;
