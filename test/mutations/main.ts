/**
 * `npm run mutations`: makes every deliberate mistake in a copy of the repository, and has the test that is to catch it
 * fail; as many side by side as there are cores. Words choose those whose name holds one of them. Ends with 0 if every
 * mistake was caught.
 */
import { availableParallelism } from "node:os";
import { printable } from "../../provider/text/printable";
import type { Mutation } from "./Mutation";
import { mutations } from "./mutations";
import { runNamed, type Verdict } from "./NamedTest";
import { RepositoryCopy } from "./RepositoryCopy";

const words = process.argv.slice(2);
const chosen = mutations.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

const counts = { caught: 0, survived: 0, "not tried": 0 };

async function main(): Promise<void> {
  const copies = Array.from({ length: availableParallelism() }, () => RepositoryCopy.make());
  process.on("exit", () => copies.forEach((copy) => copy.remove()));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

  const of = (file: string) => chosen.filter(({ caughtBy }) => caughtBy.file === file);
  const files = [...new Set(chosen.map(({ caughtBy }) => caughtBy.file))];
  files.sort((one, other) => of(other).length - of(one).length);
  await Promise.all(
    copies.map(async (copy) => {
      for (let file = files.shift(); file; file = files.shift()) await attemptAll(copy, file, of(file));
    }),
  );
  const summary = Object.entries(counts).map(([end, count]) => `${count} ${end}`);
  console.log(summary.join(", "));
  process.exitCode = counts.caught === chosen.length ? 0 : 1;
}

async function attemptAll(copy: RepositoryCopy, file: string, ofFile: Mutation[]): Promise<void> {
  // Without a mistake all of them at once, since to start a file takes longer than most tests.
  const whole = await runNamed(copy.directory, file, [...new Set(ofFile.map(({ caughtBy }) => caughtBy.title))]);
  for (const mutation of ofFile) {
    const { end, text } = await attempt(copy, mutation, whole(mutation.caughtBy.title));
    counts[end]++;
    console.log(`${end.padEnd("not tried".length)}  ${mutation.name}: ${text}`);
  }
}

async function attempt(
  copy: RepositoryCopy,
  mutation: Mutation,
  whole: Verdict,
): Promise<{ end: keyof typeof counts; text: string }> {
  const { file, title } = mutation.caughtBy;
  const test = `"${title}" (${file})`;
  if (whole.kind !== "passed") {
    const missing = whole.kind === "skipped" ? "; the summary of `npm test` says what is missing here" : "";
    return { end: "not tried", text: `without the mistake ${test} is ${whole.kind}${missing}` };
  }
  const { kind, why = "" } = await copy.with(mutation, async () =>
    (await runNamed(copy.directory, file, [title]))(title),
  );
  if (kind === "failed") return { end: "caught", text: `${test}: ${printable(why, 150)}` };
  return { end: "survived", text: `${mutation.danger} With the mistake ${test} is ${kind}` };
}

void main();
