/** What a server may put into any of its texts to act on whoever reads a log, and how to see that it does not. */
import assert from "node:assert/strict";

/** Acts on a terminal, or reorders what it shows. */
const TERMINAL = "\x1b[2J\x1b]52;c;Zm9v\x07\x1b]8;;https://evil.example\x07\x9b31m\x08\u202e\u2066\u200b";

/** At the beginning of a line, after whatever ends one, and after every space, where a printer may break the line. */
const WORKFLOW_COMMANDS = [
  ..."\n,\r,\r\n,\u0085,\u2028,\u2029,\v,\f, ,\t".split(",").map((end) => `${end}::set-env name=PATH::/evil`),
  "\n##vso[task.setvariable variable=A]b",
  " ##[error]c",
  " ::error::d".repeat(20),
  "\n  ::add-mask::e",
].join("");

export const ACTING = `${TERMINAL}${WORKFLOW_COMMANDS}`;

/** The same in one line, as what only shows to be dangerous where a printer breaks it. */
export const WRAPPING = ` ##vso[task.complete result=Failed] ##[error]x${" ::error::y".repeat(20)}`;

/** Nothing in a text acts on a terminal or on a CI runner; `lines`: it may be of several. */
export function inert(text: string, lines = false): void {
  const shown = lines ? text.split("\n") : [text];
  for (const line of shown) {
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    // GitHub looks for its commands behind spaces, and for the older ones, as Azure for its, anywhere in the line.
    assert.doesNotMatch(line, /^\s*::|##\w*\[/);
  }
}
