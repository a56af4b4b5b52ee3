import { quoted } from "../text/quoted";
import { codePoint, INVISIBLE } from "../text/unsafe";
import { rawName, spellingProblems } from "./SpelledName";

/** The limit of Aegir's own form; the column would hold 255 (docs/aegir.md#client-title). */
export const MAXIMUM_CLIENT_NAME_LENGTH = 100;

/**
 * Problems of a client's name, which is the title of its node: 1 to 100 characters, trimmed, visible, and not numeric,
 * because `hosting_get_client` takes anything numeric for a node id (docs/aegir.md#client-title); what could
 * be taken for another name is spelled out.
 */
export function clientNameProblems(written: string): string[] {
  const problems = titleProblems(rawName(written));
  return problems.length > 0 ? problems : spellingProblems(written, "The client's name");
}

function titleProblems(value: string): string[] {
  if (value.trim() === "") return ["The client's name is empty. Write 1 to 100 characters, for example Acme Corp."];
  const length = Array.from(value).length;
  if (length > MAXIMUM_CLIENT_NAME_LENGTH) {
    return [
      `The client's name ${quoted(value)} is ${length} characters long where 100 are allowed. Write a shorter name.`,
    ];
  }
  const problems: string[] = [];
  if (value !== value.trim()) {
    problems.push(`The client's name ${quoted(value)} begins or ends with white space. Write ${quoted(value.trim())}.`);
  }
  const invisible = INVISIBLE.exec(value.trim())?.[0];
  if (invisible !== undefined) {
    problems.push(
      `The client's name ${quoted(value)} contains the character ${codePoint(invisible)}, which is invisible. ` +
        "Write the name with letters, digits, punctuation and single spaces.",
    );
  }
  if (isNumeric(value)) {
    problems.push(
      `The client's name ${quoted(value)} is a number, and Aegir takes a number for a node id. ` +
        `Write a name with a word in it, for example ${quoted(`Client ${value.trim()}`)}.`,
    );
  }
  return problems;
}

/** The key by which titles are compared: MySQL's usual collation ignores case (docs/aegir.md#client-title). */
export function clientNameKey(value: string): string {
  return rawName(value).trim().toLowerCase();
}

/** PHP's is_numeric. */
function isNumeric(value: string): boolean {
  return /^[ \t\n\r\v\f]*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?[ \t\n\r\v\f]*$/i.test(value);
}
