import { utcDay } from "../naming/Day";
import { printable } from "../text/printable";
import { reportBrokenRules } from "./judgedRules";
import type { Manifest } from "./Manifest";
import { ManifestError } from "./ManifestError";
import {
  filesOfManifest,
  isTestsFile,
  type ManifestFileContent,
  MAXIMUM_FILES,
  MAXIMUM_SIZE,
  testsFileOf,
} from "./ManifestFiles";
import type { ManifestOptions } from "./ManifestOptions";
import { mergeFiles, spelledOut } from "./mergeFiles";
import { normalForm } from "./normalForm";
import type { ManifestProblemCode } from "./problemCodes";
import { inOrder, Problems, type Reported } from "./Problems";
import { readFile, unlessInvisible } from "./readFile";
import { Roster } from "./Roster";
import { checkRules } from "./rules";
import { type Report, SourceText } from "./SourceText";

/**
 * Reads a manifest from a file, or from the YAML files below a directory.
 *
 * @throws ManifestError with all problems of the content; the errors of node:fs if the file cannot be read
 */
export function readManifest(path: string, options: ManifestOptions = {}): Manifest {
  return parseFiles(path, filesOfManifest(path), options);
}

/**
 * Validates a manifest and brings it into normal form. Offline: what the server holds is not looked at.
 *
 * @param content the file's bytes, or its text
 * @param file its name, as problems are to show it
 * @throws ManifestError with all problems, in the order of the file
 */
export function parseManifest(content: string | Uint8Array, file: string, options: ManifestOptions = {}): Manifest {
  return parseFiles(file, [{ file, content }], options);
}

/**
 * Validates the files of one manifest together.
 *
 * @param manifest the name of the file or of the directory, as problems are to show it
 * @throws ManifestError with all problems, in the order of the files
 */
export function parseFiles(
  manifest: string,
  files: readonly ManifestFileContent[],
  options: ManifestOptions = {},
): Manifest {
  const isMisplaced = ({ file, content }: ManifestFileContent) =>
    file !== manifest && content !== undefined && isTestsFile(file);
  const misplaced = files.filter(isMisplaced).map(({ file }) => new SourceText(file, ""));
  const declaring = files.filter((file) => !isMisplaced(file));
  refuseWrongSize(manifest, declaring);
  const deployed = options.deployed === true;
  const readings = declaring.map((file) => readFile(file, deployed));
  const sources = [...misplaced, ...readings.map(({ source }) => source)];
  const problems = new Problems();
  const warnings: Reported[] = [];
  const invisible = new Map(readings.map((reading) => [reading.source, reading.invisible]));
  const asOf = options.asOf ?? utcDay();

  const known = problems.until((add) => {
    // What was reviewed with them declares the same without them.
    for (const source of deployed ? [] : misplaced) {
      add(
        source.span(0, 0),
        "misplacedAccessTests",
        `Access tests are not run from inside the directory of the manifest. Move them to ${printable(testsFileOf(manifest))}, beside it.`,
      );
    }
    for (const reading of readings) {
      for (const { span, code, message, other } of reading.problems) add(span, code, message, other);
    }
    const read = readings.flatMap(({ entries: each }) => each ?? []);
    // What an unreadable file declares is not known, so nothing can be said about files beside each other.
    if (read.length < readings.length) return undefined;
    const report = unlessInvisible(add, (source) => invisible.get(source) ?? []);
    const merged = mergeFiles(read, report);
    const entries = deployed ? spelledOut(merged) : merged;
    const roster = new Roster(entries);
    const warn: Report = (span, code, message, other) => {
      warnings.push({ span, code, message, other });
    };
    checkRules(entries, roster, asOf, options, report, warn);
    if (problems.all.length > 0) return { normal: undefined };
    const normal = normalForm(manifest, entries, roster, asOf);
    if (!deployed) reportBrokenRules(entries, roster, normal, report, warn);
    return { normal };
  });
  if (problems.all.length > 0 || known?.normal === undefined) {
    throw new ManifestError(manifest, inOrder(problems.all, sources), known !== undefined);
  }
  return { ...known.normal, warnings: inOrder(warnings, sources) };
}

function refuseWrongSize(manifest: string, files: readonly ManifestFileContent[]): void {
  const refuse = (code: ManifestProblemCode, message: string) => {
    const source = new SourceText(manifest, "");
    throw new ManifestError(manifest, [source.problem(source.span(0, 0), code, message)], false);
  };
  if (files.length === 0) {
    refuse("empty", "The directory has no file that ends in .yaml or .yml, so it declares nothing. Write one.");
  }
  if (files.length > MAXIMUM_FILES) {
    refuse(
      "tooManyFiles",
      `The directory has more than the ${MAXIMUM_FILES} files that are allowed. Divide it, with a stack for each part.`,
    );
  }
  if (files.length > 1 && files.reduce((size, { content }) => size + (content?.length ?? 0), 0) > MAXIMUM_SIZE) {
    refuse(
      "tooLarge",
      `The files have more than the ${MAXIMUM_SIZE} bytes that are allowed. Divide the directory, with a stack for each part.`,
    );
  }
}
