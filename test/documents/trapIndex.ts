import { dirname, join } from "node:path";
import { type TestTitle, witness } from "../support/TestTitle";
import { traps } from "./traps";

export const TRAP_INDEX = join(__dirname, "..", "..", "docs", "tests-of-traps.md");

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
    return [`## [${trap}](aegir.md#trap-${trap})`, text, "", ...tests, ""].join("\n");
  });
  return `${HEADING}\n${sections.join("\n")}`;
}

const HEADING = `# The tests of each trap of Aegir

Written by \`npm run index\` from [aegir.md](aegir.md#traps) and from the titles of the tests, and compared with them by every \`npm test\`.
`;
