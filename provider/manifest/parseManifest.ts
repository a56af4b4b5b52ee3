import { closeSync, openSync, readSync } from "node:fs";
import { utcDay } from "../naming/Day";
import { codePoint } from "../text/unsafe";
import type { Manifest } from "./Manifest";
import { readEntries } from "./ManifestEntries";
import { ManifestError, type ManifestProblem } from "./ManifestError";
import type { ManifestOptions } from "./ManifestOptions";
import { normalForm } from "./normalForm";
import type { ManifestProblemCode } from "./problemCodes";
import { useCurrentKeys } from "./renamedKeys";
import { checkRules } from "./rules";
import { reportShapeProblems } from "./shapeProblems";
import { type Report, SourceText, type Span } from "./SourceText";
import { readYaml } from "./YamlTree";

/** Bytes. Ten thousand sites with their clients and users need less than one of the two MiB. */
export const MAXIMUM_MANIFEST_SIZE = 2 * 1024 * 1024;

/** A reader corrects some of so many first; looking for more would only cost time and memory. */
const MANY_PROBLEMS = 500;

interface Reported {
  span: Span;
  code: ManifestProblemCode;
  message: string;
}

/**
 * Reads a manifest from a file.
 *
 * @throws ManifestError with all problems of the content; the errors of node:fs if the file cannot be read
 */
export function readManifest(file: string, options: ManifestOptions = {}): Manifest {
  return parseManifest(manifestBytes(file), file, options);
}

/**
 * A manifest's bytes, and one more than are allowed of a file that has more: a link to something without end is no manifest.
 *
 * @throws the errors of node:fs
 */
export function manifestBytes(file: string): Uint8Array {
  return firstBytes(file, MAXIMUM_MANIFEST_SIZE + 1);
}

/** @throws the errors of node:fs */
export function firstBytes(file: string, most: number): Uint8Array {
  const bytes = Buffer.alloc(most);
  const descriptor = openSync(file, "r");
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Validates a manifest and brings it into normal form. Offline: what the server holds is not looked at.
 *
 * @param content the file's bytes, or its text
 * @param file its name, as problems are to show it
 * @throws ManifestError with all problems, in the order of the file
 */
export function parseManifest(content: string | Uint8Array, file: string, options: ManifestOptions = {}): Manifest {
  const source = decode(content, file);
  const problems: Reported[] = [];
  const warnings: Reported[] = [];
  const warn: Report = (span, code, message) => {
    warnings.push({ span, code, message });
  };
  const report: Report = (span, code, message) => {
    problems.push({ span, code, message });
    if (problems.length === MANY_PROBLEMS) throw new ManifestError(file, inOrder(problems), false);
  };

  const invisible = reportInvisibleCharacters(source, report);
  const reportUnlessInvisible: Report = (span, code, message) => {
    // A name with an invisible character in it is refused anyway; one message about the character is enough.
    if (!invisible.some((offset) => offset >= span.start && offset < span.end)) report(span, code, message);
  };
  const root = readYaml(source, reportUnlessInvisible);
  if (root === undefined) throw new ManifestError(file, inOrder(problems), false);
  if (options.deployed) useCurrentKeys(root);
  reportShapeProblems(root, reportUnlessInvisible);
  const entries = readEntries(root, options.deployed === true);
  const asOf = options.asOf ?? utcDay();
  checkRules(entries, asOf, options, reportUnlessInvisible, warn);
  if (problems.length > 0) throw new ManifestError(file, inOrder(problems));
  return { ...normalForm(entries, asOf), warnings: inOrder(warnings) };
}

function inOrder(reported: Reported[]): ManifestProblem[] {
  return reported
    .sort((left, right) => left.span.start - right.span.start)
    .map(({ span, code, message }) => span.source.problem(span, code, message));
}

/** @throws ManifestError for what is too large or not text */
function decode(content: string | Uint8Array, file: string): SourceText {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  if (bytes.length > MAXIMUM_MANIFEST_SIZE) {
    throw unreadable(
      new SourceText(file, ""),
      "tooLarge",
      `The file has more than the ${MAXIMUM_MANIFEST_SIZE} bytes that are allowed. Divide it, with a stack for each part.`,
    );
  }
  if (typeof content === "string") return new SourceText(file, content);
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) || bytes.includes(0)) {
    throw unreadable(
      new SourceText(file, ""),
      "notUtf8",
      "The file is not UTF-8. It looks like UTF-16 or a binary file. Save it as UTF-8.",
    );
  }
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const wrong = Buffer.from(text).compare(bytes) === 0 ? -1 : text.indexOf("\ufffd");
  if (wrong !== -1) {
    throw unreadable(
      new SourceText(file, text),
      "notUtf8",
      "The file is not UTF-8. The first invalid byte is shown as \ufffd. Save it as UTF-8.",
      wrong,
    );
  }
  return new SourceText(file, text);
}

function unreadable(source: SourceText, code: ManifestProblemCode, message: string, at = 0): ManifestError {
  return new ManifestError(source.file, [source.problem(source.span(at, at + 1), code, message)], false);
}

/**
 * Controls, bidirectional and zero-width characters, comments included: with them a reviewer reads something else than
 * YAML does. Joiners and variation selectors, which emoji have, are left to the rules about names.
 */
function reportInvisibleCharacters(source: SourceText, report: Report): number[] {
  const hidden = /(?![\t\n\u200c\u200d\ufe0e\ufe0f]|\r\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u2060-\u206f\u3164\uffa0]/gu;
  const offsets: number[] = [];
  for (const { 0: character, index } of source.text.matchAll(hidden)) {
    offsets.push(index);
    const isMark = index === 0 && character === "\ufeff";
    report(
      source.span(index, index + character.length),
      isMark ? "byteOrderMark" : "invisibleCharacter",
      isMark
        ? "The file begins with a byte order mark. Save it as UTF-8 without one."
        : `The character ${codePoint(character)} is invisible, so a reviewer may read something else than YAML does. ` +
            "Delete it, and retype the text around it.",
    );
  }
  return offsets;
}
