import { escapeUnsafe, visible } from "./unsafe";

const SHOWN_CHARACTERS = 120;

/** A value within a sentence: in double quotes, on one line, at most 120 characters, safe to show. */
export function quoted(value: string): string {
  const characters = Array.from(value);
  const shown = characters.slice(0, SHOWN_CHARACTERS).join("").replace(/["\\]/g, "\\$&");
  return `"${escapeUnsafe(shown, visible)}${characters.length > SHOWN_CHARACTERS ? "..." : ""}"`;
}
