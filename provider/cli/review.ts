import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Manifest, ManifestError, type ManifestFileContent, type ManifestOptions, parseFiles } from "../manifest";
import { firstBytes } from "../manifest/ManifestFiles";
import {
  accessPage,
  checksumsOf,
  COMMENT_MARK,
  differenceOf,
  isRefused,
  jsonReview,
  type LastUse,
  markdownReview,
  readLastUses,
  type Review,
  reviewOf,
  textReview,
  UnreadableLastUses,
} from "../review";
import { jsonText } from "../text/jsonText";
import { codeBlock } from "../text/markdown";
import { printable } from "../text/printable";
import { reviewedTests, testsAt, testsBeside, type TestsFile } from "./accessTestFiles";
import { type CommandResult, defineCommand, UsageError } from "./Command";
import { ExitCode } from "./ExitCode";
import { filesAt } from "./git";
import { accessOf, asOfDay, contentOf, filesOf, namingOptions, OFFLINE_OPTIONS } from "./manifestOptions";
import { readPreview } from "./previewFile";

const FORMATS = ["text", "markdown", "json", "html"] as const;
type Format = (typeof FORMATS)[number];

/** Bytes. What an audit prints of ten thousand sites that are all undeclared needs a fifth of it. */
const MAXIMUM_AUDIT_SIZE = 16 * 1024 * 1024;

/** What a revision that has no manifest declares. */
const NOTHING = "version: 1\nclients: []\n";

/** A manifest to compare. */
interface Side {
  path: string;
  files: readonly ManifestFileContent[];
  tests: TestsFile;
}

/** `aegir-access review`: who gains and who loses what by a change, before it is one. */
export const review = defineCommand({
  name: "review",
  summary: "shows who gains and who loses access between two manifests",
  description: [
    "Compares two manifests, each a file or a directory. With --manifest, compares two git revisions of one. If a revision has " +
      "access/ in place of access.yaml, or the other way around, that is read. With --preview, reads the output of " +
      "`pulumi preview --json --show-sames` instead. Needs no server, no state, no key and no passphrase.",
    "Refuses a change that takes away too much or affects something protected, unless the manifest confirms it " +
      "(allowRemovals). Runs the access tests beside HEAD (access.test.yaml), and shows it if a change also changes the tests " +
      "that it would break. Does not know access that exists only on the server: see `plan` and `audit`.",
    "With --last-use, says when people who lose or gain access last used the panel, as the server showed it to `audit --unused DAYS --json`. " +
      "The file changes nothing else.",
    "In a pull request, compare HEAD^1 and HEAD of the merge commit. The difference is what merging changes.",
  ],
  operands: { usage: "BASE HEAD", least: 0, most: 2 },
  options: {
    manifest: {
      type: "string",
      value: "PATH",
      help: "reads this file or directory from the git revisions BASE and HEAD",
    },
    preview: {
      type: "string",
      value: "FILE",
      help: "reads the output of `pulumi preview --json --show-sames` instead of BASE and HEAD",
    },
    "last-use": {
      type: "string",
      value: "FILE",
      help: "reads when people last used the panel from the output of `audit --unused DAYS --json`",
    },
    format: {
      type: "string",
      value: "FORMAT",
      help: `${FORMATS.join(", ")} (default: text). html is a page of all access after the change`,
    },
    ...OFFLINE_OPTIONS,
  },
  exitCodes: {
    [ExitCode.ok]: "the change is not refused, even if people gain or lose access",
    [ExitCode.found]: "the change is refused, an access test fails, or HEAD has problems; the output explains why",
  },
  examples: [
    [
      "review HEAD^1 HEAD --manifest access.yaml --format markdown",
      "the comment on a pull request, run on its merge commit",
    ],
    ["review main HEAD --manifest access.yaml", "what a branch would change"],
    ["review before.yaml after.yaml --format html > access.html", "a page to search by person or by site"],
    ["review main HEAD --manifest access.yaml --last-use audit.json", "also when the people last used the panel"],
    ["review --preview preview.json --format markdown", "for a program in TypeScript, which has no manifest"],
  ],
  run({ values, operands }, { directory }) {
    const format = formatOf(values.format);
    const asOf = asOfDay(values["as-of"]);
    if (values.preview !== undefined) {
      if (operands.length > 0 || values.manifest !== undefined || values["last-use"] !== undefined) {
        throw new UsageError("--preview cannot be combined with BASE, HEAD, --manifest or --last-use.");
      }
      const reviews = readPreview(values.preview, asOf, directory).map(({ before, after }) =>
        reviewOf(differenceOf(before, after), { hasManifest: false }),
      );
      return Promise.resolve(reviewed(reviews, format));
    }
    const [base, head] = operands;
    if (base === undefined || head === undefined) throw new UsageError("Give BASE and HEAD, or --preview.");
    const sides = values.manifest === undefined ? manifests(base, head) : revisions(values.manifest, base, head);
    const options = { asOf, ...namingOptions(values, directory) };
    const declared = parseBase(sides.base, options);
    try {
      const declares = parseFiles(sides.head.path, sides.head.files, options);
      const lastUse = values["last-use"];
      const lastUses = lastUse === undefined ? undefined : lastUsesIn(lastUse, declares, directory);
      const [before, after] = [accessOf(declared, options, lastUses), accessOf(declares, options, lastUses)];
      const review = {
        ...reviewOf(differenceOf(before, after)),
        checksums: checksumsOf(before, after),
        accessTests: reviewedTests(sides.base.tests, sides.head.tests, after),
      };
      return Promise.resolve(reviewed([review], format));
    } catch (error) {
      if (error instanceof ManifestError) return Promise.resolve(unreadable(error, format));
      throw error;
    }

    function manifests(base: string, head: string): { base: Side; head: Side } {
      const missing = [base, head].find((path) => !existsSync(resolve(directory, path)));
      if (missing !== undefined) {
        throw new UsageError(
          `There is no file ${printable(missing)} (from ${printable(directory)}). To compare git revisions, give both of them ` +
            `and the manifest: review main HEAD --manifest access.yaml.`,
        );
      }
      const side = (path: string) => ({
        path,
        files: filesOf(path, directory),
        tests: testsBeside(path, directory),
      });
      return { base: side(base), head: side(head) };
    }

    function revisions(path: string, ...names: [base: string, head: string]): { base: Side; head: Side } {
      const [base, head] = filesAt(names, path, directory);
      if (base === undefined && head === undefined) {
        throw new UsageError(
          `Neither revision has a file or directory ${printable(path)} (from ${printable(directory)}).`,
        );
      }
      const nothing = { path, files: [{ file: path, content: NOTHING }] };
      const [before, after] = testsAt(names, path, directory);
      return { base: { ...(base ?? nothing), tests: before }, head: { ...(head ?? nothing), tests: after } };
    }
  },
});

function formatOf(format = "text"): Format {
  const known = FORMATS.find((each) => each === format);
  if (known === undefined) throw new UsageError(`--format must be one of ${FORMATS.join(", ")}.`);
  return known;
}

/** What is on the main branch was reviewed; if it cannot be read, there is nothing to compare with. */
function parseBase({ path, files }: Side, options: ManifestOptions): Manifest {
  try {
    return parseFiles(path, files, { ...options, deployed: true });
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw new UsageError(`BASE cannot be used for comparison, because ${error.report}`);
  }
}

/** @throws UsageError if it is not what an audit of the manifest's server has printed */
function lastUsesIn(file: string, manifest: Manifest, directory: string): Map<string, LastUse> {
  const bytes = contentOf(file, directory, (path) => firstBytes(path, MAXIMUM_AUDIT_SIZE + 1));
  if (bytes.length > MAXIMUM_AUDIT_SIZE) {
    throw new UsageError(`${printable(file)} is larger than ${MAXIMUM_AUDIT_SIZE / 1024 / 1024} MiB.`);
  }
  try {
    const { server, of } = readLastUses(Buffer.from(bytes).toString());
    if (server === manifest.server) return of;
    const [found, declared] = [server, manifest.server].map((name) =>
      name === undefined ? "a server without a name" : printable(name),
    );
    throw new UsageError(`${printable(file)} is of ${found}, and the manifest of ${declared}.`);
  } catch (error) {
    if (!(error instanceof UnreadableLastUses)) throw error;
    throw new UsageError(
      `${printable(file)} is not what \`audit --unused DAYS --json\` prints: ${printable(error.message.split("\n")[0]!)}`,
    );
  }
}

function reviewed(reviews: Review[], format: Format): CommandResult {
  const [first] = reviews;
  if (format === "html" && (first === undefined || reviews.length > 1)) {
    throw new UsageError(`--format html shows one server, and this preview has ${reviews.length}.`);
  }
  const facts = first && reviews.length === 1 ? jsonReview(first) : reviews.map(jsonReview);
  const print = {
    text: (each: Review) => textReview(each),
    markdown: markdownReview,
    html: ({ difference }: Review) => accessPage(difference.after),
    json: undefined,
  }[format];
  return {
    exitCode: reviews.some(isRefused) ? ExitCode.found : ExitCode.ok,
    facts,
    text: () =>
      print === undefined
        ? jsonText(facts)
        : reviews.map((each) => print(each).trimEnd()).join("\n\n") ||
          "The preview is complete, and none of its steps concerns access.",
  };
}

/** HEAD with problems: readers of the comment see them in place of the review. */
function unreadable({ message, problems }: ManifestError, format: Format): CommandResult {
  const facts = { problems };
  const text = {
    text: message,
    json: jsonText(facts),
    html: undefined,
    markdown: [
      COMMENT_MARK,
      "### Who gains and who loses access",
      "> [!CAUTION]\n> **The manifest has problems**, so it cannot be reviewed, and it will not be deployed.",
      codeBlock(message, 50_000),
    ].join("\n\n"),
  }[format];
  if (text === undefined) throw new UsageError(message);
  return { exitCode: ExitCode.found, facts, text: () => text };
}
