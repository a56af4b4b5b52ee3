/** Problems of a file's shape: unknown fields, missing ones, values of the wrong type. */
import type { z } from "zod";
import { quoted } from "../text/quoted";
import { type FileFormat, MANIFEST, NAMED_ENTRIES } from "./AccessSchema";
import { closest } from "./closest";
import { currentKey } from "./renamedKeys";
import type { Report, Span } from "./SourceText";
import type { Value } from "./YamlTree";

type Issue = z.core.$ZodIssue;

/** Words of Aegir's panel and database, and the field that means the same here. */
const SYNONYMS = new Map([
  ["title", "name"],
  ["client", "name"],
  ["uname", "internalName"],
  ["mail", "email"],
  ["domain", "site"],
  ["domains", "sites"],
  ["members", "users"],
  ["until", "expires"],
  ["expires", "ends"],
  ["groups", "teams"],
  ["group", "team"],
  ["ticket", "reason"],
  ["bindings", "undeclaredBindings"],
  ["login", "shellAccount"],
  ["ssh", "shellAccount"],
]);

/** Words that YAML 1.1 readers take for true and false, beyond those that YAML 1.2 does. */
const BOOLEAN_IN_YAML_1_1 = /^(y|yes|n|no|on|off)$/i;

export function reportShapeProblems(root: Value, report: Report, format: FileFormat = MANIFEST): void {
  const reported = new Set<number>();
  const reportOnce: Report = (span, code, message) => {
    reported.add(span.start);
    report(span, code, message);
  };
  for (const issue of format.schema.safeParse(root.plain).error?.issues ?? []) {
    reportIssue(root, issue, reportOnce, format);
  }
  reportAmbiguousWords(root, (span, code, message) => {
    if (!reported.has(span.start)) report(span, code, message);
  });
}

function reportAmbiguousWords(value: Value, report: Report): void {
  const { plain, unquoted } = value;
  if (typeof plain === "string" && unquoted !== undefined && BOOLEAN_IN_YAML_1_1.test(unquoted)) {
    report(
      value,
      "ambiguousWord",
      `Some YAML parsers read ${unquoted} as a string, others as true or false. ` +
        `If you mean the string, put it in quotes: ${quoted(unquoted)}.`,
    );
  }
  for (const item of value.items) reportAmbiguousWords(item, report);
  for (const field of value.fields.values()) reportAmbiguousWords(field.value, report);
}

function reportIssue(root: Value, issue: Issue, report: Report, format: FileFormat): void {
  const found = valueAt(root, issue.path);
  if (found === undefined) {
    const field = String(issue.path.at(-1));
    const path = issue.path.slice(0, -1);
    const holder = valueAt(root, path) ?? root;
    if (!lacksField(holder, mapKey(path), field, format)) return;
    // clientRules.ts shows the line that such a client lacks.
    if (field === "internalName" && typeof holder.fields.get("name")?.value.plain === "string") return;
    report(
      firstLine(holder),
      "missingKey",
      `${field} is missing in this ${mapTitle(path, format)}. It ${issue.message}.`,
    );
  } else if (found.plain === undefined) {
    // Not readable; the reader of the YAML has said why.
  } else if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) {
      report(found.fields.get(key)?.key ?? found, "unknownKey", unknownKeyMessage(key, issue.path, format));
    }
  } else if (issue.code === "invalid_union" && found.fields.size > 0) {
    // A map was written: what the branch of the union that is a map has to say is what helps.
    const branch = issue.errors.find((issues) => !issues.some(isWrongType));
    for (const inner of branch ?? []) {
      reportIssue(root, { ...inner, path: [...issue.path, ...inner.path] }, report, format);
    }
  } else {
    report(
      firstLine(found),
      "invalidValue",
      `${fieldName(issue.path, format)} ${issue.message}, but ${whatWasFound(found, issue)}`,
    );
  }
}

function isWrongType({ code, path }: Issue): boolean {
  return path.length === 0 && code !== "unrecognized_keys";
}

/**
 * Whether a map has no such field, not even a misspelt one, which is one mistake and not two.
 *
 * @param holder the key that the map is the value of, or an entry of, as in the maps of a format
 */
export function lacksField(map: Value, holder: string, field: string, format: FileFormat = MANIFEST): boolean {
  const known = fieldsOf(holder, format);
  return ![...map.fields.keys()].some(
    (key) => key === field || (!known.includes(key) && meantField(key, known) === field),
  );
}

function meantField(key: string, known: string[]): string | undefined {
  const synonym = currentKey(key) ?? SYNONYMS.get(key.toLowerCase());
  return synonym !== undefined && known.includes(synonym) ? synonym : closest(key, known);
}

function fieldsOf(holder: string, { maps }: FileFormat): string[] {
  return Object.keys(maps.get(holder)?.shape ?? {});
}

function unknownKeyMessage(key: string, path: Issue["path"], format: FileFormat): string {
  const known = fieldsOf(mapKey(path), format);
  const current = currentKey(key);
  if (current !== undefined && known.includes(current)) {
    return `${key} is now ${current}: rename the key and keep its value.`;
  }
  const meant = meantField(key, known);
  const elsewhere = [...format.maps].find(([, map]) => Object.hasOwn(map.shape, key))?.[0];
  const advice =
    meant !== undefined
      ? `Did you mean ${meant}?`
      : elsewhere !== undefined
        ? `It belongs to ${withArticle(title(elsewhere, format))}; check the indentation.`
        : "Delete it, or make it a comment with # in front.";
  const holder = withArticle(mapTitle(path, format));
  return `${holder[0]?.toUpperCase()}${holder.slice(1)} has no field ${quoted(key)}. ${advice} The fields are ${known.join(", ")}.`;
}

/** Ends a sentence that has said what a value must be. */
function whatWasFound({ plain, unquoted }: Value, issue: Issue): string {
  if (plain === null) {
    return typeof issue.path.at(-1) === "number"
      ? "nothing follows the dash. Write it, or delete the dash."
      : "nothing is written there. Write it, or delete the field.";
  }
  if (Array.isArray(plain)) return "it is a list.";
  if (typeof plain === "object") return "it is a map.";
  if (typeof plain === "string") {
    if (!expects(issue, "array")) return `it is the string ${quoted(plain)}.`;
    return `it is a single string. Write [${plain}] for one entry, or a line with a dash for each of several.`;
  }
  const written = unquoted ?? JSON.stringify(plain);
  const kind = typeof plain === "number" ? "a number" : "true or false";
  if (!expects(issue, "string")) return `it is ${written}.`;
  return `${written} is ${kind} in YAML. If you mean the string, put it in quotes: ${quoted(written)}.`;
}

function expects(issue: Issue, type: "string" | "array"): boolean {
  if (issue.code === "invalid_union") {
    return issue.errors.some((issues) => issues.some((inner) => expects(inner, type)));
  }
  return issue.code === "invalid_type" && issue.expected === type;
}

function valueAt(root: Value, path: Issue["path"]): Value | undefined {
  let value: Value | undefined = root;
  for (const step of path) {
    value = typeof step === "number" ? value?.items[step] : value?.fields.get(String(step))?.value;
  }
  return value;
}

function fieldName(path: Issue["path"], format: FileFormat): string {
  if (path.length === 0) return `The ${mapTitle(path, format)}`;
  const key = mapKey(path);
  return isEntry(path, path.length - 1) ? `An entry of ${key}` : key;
}

/** The last key of a path, which identifies a map of the format. */
function mapKey(path: Issue["path"]): string {
  return String(path.filter((_, index) => !isEntry(path, index)).at(-1) ?? "");
}

/** Whether a step of a path is to one of several entries, by its number or its name. */
function isEntry(path: Issue["path"], index: number): boolean {
  return typeof path[index] === "number" || (index === 1 && NAMED_ENTRIES.includes(path[0]));
}

function mapTitle(path: Issue["path"], format: FileFormat): string {
  return title(mapKey(path), format);
}

function title(key: string, { maps }: FileFormat): string {
  return maps.get(key)?.meta()?.title ?? key;
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}

/** Maps and lists go over many lines; their first one is where to look. */
export function firstLine(value: Value): Span {
  const [first] = value.fields.values();
  return first === undefined ? value : value.source.span(value.start, Math.max(first.value.end, first.key.end));
}
