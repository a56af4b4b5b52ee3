const SHOWN_CHARACTERS = 120;

/**
 * A value as messages of this folder show it: in double quotes, on one line, at most 120 characters, with everything
 * that is not visible (control and format characters, odd spaces, lone surrogates), or that a CI runner would obey,
 * written as an escape.
 */
export function quoted(value: string): string {
  const characters = Array.from(value);
  const shown = characters.slice(0, SHOWN_CHARACTERS).map(visible).join("");
  return `"${shown.replace(RUNNER_COMMAND, "\\u{23}")}${characters.length > SHOWN_CHARACTERS ? "..." : ""}"`;
}

/** Characters that a reader cannot see, or takes for a common space. */
export const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u;

/** The first sign of a command that a CI runner obeys wherever it stands in a line: `##[` and `##vso[`. */
export const RUNNER_COMMAND = /#(?=#\w*\[)/g;

/** `U+200B`, as the Unicode tables name a character. */
export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function visible(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  if (!INVISIBLE.test(character)) return character;
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
  return short ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
