/**
 * What a deployment does with the lines of an `authorized_keys`. Lines that this program wrote are a key and a mark; only
 * they are changed. All others are left as they are, byte for byte: a text here has one character for each byte (latin1).
 */
import { type AuthorizedKey, keysOf, parseAuthorizedKey } from "../naming/AuthorizedKey";

/** The comment of a line that this program wrote: a lost state finds them again. */
const MARK = "aegir-access";

/** What the program and the state say of the keys of a login, and what is to be seen to. */
export interface KeyChange {
  declared: AuthorizedKey[];
  /** Those that must be refused when the deployment ends. */
  going: AuthorizedKey[];
}

/** @param live the file as it is; what is marked there was declared once, whatever the state says */
export function decideKeys(
  declared: readonly string[] = [],
  recorded: readonly string[] = [],
  live: string,
): KeyChange {
  const wanted = keysOf(declared);
  const known = keysOf([...recorded, ...markedKeys(live).map(lineOf)]);
  return { declared: wanted, going: known.filter((key) => !includes(wanted, key)) };
}

/** The keys of the lines that this program wrote. */
export function markedKeys(text: string): AuthorizedKey[] {
  return text.split("\n").flatMap((line) => markedKey(line) ?? []);
}

/** The lines that let somebody in and were written by somebody else. */
export function foreignLines(text: string): string[] {
  return text.split("\n").filter((line) => markedKey(line) === undefined && /^\s*[^#\s]/.test(line));
}

/** Whether a line lets the key in, a marked one or another: also one with options counts. */
export function letsIn(text: string, { blob }: AuthorizedKey): boolean {
  return text.split("\n").some((line) => !/^\s*#/.test(line) && line.includes(blob.replace(/=+$/, "")));
}

/** The file without marked lines of these keys. */
export function withoutKeys(text: string, keys: readonly AuthorizedKey[]): string {
  const isKept = (line: string): boolean => {
    const key = markedKey(line);
    return key === undefined || !includes(keys, key);
  };
  return text.split("\n").filter(isKept).join("\n");
}

/** The file with each of these keys, on a marked line unless another line has it. */
export function withKeys(text: string, keys: readonly AuthorizedKey[]): string {
  const missing = keys.filter((key) => !letsIn(text, key)).map((key) => `${lineOf(key)}\n`);
  const between = missing.length > 0 && text !== "" && !text.endsWith("\n") ? "\n" : "";
  return text + between + missing.join("");
}

/** The line that this program writes: no comment of anybody's, whom the file does not know. */
function lineOf({ type, blob }: AuthorizedKey): string {
  return `${type} ${blob} ${MARK}`;
}

function markedKey(line: string): AuthorizedKey | undefined {
  if (!line.endsWith(` ${MARK}`)) return undefined;
  const key = parseAuthorizedKey(line);
  return typeof key !== "string" && lineOf(key) === line ? key : undefined;
}

function includes(keys: readonly AuthorizedKey[], { blob }: AuthorizedKey): boolean {
  return keys.some((key) => key.blob === blob);
}
