/**
 * `npm test [-- PATTERN...]`: gives Mocha the files, folders or parts of titles that PATTERN names; without one, checks
 * the sources and then runs every test. Everything else is Mocha's own; options such as --bail go through to it.
 */
const { spawnSync } = require("node:child_process");
const { existsSync, readdirSync, readFileSync } = require("node:fs");
const { availableParallelism } = require("node:os");
const { join } = require("node:path");

/** Folders whose tests take longest begin first, so that no core waits for the other at the end. */
const LONGEST = ["package", "stack", "examples", "random", "faults", "conformance", "engine", "scenarios", "cli"];

const given = process.argv.slice(2);
const paths = given.filter((argument) => existsSync(argument));
const titles = given.filter((argument) => !argument.startsWith("-") && !paths.includes(argument));
const options = given.filter((argument) => argument.startsWith("-"));

const files = paths.length > 0 ? paths : titles.length > 0 ? filesWith(titles) : everyFile();
const grep = titles.length > 0 ? ["--grep", titles.map(literally).join("|")] : [];
const parallel =
  files.every(isFile) && files.length < 3 ? [] : ["--parallel", "--jobs", `${availableParallelism() + 1}`];

const checked = given.length > 0 || run("npm", ["run", "--silent", "check"]);
const passed = run(process.execPath, [
  require.resolve("mocha/bin/mocha.js"),
  ...parallel,
  ...grep,
  ...options,
  ...files,
]);
if (!checked) console.log("FAILED: npm run check");
process.exitCode = checked && passed ? 0 : 1;

function run(command, args) {
  return spawnSync(command, args, { stdio: "inherit" }).status === 0;
}

function everyFile() {
  const files = readdirSync("test", { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".test.ts"));
  const rank = (path) => LONGEST.findIndex((begin) => path.startsWith(begin)) + 1 || LONGEST.length + 1;
  return files
    .sort()
    .sort((one, other) => rank(one) - rank(other))
    .map((path) => join("test", path));
}

/** Test files that hold one of the titles as it is; all of them if none does, since some titles are composed. */
function filesWith(titles) {
  const holding = everyFile().filter((file) => {
    const source = readFileSync(file, "utf8");
    return titles.some((title) => source.includes(title));
  });
  return holding.length > 0 ? holding : everyFile();
}

function isFile(path) {
  return path.endsWith(".ts");
}

/** As a regular expression that matches the text and nothing else. */
function literally(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
