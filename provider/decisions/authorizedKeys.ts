/**
 * What a deployment does with the lines of an `authorized_keys`. Lines that a stack wrote are a key, a mark and the stack's
 * name; only those of this stack are changed. All others are left as they are, byte for byte: a text here has one character
 * for each byte (latin1).
 */
import { type AuthorizedKey, keysOf, parseAuthorizedKey } from "../naming/AuthorizedKey";

/** The comment of a line that a stack wrote, before its name: a lost state finds them again. */
const MARK = "aegir-access";

/** The project and the stack whose lines they are, `access/production`; undefined in lines and states of before they had one. */
export type StackName = string | undefined;

/** Whether the lines of a stack are this one's: it may have had another name when they were written. */
export type IsOurs = (stack: StackName) => boolean;

/** What the program and the state say of the keys of a login, and what is to be seen to. */
export interface KeyChange {
  declared: AuthorizedKey[];
  /** Those that must be refused when the deployment ends. */
  going: AuthorizedKey[];
}

/** @param live the file as it is; what this stack has marked there was declared once, whatever the state says */
export function decideKeys(
  declared: readonly string[] = [],
  recorded: readonly string[] = [],
  live: string,
  isOurs: IsOurs,
): KeyChange {
  const wanted = keysOf(declared);
  const marked = live.split("\n").filter((line) => isMarkedBy(line, isOurs));
  const known = keysOf([...recorded, ...marked]);
  return { declared: wanted, going: known.filter((key) => !includes(wanted, key)) };
}

/** The lines that let somebody in and were not written by this stack. */
export function foreignLines(text: string, isOurs: IsOurs): string[] {
  return text.split("\n").filter((line) => !isMarkedBy(line, isOurs) && /^\s*[^#\s]/.test(line));
}

/** Whether a line lets the key in, a marked one or another: also one with options counts. */
export function letsIn(text: string, { blob }: AuthorizedKey): boolean {
  return text.split("\n").some((line) => !/^\s*#/.test(line) && line.includes(blob.replace(/=+$/, "")));
}

/** The same without the lines of other stacks, which take them away when they like. */
export function letsInForGood(text: string, key: AuthorizedKey, isOurs: IsOurs): boolean {
  return letsIn(
    text
      .split("\n")
      .filter((line) => !isMarkedBy(line, (stack) => !isOurs(stack)))
      .join("\n"),
    key,
  );
}

/** The other stack on whose line the key is, if it has a name. */
export function otherStackWith(text: string, { blob }: AuthorizedKey, isOurs: IsOurs): StackName {
  const marks = text.split("\n").flatMap((line) => markOf(line) ?? []);
  return marks.find(({ key, stack }) => key.blob === blob && !isOurs(stack))?.stack;
}

/** The file without this stack's lines of these keys. */
export function withoutKeys(text: string, keys: readonly AuthorizedKey[], isOurs: IsOurs): string {
  const isKept = (line: string): boolean => {
    const mark = markOf(line);
    return mark === undefined || !isOurs(mark.stack) || !includes(keys, mark.key);
  };
  return text.split("\n").filter(isKept).join("\n");
}

/** The file with each of these keys: on a line of this stack, under its present name, unless a line without a mark has it. */
export function withKeys(text: string, keys: readonly AuthorizedKey[], stack: StackName, isOurs: IsOurs): string {
  const kept = withoutKeys(text, keys, (other) => other !== stack && isOurs(other));
  const missing = keys.filter((key) => !letsInForGood(kept, key, isOurs)).map((key) => `${lineOf(key, stack)}\n`);
  const between = missing.length > 0 && kept !== "" && !kept.endsWith("\n") ? "\n" : "";
  return kept + between + missing.join("");
}

/** The line that a stack writes: no comment of anybody's, whom the file does not know. */
function lineOf({ type, blob }: AuthorizedKey, stack: StackName): string {
  return `${type} ${blob} ${MARK}${stack === undefined ? "" : ` ${stack}`}`;
}

function isMarkedBy(line: string, isOurs: IsOurs): boolean {
  const mark = markOf(line);
  return mark !== undefined && isOurs(mark.stack);
}

const MARKED = new RegExp(` ${MARK}(?: ([\\w.-]+/[\\w.-]+))?$`);

function markOf(line: string): { key: AuthorizedKey; stack: StackName } | undefined {
  const found = MARKED.exec(line);
  if (found === null) return undefined;
  const key = parseAuthorizedKey(line);
  return typeof key !== "string" && lineOf(key, found[1]) === line ? { key, stack: found[1] } : undefined;
}

function includes(keys: readonly AuthorizedKey[], { blob }: AuthorizedKey): boolean {
  return keys.some((key) => key.blob === blob);
}
