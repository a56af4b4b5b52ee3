/**
 * Characters that act on a terminal, reorder text or cannot be seen: controls (ESC, BEL, CR, line feeds, C1), format and
 * bidirectional characters, fillers, exotic spaces and line separators, lone surrogates, private use, unassigned.
 */
const unsafe = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/gu;

/**
 * Commands that a CI runner obeys in a log: `::set-env` at the start of a line, where every space may come to be broken
 * into one, `##[` and `##vso[` anywhere.
 */
const workflowCommand = /(?<=^|\s):(?=:)|#(?=#\w*\[)/gu;

const short: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escape(character: string): string {
  const code = character.codePointAt(0) as number;
  return short[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`);
}

function escapeAll(text: string): string {
  return text.replace(workflowCommand, escape).replace(unsafe, escape);
}

/**
 * Text that a server chose, made safe to show (CWE-150): one line, dangerous characters as `\n`, `\x1b` or `\u{202e}`,
 * CI workflow commands broken by such an escape. Of more than `limit` characters the middle is left out, with a note.
 */
export function printable(text: string, limit = 500): string {
  if (text.length <= limit) {
    return escapeAll(text);
  }
  const half = Math.floor(limit / 2);
  const note = ` [... ${text.length - 2 * half} characters left out ...] `;
  return escapeAll(text.slice(0, half)) + note + escapeAll(text.slice(text.length - half));
}
