/**
 * `npm run mutations`: makes every deliberate mistake in a copy of the repository, and has the test that is to catch it
 * fail. Words choose those whose name holds one of them. Ends with 0 if every mistake was caught.
 */
import type { Mutation } from "./Mutation";
import { mutations } from "./mutations";
import { runNamed, type Verdict } from "./NamedTest";
import { RepositoryCopy } from "./RepositoryCopy";

const words = process.argv.slice(2);
const chosen = mutations.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

const copy = RepositoryCopy.make();
process.on("exit", () => copy.remove());
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

// Once for each file, since starting it takes longer than most tests.
const whole = new Map<Mutation, Verdict>();
for (const file of new Set(chosen.map(({ caughtBy }) => caughtBy.file))) {
  const ofFile = chosen.filter(({ caughtBy }) => caughtBy.file === file);
  const verdict = runNamed(copy.directory, file, [...new Set(ofFile.map(({ caughtBy }) => caughtBy.title))]);
  for (const mutation of ofFile) whole.set(mutation, verdict(mutation.caughtBy.title));
}

const counts = { caught: 0, survived: 0, skipped: 0 };
for (const mutation of chosen) {
  const { file, title } = mutation.caughtBy;
  const test = `"${title}" (${file})`;
  const before = whole.get(mutation);
  if (before !== "passed") {
    // PHP, MariaDB and OpenSSH are not everywhere; a mistake that nothing looked for is not caught.
    counts[before === "skipped" ? "skipped" : "survived"]++;
    console.log(
      `${before === "skipped" ? "SKIPPED " : "SURVIVED"}  ${mutation.name}: without it, ${test} is ${before}`,
    );
    continue;
  }
  const verdict = copy.with(mutation, () => runNamed(copy.directory, file, [title])(title));
  const caught = verdict === "failed";
  counts[caught ? "caught" : "survived"]++;
  console.log(
    `${caught ? "caught  " : "SURVIVED"}  ${mutation.name}: ${caught ? "" : `${mutation.danger} With it, `}${test}${caught ? "" : ` is ${verdict}`}`,
  );
}

if (counts.skipped > 0)
  console.log("SKIPPED: see the summary of `npm test` for what is missing here, and how to have it.");
console.log(`${counts.caught} caught, ${counts.survived} survived, ${counts.skipped} skipped`);
process.exitCode = counts.survived === 0 && counts.skipped === 0 ? 0 : 1;
