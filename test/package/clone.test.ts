/** A fresh clone: what `npm ci` alone must leave behind. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnlessLong } from "../support/random";
import { skip } from "../support/skip";
import { registryAnswers } from "./toolchains";

const root = join(__dirname, "..", "..");

describe("A fresh clone", () => {
  let clone: string;

  before(async function () {
    skipUnlessLong(this, "npm ci in a fresh clone");
    if (!existsSync(join(root, ".git"))) skip(this, "npm ci in a fresh clone", "a checkout that git made");
    if (!(await registryAnswers())) skip(this, "npm ci in a fresh clone", "a registry that npm ping reaches");
    clone = mkdtempSync(join(realpathSync(tmpdir()), "aegir-clone-"));
    // With what is not committed yet, so that a change is judged before its commit.
    const files = run(root, "git", "ls-files", "--cached", "--others", "--exclude-standard").split("\n");
    for (const file of files.filter((file) => existsSync(join(root, file)))) {
      cpSync(join(root, file), join(clone, file));
    }
  });
  after(() => {
    if (clone) rmSync(clone, { recursive: true });
  });

  it("A fresh clone: npm ci makes the command ready, also after the package was packed and built again", function () {
    this.timeout(600_000);
    run(clone, "npm", "ci", "--prefer-offline");
    const lint = () => run(clone, "npx", "--no", "aegir-access", "lint", "stacks/access.yaml");
    assert.match(lint(), /no problem/);
    run(join(clone, "provider"), "npm", "pack");
    assert.match(lint(), /no problem/);
  });
});

function run(directory: string, command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: directory, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}
