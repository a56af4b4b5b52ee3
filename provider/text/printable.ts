import { escapeUnsafe, visible } from "./unsafe";

/**
 * Text that a server chose, made safe to show: one line, dangerous characters as `\n`, `\x1b` or `\u{202e}`, CI workflow
 * commands broken by such an escape. Of more than `limit` characters the middle is left out, with a note.
 */
export function printable(text: string, limit = 500): string {
  const safe = (part: string) => escapeUnsafe(part, visible);
  if (text.length <= limit) return safe(text);
  const half = Math.floor(limit / 2);
  const note = ` [... ${text.length - 2 * half} characters left out ...] `;
  return safe(text.slice(0, half)) + note + safe(text.slice(text.length - half));
}
