import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { ManifestError } from "../manifest";
import { printable } from "../text/printable";
import { blockOf, isPlainPath, type OwnedFile, patternAfter, withBlock } from "./codeownersFile";
import { defineCommand, UsageError } from "./Command";
import { ExitCode } from "./ExitCode";
import { repositoryOf } from "./git";
import {
  DEFAULT_MANIFEST,
  MANIFEST_USAGE,
  manifestPath,
  namingOptions,
  OFFLINE_OPTIONS,
  readManifestAt,
} from "./manifestOptions";

/** Where GitHub and GitLab look, in the order in which the first one counts. */
const PLACES = [".github/CODEOWNERS", ".gitlab/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/** `aegir-access codeowners`: the owners that a manifest names, for the platform that asks them. */
export const codeowners = defineCommand({
  name: "codeowners",
  summary: "writes the owners of a manifest's files to CODEOWNERS, or checks them",
  description: [
    "Prints one line for each file of the manifest that has owners, as GitHub and GitLab read it. --write puts the lines into " +
      `CODEOWNERS (the first of ${PLACES.join(", ")} that the repository has), between two comments, and leaves all other ` +
      "lines alone. --check compares them and changes nothing.",
    "CODEOWNERS knows only files. Owners of a single client are named by `review` alone.",
    DEFAULT_MANIFEST,
  ],
  operands: { usage: `[${MANIFEST_USAGE}]`, least: 0, most: 1 },
  options: {
    write: { type: "boolean", help: "updates CODEOWNERS, or creates .github/CODEOWNERS" },
    check: { type: "boolean", help: "fails if CODEOWNERS does not say what the manifest says" },
    stack: OFFLINE_OPTIONS.stack,
    cwd: OFFLINE_OPTIONS.cwd,
    config: OFFLINE_OPTIONS.config,
  },
  exitCodes: {
    [ExitCode.ok]: "CODEOWNERS says what the manifest says, or the lines were printed or written",
    [ExitCode.found]: "with --check: CODEOWNERS says something else",
  },
  examples: [
    ["codeowners access/", "the lines for CODEOWNERS"],
    ["codeowners --write", "puts them into CODEOWNERS"],
    ["codeowners --check", "for a pipeline"],
  ],
  run({ values: { write = false, check = false, ...values }, operands }, { directory }) {
    if (write && check) throw new UsageError("--write and --check cannot be combined.");
    const root = repositoryOf(directory);
    const files = ownedFiles(manifestPath(operands[0], directory));
    const block = blockOf(files);
    const place = PLACES.find((path) => existsSync(join(root, path))) ?? PLACES[0]!;
    const file = join(root, place);
    const present = existsSync(file) ? readFileSync(file, "utf8") : "";
    const wanted = withBlock(present, block);
    const overriding = patternAfter(wanted);
    const isCurrent = present === wanted && overriding === undefined;
    if (write && overriding !== undefined) {
      throw new UsageError(
        `${place} has the pattern ${printable(overriding)} after the block of this command, and the last pattern that matches ` +
          "decides. Move it before the block, and run this again.",
      );
    }
    if (write && !isCurrent) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, wanted);
    }
    return Promise.resolve({
      exitCode: check && !isCurrent ? ExitCode.found : ExitCode.ok,
      facts: { file: place, current: isCurrent || write, owners: files },
      text: () => {
        if (write) return isCurrent ? `${place} is up to date.` : `${place} was updated.`;
        if (!check) return block.trimEnd();
        if (isCurrent) return `${place} is up to date.`;
        return overriding === undefined || present !== wanted
          ? `${place} does not say what the manifest says. Run \`aegir-access codeowners --write\`.`
          : `${place} has the pattern ${printable(overriding)} after the block, and the last pattern that matches decides.`;
      },
    });

    function ownedFiles(path: string): OwnedFile[] {
      const { files } = read(path);
      return files.map(({ file, owners }) => {
        const inRepository = relative(root, realpathSync(resolve(directory, file)))
          .split(sep)
          .join("/");
        if (inRepository.startsWith("../")) {
          throw new UsageError(`${printable(file)} is not in the repository ${printable(root)}.`);
        }
        if (owners.length > 0 && !isPlainPath(inRepository)) {
          throw new UsageError(
            `${printable(inRepository)} cannot be written to CODEOWNERS. Name the file with letters, digits and . _ - only.`,
          );
        }
        return { path: inRepository, owners };
      });
    }

    function read(path: string) {
      try {
        return readManifestAt(path, directory, namingOptions(values, directory));
      } catch (error) {
        throw error instanceof ManifestError ? new UsageError(error.report) : error;
      }
    }
  },
});
