/** `npm run aegir`, as somebody who tries a stack by hand uses it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aegirAccess } from "../cli/command";

const root = join(__dirname, "..", "..");

describe("npm run aegir", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "aegir-try-"));
    copyFileSync(join(root, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function start(...args: string[]) {
    const hook = require.resolve("sucrase/register/ts");
    const child = spawn(process.execPath, ["--require", hook, join(__dirname, "main.ts"), ...args], { cwd: directory });
    let output = "";
    const printed = (text: string) =>
      new Promise<void>((resolve, reject) => {
        child.once("close", () => reject(new Error(output)));
        for (const stream of [child.stdout, child.stderr]) {
          stream.on("data", (piece: Buffer) => {
            output += piece.toString();
            if (output.includes(text)) resolve();
          });
        }
      });
    return { child, printed, output: () => output };
  }

  it("explains itself with --help, and starts nothing on an option that it does not know", async () => {
    for (const [option, code] of [
      ["--help", 0],
      ["--halp", 2],
    ] as const) {
      const { child, printed, output } = start(option);
      await printed("Usage: npm run aegir");
      if (child.exitCode === null) await once(child, "close");
      assert.equal(child.exitCode, code);
      assert.doesNotMatch(output(), /listens on/);
    }
  });

  it("holds almost what stacks/access.yaml declares, as the commands that it prints show", async () => {
    const { child, printed, output } = start();
    try {
      await printed("Ctrl-C ends it");
      const environment = Object.fromEntries(
        [...output().matchAll(/export (\w+)="\$\(cat (\S+)\)"/g)].map(([, name, file]) => [
          name!,
          readFileSync(file!, "utf8"),
        ]),
      );
      const [, command] = /npx aegir-access (plan .*)/.exec(output())!;
      const args = command!.replace("stacks/access.yaml", join(root, "stacks", "access.yaml")).split(" ");
      const { stdout, stderr } = await aegirAccess(args, { cwd: directory, environment });
      assert.match(stdout, /^\+ binding:acme:bob: /m, stderr);
      assert.match(stdout, /^~ site:shop\.acme\.example: goes from octopus123456 to acme\.$/m);
      assert.match(stdout, /: 1 to create, 1 to change, \d+ as declared\.$/m);
    } finally {
      child.kill("SIGINT");
      if (child.exitCode === null) await once(child, "close");
    }
    assert.equal(child.exitCode, 0);
  });
});
