import { escapeUnsafe } from "./unsafe";

/** Words that some YAML parsers do not read as strings. */
const AMBIGUOUS = /^(true|false|null|y|yes|n|no|on|off)$/i;
const PLAIN = /^[\p{L}]([\p{L}\p{N} ._@+-]*[\p{L}\p{N}.])?$/u;

/** A string as a scalar that every YAML parser reads as this string, on one line, safe to show. */
export function yamlScalar(text: string): string {
  if (PLAIN.test(text) && !AMBIGUOUS.test(text)) return text;
  return escapeUnsafe(JSON.stringify(text), (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}
