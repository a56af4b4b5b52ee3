import { printable } from "./printable";

/** Names that a manifest may hold are shorter; a proposed allowRemovals with many of them may be this long. */
const LONGEST_NAME = 2000;

/**
 * A name as inline code: no HTML, no mention, no reference, no link and no emphasis comes of it. One line, with what is
 * invisible escaped; between more backticks than occur in it.
 */
export function inlineCode(text: string): string {
  const line = printable(text, LONGEST_NAME);
  const ticks = "`".repeat(longestRun(line) + 1);
  const space = line.startsWith("`") || line.endsWith("`") || /^ .* $/.test(line) ? " " : "";
  return `${ticks}${space}${line === "" ? " " : line}${space}${ticks}`;
}

/** Lines that are safe to show, as a code block; cut to `longest` characters. */
export function codeBlock(lines: string, longest: number): string {
  // No line of ours begins with backticks, but a line that is quoted may.
  const fence = "`".repeat(Math.max(3, longestRun(lines) + 1));
  return `${fence}\n${lines.slice(0, longest)}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
}
