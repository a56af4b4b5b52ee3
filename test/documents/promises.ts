/**
 * `npm run promises -- REVISION`: compares what the tests promise now with what they promised in a revision of Git: the
 * titles of the tests, the traps and rows of faults that they name, and the mutations that they catch. Lists what has
 * moved, what is new and what is gone, and ends with 1 if anything that is about the product is gone.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestTitle, witness } from "../support/TestTitle";
import { titlesIn } from "./titles";

const root = join(__dirname, "..", "..");

/** What proves a double of a server or of the engine, and nothing about the product itself. */
const DOUBLES = ["test/aegir/", "test/engine/", "test/drupal/DrupalFrontEnd.test.ts"];

/** Where each promise is kept, by its text. */
type Promises = Map<string, string[]>;

function main(revision: string | undefined): void {
  if (!revision) throw new Error("Name the revision to compare with: npm run promises -- main");
  const before = withTree(revision, promisesIn);
  const now = promisesIn(root);
  const gone = [...before].filter(([promise]) => !now.has(promise));
  const added = [...now].filter(([promise]) => !before.has(promise));
  const moved = [...before].filter(
    ([promise, places]) => now.has(promise) && now.get(promise)!.join() !== places.join(),
  );
  const [goneOfDoubles, goneOfProduct] = [gone.filter(ofDouble), gone.filter((entry) => !ofDouble(entry))];
  for (const [promise, places] of moved) {
    console.log(`moved: ${promise}\n    ${places.join(", ")} -> ${now.get(promise)!.join(", ")}`);
  }
  list("new", added);
  list("gone with a double", goneOfDoubles);
  list("GONE", goneOfProduct);
  console.log(
    `${before.size} promises in ${revision}, ${now.size} now: ${added.length} new, ` +
      `${goneOfProduct.length} of the product gone, ${goneOfDoubles.length} of a double gone`,
  );
  process.exitCode = goneOfProduct.length === 0 ? 0 : 1;
}

function ofDouble([, places]: [string, string[]]): boolean {
  return places.every((place) => DOUBLES.some((double) => place.startsWith(double)));
}

function list(what: string, promises: [promise: string, places: string[]][]): void {
  for (const [promise, places] of promises.sort()) console.log(`${what}: ${promise}\n    ${places.join(", ")}`);
}

function promisesIn(directory: string): Promises {
  const promises: Promises = new Map();
  const add = (promise: string, place: string) => {
    const places = promises.get(promise) ?? [];
    promises.set(promise, [...new Set([...places, place])].sort());
  };
  for (const { file, title } of titlesIn(directory)) {
    add(title.replace(/\(seed \d+\)/, "(seed)"), file);
    for (const number of witnessOf(title).traps) add(`trap ${number}`, "a title");
    for (const number of witnessOf(title).rows) add(`row ${number}`, "a title");
  }
  for (const { name, caughtBy } of mutationsIn(directory)) add(`mutation: ${name}`, caughtBy.file);
  return promises;
}

/** Titles of another revision may be written in another way. */
function witnessOf(title: TestTitle["title"]): { traps: number[]; rows: number[] } {
  try {
    return witness(title);
  } catch {
    return { traps: [], rows: [] };
  }
}

function mutationsIn(directory: string): { name: string; caughtBy: { file: string } }[] {
  const script = 'console.log(JSON.stringify(require("./test/mutations/mutations").mutations))';
  const output = execFileSync(process.execPath, ["--require", "sucrase/register/ts", "--eval", script], {
    cwd: directory,
  });
  return JSON.parse(output.toString()) as { name: string; caughtBy: { file: string } }[];
}

/** Gives the tree of a revision, with the modules of this one. */
function withTree<T>(revision: string, work: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "aegir-promises-"));
  try {
    const tree = execFileSync("git", ["archive", revision], { cwd: root, maxBuffer: 2 ** 30 });
    execFileSync("tar", ["-x", "-C", directory], { input: tree });
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
    return work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

main(process.argv[2]);
