import { escapeUnsafe } from "./unsafe";

/**
 * A value as JSON, indented. What acts on a terminal or on a CI runner is written as JSON's own escapes, so that a program
 * reads every name as it is, and nothing of it does anything in a log.
 */
export function jsonText(value: unknown): string {
  const lines = JSON.stringify(value, undefined, 2).split("\n");
  return lines.map((line) => escapeUnsafe(line, jsonEscape)).join("\n");
}

/** A value as JSON within a script element of HTML, where nothing but "<" ends or begins anything. */
export function jsonInScript(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** Of both halves of a surrogate pair. */
function jsonEscape(character: string): string {
  return character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
