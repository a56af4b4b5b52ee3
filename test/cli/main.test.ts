/** What every command of `aegir-access` has in common: help, usage errors, exit codes, and where they are printed. */
import assert from "node:assert/strict";
import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../provider/cli/commands";
import { aegirAccess, main } from "./command";

const packageDirectory = join(__dirname, "..", "..", "provider");

describe("aegir-access", () => {
  it("aegir-access: is the bin of the package and begins with a shebang line", () => {
    const { bin } = JSON.parse(readFileSync(join(packageDirectory, "package.json"), "utf8")) as { bin: object };
    assert.deepEqual(bin, { "aegir-access": "./dist/cli/main.js" });
    const file = join(packageDirectory, "dist", "cli", "main.js");
    accessSync(file, constants.R_OK);
    assert.match(readFileSync(file, "utf8"), /^#!\/usr\/bin\/env node\n/);
  });

  it("aegir-access --help: lists the commands and exit codes on standard output", async () => {
    const { exitCode, stdout, stderr } = await aegirAccess(["--help"]);
    assert.deepEqual([exitCode, stderr], [0, ""]);
    for (const { name, summary } of commands) {
      assert.match(stdout, new RegExp(`^  ${name} +${summary.slice(0, 40)}`, "m"));
    }
    for (const code of [0, 1, 2, 3, 4]) assert.match(stdout, new RegExp(`^  ${code}  \\w`, "m"));
  });

  it("aegir-access --version: prints the version", async () => {
    const { version } = JSON.parse(readFileSync(join(packageDirectory, "package.json"), "utf8")) as { version: string };
    const printed = { exitCode: 0, stdout: `${version}\n`, stderr: "" };
    assert.deepEqual(await aegirAccess(["--version"], { command: main }), printed);
    assert.deepEqual(await aegirAccess(["--version"]), printed, "also in a process that is used again");
  });

  it("aegir-access: reports a missing or misspelt command on standard error", async () => {
    const nothing = await aegirAccess([]);
    assert.deepEqual([nothing.exitCode, nothing.stdout], [2, ""]);
    assert.match(nothing.stderr, /Usage:/);
    const misspelt = await aegirAccess(["docter"]);
    assert.deepEqual([misspelt.exitCode, misspelt.stdout], [2, ""]);
    assert.equal(misspelt.stderr, 'Unknown command "docter". Did you mean "doctor"?\nSee `aegir-access --help`.\n');
  });

  for (const command of commands) {
    describe(command.name, () => {
      it(`${command.name} --help: shows every option, every exit code and examples, in lines of at most 100 characters`, async () => {
        const { exitCode, stdout, stderr } = await aegirAccess([command.name, "--help"]);
        assert.deepEqual([exitCode, stderr], [0, ""]);
        for (const option of [...Object.keys(command.options), "json", "debug", "help"]) {
          assert.ok(stdout.includes(`--${option}`));
        }
        for (const code of [0, 1, 2, 3]) assert.match(stdout, new RegExp(`^  ${code}  \\w`, "m"));
        for (const [line] of command.examples) assert.ok(stdout.includes(`  aegir-access ${line}\n`), line);
        assert.deepEqual(
          stdout.split("\n").filter((line) => line.length > 100),
          [],
        );
        assert.doesNotMatch(stdout, /\x1b/, "no colours where it is no terminal");
      });

      it(`${command.name}: refuses an unknown option on standard error, and exits with 2`, async () => {
        const { exitCode, stdout, stderr } = await aegirAccess([command.name, "--frobnicate"]);
        assert.deepEqual([exitCode, stdout], [2, ""]);
        assert.match(stderr, /Unknown option '--frobnicate'/);
        const asked = await aegirAccess([command.name, "--frobnicate", "--json"]);
        const { error, code } = JSON.parse(asked.stdout) as { error: string; code: string };
        assert.deepEqual([asked.exitCode, code], [2, "usage"], error);
        assert.ok(stderr.endsWith(`See \`aegir-access ${command.name} --help\`.\n`));
      });
    });
  }
});
