/** The packed package, installed by other package managers than npm, in a monorepo, and in a program that tsx runs. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { devDependencies } from "../../package.json";
import { skipUnlessLong } from "../support/random";
import { skip } from "../support/skip";
import { INSTALLERS, installWith, TSX } from "./installers";
import { pack, registryAnswers } from "./toolchains";
import type { ScenarioResult } from "./toolchainScenario";

describe("The package, installed by", () => {
  let directory: string;
  let tarball: string;

  before(async function () {
    if (!(await registryAnswers())) skip(this, "other package managers than npm", "a registry that npm ping reaches");
    directory = mkdtempSync(join(realpathSync(tmpdir()), "aegir-installers-"));
    tarball = pack(directory);
  });
  after(() => {
    if (directory) rmSync(directory, { recursive: true });
  });

  for (const installer of [...INSTALLERS, TSX]) {
    it(`${installer.name}, is previewed, deployed and destroyed`, async function () {
      this.timeout(300_000);
      if (installer.isLong) skipUnlessLong(this, "further package managers");
      const program = join(__dirname, "program");
      const project = await installWith(installer, {
        tarball,
        program,
        directory,
        sdk: devDependencies["@pulumi/pulumi"],
      });
      // A workspace has it in the monorepo's folder.
      const folders = [project, dirname(project)].map((folder) => join(folder, "node_modules", ".bin"));
      const env = { ...process.env, PATH: [...folders, process.env["PATH"]].join(delimiter) };
      assert.match(
        execFileSync("aegir-access", ["lint", "access.yaml"], { cwd: project, env, encoding: "utf8" }),
        /no problem/,
      );
      const scenario = join(__dirname, "toolchainScenario.ts");
      const args = ["--require", require.resolve("sucrase/register/ts"), scenario, project];
      const result = JSON.parse(execFileSync("node", args, { encoding: "utf8" })) as ScenarioResult;
      assert.deepEqual(result.changes, [{ create: 4 }, { create: 4 }, { same: 4 }, { delete: 4 }]);
      assert.equal(result.deployed.owner, "acme");
    });
  }
});
