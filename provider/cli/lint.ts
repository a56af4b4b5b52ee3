import { type AccessTestRun, runAccessTests } from "../answers/accessTests";
import { type Manifest, ManifestError, type ManifestProblem } from "../manifest";
import { WARNED_DAYS } from "../manifest/Manifest";
import { plural } from "../text/Phrase";
import { printable } from "../text/printable";
import type { Style } from "../text/Style";
import { testsBeside } from "./accessTestFiles";
import { defineCommand } from "./Command";
import { ExitCode } from "./ExitCode";
import {
  accessOf,
  asOfDay,
  DEFAULT_MANIFEST,
  MANIFEST_USAGE,
  manifestPath,
  namingOptions,
  OFFLINE_OPTIONS,
  readManifestAt,
} from "./manifestOptions";

/** What is to be said of one manifest. */
interface Linted {
  file: string;
  problems: readonly ManifestProblem[];
  warnings: readonly ManifestProblem[];
  /** False if the file could not be read as YAML, so that there may be more problems. */
  complete: boolean;
  counts: Counts | undefined;
}

interface Counts {
  people: number;
  teams: number;
  clients: number;
  sites: number;
  bindings: number;
  /** Absent if there is no file of them. */
  accessTests?: number;
}

/** `aegir-access lint`: what is wrong with manifests, without a server. */
export const lint = defineCommand({
  name: "lint",
  summary: "checks manifests offline and shows all problems, with file, line and caret",
  description: [
    `Needs no server, no state and no key. Warns about grants that end within ${WARNED_DAYS} days, and about grants that have ended ` +
      "but are still in the file. Warnings do not change the exit code.",
    `A MANIFEST is a file, or a directory whose YAML files are read as one manifest. ${DEFAULT_MANIFEST}`,
    "Runs the access tests in the file beside the manifest that has its name and .test.yaml, for example access.test.yaml.",
  ],
  operands: { usage: `[${MANIFEST_USAGE}...]`, least: 0, most: Infinity },
  options: OFFLINE_OPTIONS,
  exitCodes: {
    [ExitCode.ok]: "no problems; there may be warnings",
    [ExitCode.found]: "a manifest has problems, or an access test fails",
  },
  examples: [
    ["lint", "what a deployment would refuse"],
    ["lint access/", "all files of a directory, as one manifest"],
    ["lint --as-of 2026-12-31", "which grants will have ended by that day"],
    ["lint --stack production --json", "with the naming rules of the servers in Pulumi.production.yaml, for a script"],
  ],
  run({ values, operands }, { directory }) {
    const asOf = asOfDay(values["as-of"]);
    const options = { asOf, ...namingOptions(values, directory) };
    const paths = operands.length > 0 ? operands : [manifestPath(undefined, directory)];
    const linted = paths.map((path) =>
      lintOne(
        path,
        () => readManifestAt(path, directory, options),
        (manifest) => testsOf(path, manifest),
      ),
    );
    const clean = linted.every(({ problems }) => problems.length === 0);
    return Promise.resolve({
      exitCode: clean ? ExitCode.ok : ExitCode.found,
      facts: { asOf, manifests: linted },
      text: (style: Style) => linted.map((each) => report(each, asOf, style)).join("\n\n"),
    });

    function testsOf(file: string, manifest: Manifest): AccessTestRun | undefined {
      const tests = testsBeside(file, directory);
      return tests && runAccessTests(tests, accessOf(manifest, options));
    }
  },
});

function lintOne(file: string, read: () => Manifest, test: (manifest: Manifest) => AccessTestRun | undefined): Linted {
  try {
    const manifest = read();
    const { people, teams, clients, warnings } = manifest;
    const tested = test(manifest);
    const sum = (count: (client: Manifest["clients"][number]) => number) =>
      clients.reduce((total, client) => total + count(client), 0);
    const counts = {
      people: people.length,
      teams: teams.length,
      clients: clients.length,
      sites: sum(({ sites }) => sites.length),
      bindings: sum(({ users }) => users.length),
      ...(tested && { accessTests: tested.tests }),
    };
    return { file, problems: tested?.problems ?? [], warnings, complete: true, counts };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return { file, problems: error.problems, warnings: [], complete: error.complete, counts: undefined };
  }
}

function report({ file, problems, warnings, complete, counts }: Linted, asOf: string, style: Style): string {
  const said = [
    ...problems.map((problem) => `${style.red("error")}: ${String(problem)}`),
    ...warnings.map((warning) => `${style.yellow("warning")}: ${String(warning)}`),
    ...(complete ? [] : ["The rest can be checked when this is corrected."]),
  ];
  const found = [
    ...(counts && counts.people > 0 ? [plural(counts.people, "person", "people")] : []),
    ...(counts && counts.teams > 0 ? [plural(counts.teams, "team")] : []),
    ...(counts
      ? [plural(counts.clients, "client"), plural(counts.sites, "site"), plural(counts.bindings, "binding")]
      : []),
    ...(counts?.accessTests === undefined ? [] : [plural(counts.accessTests, "access test")]),
    problems.length === 0 ? "no problem" : plural(problems.length, "problem"),
    ...(warnings.length > 0 ? [plural(warnings.length, "warning")] : []),
  ];
  return [...said, `${style.bold(printable(file))} (as of ${asOf}): ${found.join(", ")}`].join("\n\n");
}
