/**
 * `npm test`: builds the package, checks the sources, then runs every group of tests in a process of its own and ends
 * with a summary. What a group needs beyond Node is used where it is found. Where it is not, the group is skipped and
 * the summary says so, with the command that enables it; with AEGIR_TEST_INSTALL=apt (set by .ci/run) it is installed.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { version } from "@pulumi/pulumi/package.json";
import { findEngines } from "./engine/engines";
import type { GroupCounts } from "./support/GroupCounts";

const root = join(__dirname, "..");

/** What a group needs besides Node, and what brings it: Debian packages, and with them a package of PyPI perhaps. */
interface Tool {
  command: string;
  packages: string[];
  pypi?: string;
  /** Whether the command, if it is there, can do what is asked of it. */
  able?: () => boolean;
}

interface Group {
  name: string;
  files: string;
  needs?: Tool[];
}

/** How the suites call what runs there; without a CLI they are one line of the summary, not a hundred. */
const ON_THE_CLI = "on the Pulumi CLI";

const DOWNLOAD_MILLISECONDS = 5 * 60_000;

const php: Tool = { command: "php", packages: ["php-cli"] };
const phpOnMySql: Tool = {
  command: "php",
  packages: ["php-cli", "php-mysql", "php-mbstring"],
  able: () =>
    spawnSync("php", ["-r", "exit(extension_loaded('pdo_mysql') && extension_loaded('mbstring') ? 0 : 1);"]).status ===
    0,
};
const mariadb: Tool = { command: "mariadbd", packages: ["mariadb-server"] };
const sshd: Tool = { command: "sshd", packages: ["openssh-server"] };
const tcsh: Tool = { command: "tcsh", packages: ["tcsh"] };
const lshell: Tool = { command: "lshell", packages: ["python3-venv"], pypi: "limited-shell==0.11.1" };
const chromium: Tool = { command: "chromium", packages: ["chromium"] };

const groups: Group[] = [
  { name: "naming rules", files: "test/naming/**/*.test.ts" },
  { name: "manifest", files: "test/manifest/**/*.test.ts" },
  { name: "review", files: "test/review/**/*.test.ts", needs: [chromium] },
  { name: "inventory", files: "test/inventory/**/*.test.ts" },
  { name: "transport", files: "test/ssh/**/*.test.ts", needs: [sshd, tcsh, lshell] },
  { name: "worker source", files: "test/worker/**/*.test.ts", needs: [php] },
  { name: "small Aegir", files: "test/aegir/**/*.test.ts" },
  { name: "conformance", files: "test/conformance/!(phpWorker).test.ts" },
  {
    name: "worker on MariaDB",
    files: "test/{drupal/*,conformance/phpWorker}.test.ts",
    needs: [phpOnMySql, mariadb, sshd],
  },
  { name: "resources", files: "test/resources/**/*.test.ts" },
  { name: "command", files: "test/cli/**/*.test.ts" },
  { name: "provider process", files: "test/dynamic/**/*.test.ts" },
  { name: "engine", files: "test/engine/**/*.test.ts" },
  { name: "faults", files: "test/faults/**/*.test.ts" },
  { name: "random stories", files: "test/random/**/*.test.ts" },
  { name: "scenarios", files: "test/scenarios/**/*.test.ts" },
  {
    name: "stack, examples, documents, mutations, package",
    files: "test/{stacks,examples,documents,mutations,package}/**/*.test.ts",
  },
];

function run(command: string, args: string[], environment: NodeJS.ProcessEnv = {}, timeout?: number): boolean {
  const env = { ...process.env, ...environment };
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit", env, timeout });
  return status === 0;
}

function found({ command, able }: Tool): boolean {
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  const there = directories.some((directory) => directory !== "" && existsSync(join(directory, command)));
  return there && (able?.() ?? true);
}

function install(tools: Tool[]): void {
  const packages = tools.flatMap((tool) => tool.packages);
  const apt = { DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"], apt);
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], apt);
}

/** Into an environment of its own, on Debian's Python: another one may lie where only its owner can run it. */
function installFromPyPI(tools: Tool[], directory: string): void {
  const wanted = tools.flatMap(({ pypi }) => pypi ?? []);
  if (wanted.length === 0) return;
  const environment = join(directory, "python");
  if (!run("/usr/bin/python3", ["-m", "venv", environment])) return;
  run(join(environment, "bin", "pip"), ["install", "--quiet", ...wanted], {}, DOWNLOAD_MILLISECONDS);
  // Tests run it as other users.
  chmodSync(directory, 0o755);
  process.env["PATH"] = [process.env["PATH"], join(environment, "bin")].join(delimiter);
}

function howToHave({ packages, pypi }: Tool): string {
  const apt = `apt-get install ${packages.join(" ")}`;
  const venv = "/opt/aegir-test";
  return pypi
    ? `${apt}; /usr/bin/python3 -m venv ${venv}; ${venv}/bin/pip install ${pypi}; export PATH=$PATH:${venv}/bin`
    : apt;
}

/** The Pulumi CLI through npm's official package `pulumi`, which downloads it; a machine may not be let through to it. */
function installPulumi(directory: string): void {
  process.env["PULUMI_VERSION"] = version;
  if (!run("npm", ["install", "--no-save", "--prefix", directory, "pulumi"])) return;
  const bin = join(directory, "node_modules", ".bin");
  const path = [bin, process.env["PATH"]].join(delimiter);
  if (run("pulumi", ["version"], { PATH: path }, DOWNLOAD_MILLISECONDS)) process.env["PATH"] = path;
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const chosen = wanted.length === 0 ? groups : groups.filter(({ name }) => wanted.some((word) => name.includes(word)));
  const missing = [...new Set(chosen.flatMap((group) => group.needs ?? []))].filter((tool) => !found(tool));
  const directory = mkdtempSync(join(tmpdir(), "aegir-test-"));
  const installing = process.env["AEGIR_TEST_INSTALL"] === "apt";
  if (installing) {
    if (missing.length > 0) install(missing);
    installFromPyPI(missing, directory);
    if (!found({ command: "pulumi", packages: [] })) installPulumi(directory);
  }

  const failures: string[] = [];
  const notes: string[] = [];
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const script of wanted.length === 0 ? ["build", "check"] : ["build"]) {
    console.log(`\n== npm run ${script}`);
    if (run("npm", ["run", "--silent", script])) continue;
    failures.push(`npm run ${script}`);
    total.failed++;
  }

  for (const [index, group] of chosen.entries()) {
    console.log(`\n== ${group.name}`);
    const lacking = (group.needs ?? []).filter((tool) => !found(tool));
    const counts = join(directory, `${index}.json`);
    // Where everything could be installed, nothing may go unseen.
    if (installing && lacking.length > 0)
      failures.push(`${group.name}: still without ${lacking.map(({ command }) => command).join(", ")}`);
    for (const tool of lacking) {
      notes.push(`SKIPPED in "${group.name}": what needs ${tool.command}. Enable it with: ${howToHave(tool)}`);
    }
    const mocha = require.resolve("mocha/bin/mocha.js");
    const passed = run(process.execPath, [mocha, "--reporter", "test/support/CountingReporter.ts", group.files], {
      AEGIR_TEST_COUNTS: counts,
    });
    if (!passed) failures.push(group.name);
    if (!existsSync(counts)) {
      total.failed++;
      continue;
    }
    const result = JSON.parse(readFileSync(counts, "utf8")) as GroupCounts;
    total.passed += result.passed;
    total.failed += result.failed;
    total.skipped += result.skipped.length;
    const onCli = result.skipped.filter((title) => title.includes(ON_THE_CLI));
    if (onCli.length > 0) notes.push(`skipped in "${group.name}": ${onCli.length} tests ${ON_THE_CLI}`);
    notes.push(...result.skipped.filter((title) => !onCli.includes(title)).map((title) => `skipped: ${title}`));
  }
  rmSync(directory, { recursive: true });

  const engines = (await findEngines()).map(({ name }) => name);
  console.log("\n== summary");
  console.log(`engines: ${engines.join(", ")}`);
  if (!engines.some((name) => name.startsWith("pulumi"))) {
    console.log("SKIPPED: every scenario on the real Pulumi CLI. Enable it with: npm install --global pulumi");
  }
  const servers = [
    "the small Aegir",
    ...([phpOnMySql, mariadb, sshd].every(found) ? ["worker.php on MariaDB"] : []),
    ...(process.env["AEGIR_TEST_HOST"] ? [process.env["AEGIR_TEST_HOST"]] : []),
  ];
  console.log(`servers: ${servers.join(", ")}`);
  for (const note of notes) console.log(note);
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exitCode = total.failed === 0 && failures.length === 0 ? 0 : 1;
}

void main();
