/**
 * One file of a manifest, read by itself: text, YAML, shape, entries. What one file says depends on nothing else, so the
 * last content of each file is remembered, and two revisions of a manifest cost what differs between them.
 */
import { codePoint } from "../text/unsafe";
import { type ManifestEntries, readEntries } from "./ManifestEntries";
import { type ManifestFileContent, MAXIMUM_FILE_SIZE } from "./ManifestFiles";
import type { ManifestProblemCode } from "./problemCodes";
import { Problems, type Reported } from "./Problems";
import { useCurrentKeys } from "./renamedKeys";
import { reportShapeProblems } from "./shapeProblems";
import { type Report, SourceText } from "./SourceText";
import { readYaml } from "./YamlTree";

export interface FileReading {
  source: SourceText;
  problems: readonly Reported[];
  /** Undefined if the file could not be read as YAML. */
  entries: ManifestEntries | undefined;
  /** Offsets of characters that a reader does not see. */
  invisible: readonly number[];
}

const remembered = new Map<string, FileReading>();

/** @param deployed as in ManifestOptions */
export function readFile({ file, content }: ManifestFileContent, deployed: boolean): FileReading {
  const decoded = decode({ file, content });
  if (!(decoded instanceof SourceText)) {
    return { source: decoded.span.source, problems: [decoded], entries: undefined, invisible: [] };
  }
  const last = remembered.get(file);
  const reading = last?.source.text === decoded.text ? last : readText(decoded, false);
  remembered.set(file, reading);
  // Former names of keys are problems of a file that is not deployed.
  return deployed && reading.problems.length > 0 ? readText(decoded, true) : reading;
}

function readText(source: SourceText, formerKeys: boolean): FileReading {
  const problems = new Problems();
  const invisible: number[] = [];
  const entries = problems.until((report) => {
    invisible.push(...reportInvisibleCharacters(source, report));
    const reportUnlessInvisible = unlessInvisible(report, () => invisible);
    const root = readYaml(source, reportUnlessInvisible);
    if (root === undefined) return undefined;
    if (formerKeys) useCurrentKeys(root);
    reportShapeProblems(root, reportUnlessInvisible);
    return readEntries(root);
  });
  return { source, problems: problems.all, entries, invisible };
}

/** A name with an invisible character in it is refused anyway; one message about the character is enough. */
export function unlessInvisible(report: Report, invisibleIn: (source: SourceText) => readonly number[]): Report {
  return (span, ...problem) => {
    if (invisibleIn(span.source).some((offset) => offset >= span.start && offset < span.end)) return;
    report(span, ...problem);
  };
}

/** @returns the problem of what cannot be read as text */
export function decode({ file, content }: ManifestFileContent): SourceText | Reported {
  if (content === undefined) {
    return unreadable(
      new SourceText(file, ""),
      "notRegularFile",
      "This is a link or a directory of another repository. A manifest is regular files only. Put the content here.",
    );
  }
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  if (bytes.length > MAXIMUM_FILE_SIZE) {
    return unreadable(
      new SourceText(file, ""),
      "tooLarge",
      `The file has more than the ${MAXIMUM_FILE_SIZE} bytes that are allowed. Divide it into several files of one directory.`,
    );
  }
  if (typeof content === "string") return new SourceText(file, content);
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) || bytes.includes(0)) {
    return unreadable(
      new SourceText(file, ""),
      "notUtf8",
      "The file is not UTF-8. It looks like UTF-16 or a binary file. Save it as UTF-8.",
    );
  }
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const wrong = Buffer.from(text).compare(bytes) === 0 ? -1 : text.indexOf("\ufffd");
  if (wrong === -1) return new SourceText(file, text);
  return unreadable(
    new SourceText(file, text),
    "notUtf8",
    "The file is not UTF-8. The first invalid byte is shown as \ufffd. Save it as UTF-8.",
    wrong,
  );
}

function unreadable(source: SourceText, code: ManifestProblemCode, message: string, at = 0): Reported {
  return { span: source.span(at, at + 1), code, message };
}

/**
 * Controls, bidirectional and zero-width characters, comments included: with them a reviewer reads something else than
 * YAML does. Joiners and variation selectors, which emoji have, are left to the rules about names.
 */
export function reportInvisibleCharacters(source: SourceText, report: Report): number[] {
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
