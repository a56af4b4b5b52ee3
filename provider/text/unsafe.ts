/**
 * Which characters of a string from outside do harm where it is shown (CWE-150). Every printer uses these two expressions:
 * one that knew a character less would be a way in.
 */

/**
 * A character that acts on a terminal, reorders text, cannot be seen, or is taken for a common space: controls (ESC, BEL,
 * CR, line feeds, C1), format and bidirectional characters, fillers, exotic spaces and line separators, lone surrogates,
 * private use, unassigned.
 */
export const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/u;

const INVISIBLES = new RegExp(INVISIBLE, "gu");

/**
 * The first sign of a command that a CI runner obeys in a log: `::set-env` at the start of a line, where every space may
 * come to be broken into one, `##[` and `##vso[` anywhere.
 */
const WORKFLOW_COMMANDS = /(?<=^|\s):(?=:)|#(?=#\w*\[)/gu;

/** @param escape how one such character is written where the text goes */
export function escapeUnsafe(text: string, escape: (character: string) => string): string {
  return text.replace(WORKFLOW_COMMANDS, escape).replace(INVISIBLES, escape);
}

const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** `\n`, `\x1b` or `\u{202e}`. */
export function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return SHORT[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`);
}

/** `U+200B`, as the Unicode tables name a character. */
export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
