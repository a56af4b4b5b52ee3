import { INVISIBLE, RUNNER_COMMAND } from "../naming/quoted";

const INVISIBLES = new RegExp(`(?!\\n)(?:${INVISIBLE.source})`, "gu");

/**
 * A value as JSON, indented. What acts on a terminal or on a CI runner is written as JSON's own escapes, so that a program
 * reads every name as it is, and nothing of it does anything in a log.
 */
export function jsonText(value: unknown): string {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value, undefined, 2)
    .replace(INVISIBLES, (character) => character.split("").map(escape).join(""))
    .replace(RUNNER_COMMAND, escape);
}
