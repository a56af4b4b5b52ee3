/**
 * The packed package as users have it: installed by npm into an empty directory, with each of the toolchains that it
 * supports. What it holds is a matter of package.test.ts.
 */
import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type * as ts from "typescript";
import { skip } from "../support/skip";
import { chosenToolchains, InstalledToolchain, NodeUnpublished, pack, registryAnswers } from "./toolchains";
import type { ScenarioResult } from "./toolchainScenario";

/** What a slow registry may take. */
const INSTALL_MILLISECONDS = 300_000;

describe("The package from npm", () => {
  let directory: string;
  let tarball: string;

  before(async function () {
    if (!(await registryAnswers())) {
      skip(this, "the package on other versions of Node, SDK and TypeScript", "a registry that npm ping reaches");
    }
    directory = mkdtempSync(join(realpathSync(tmpdir()), "aegir-toolchains-"));
    tarball = pack(directory);
  });
  after(() => {
    if (directory) rmSync(directory, { recursive: true });
  });

  for (const toolchain of chosenToolchains()) {
    describe(`on Node ${toolchain.node} with SDK ${toolchain.sdk} and TypeScript ${toolchain.typescript}`, () => {
      let installed: InstalledToolchain;

      before(async function () {
        this.timeout(INSTALL_MILLISECONDS);
        try {
          const program = join(__dirname, "program");
          installed = await InstalledToolchain.install(toolchain, { tarball, program, directory });
        } catch (error) {
          if (!(error instanceof NodeUnpublished)) throw error;
          skip(this, `the package on Node ${toolchain.node}`, `a machine for which npm has ${error.message}`);
        }
      });

      it("is installed with these versions", async () => {
        const versions = await installed.versions();
        console.log(`        ${JSON.stringify(versions)}`);
        assert.ok(fits(versions.node, toolchain.node));
        assert.ok(fits(versions.sdk, toolchain.sdk));
        assert.ok(fits(versions.typescript, toolchain.typescript));
      });

      it("has types that a program compiles with, and that need no types of other packages", () => {
        const { files, problems } = check(installed.project);
        assert.ok(files.length > 30, files.join("\n"));
        assert.deepEqual(problems, []);
      });

      it("checks a manifest by its command", async () => {
        const command = join(installed.project, "node_modules", ".bin", "aegir-access");
        const { manifests } = JSON.parse(await installed.run(command, "lint", "--json", "access.yaml"));
        const { clients, sites, bindings } = manifests[0].counts;
        assert.deepEqual([manifests[0].problems, clients, sites, bindings], [[], 1, 1, 1]);
      });

      it("previews, deploys, then finds nothing to do, and destroys", async () => {
        const sucrase = require.resolve("sucrase/register/ts");
        const scenario = join(__dirname, "toolchainScenario.ts");
        const printed = await installed.run("node", "--require", sucrase, scenario, installed.project);
        const result = JSON.parse(printed) as ScenarioResult;
        assert.deepEqual(result.changes, [{ create: 4 }, { create: 4 }, { same: 4 }, { delete: 4 }]);
        assert.ok(result.unchangedByPreview);
        assert.equal(result.deployed.owner, "acme");
        assert.deepEqual(result.deployed.sitesOfLogin, ["www.acme.example"]);
        assert.deepEqual(result.deployed.outputs["logins"], ["o1.acme"]);
        assert.equal(result.writesAgain, 0);
        assert.deepEqual(result.left, { owner: "octopus123456", clients: ["admin", "octopus123456"] });

        const modules = join(installed.project, "node_modules");
        const { node } = await installed.versions();
        assert.deepEqual([...new Set(result.loaded.map((loaded) => loaded.node))], [node]);
        assert.deepEqual([...new Set(result.loaded.map(({ file }) => relative(modules, file)))].sort(), [
          "@pulumi/pulumi/index.js",
          "pulumi-aegir/dist/dynamic/index.js",
          "pulumi-aegir/dist/index.js",
          "typescript/lib/typescript.js",
        ]);
      });
    });
  }
});

/** Whether a version is one that npm may install for what was asked for: a version, the first part of it, or a dist-tag. */
function fits(version: string, wanted: string): boolean {
  return version === wanted || version.startsWith(`${wanted}.`) || wanted === "latest";
}

/** What the project's own compiler has to say about its program and about each declaration of the package that it reads. */
function check(project: string): { files: string[]; problems: string[] } {
  const compiler = createRequire(join(project, "package.json"))("typescript") as typeof ts;
  const { config } = compiler.readConfigFile(join(project, "tsconfig.json"), (path) => compiler.sys.readFile(path));
  const { fileNames, options } = compiler.parseJsonConfigFileContent(config, compiler.sys, project);
  const program = compiler.createProgram(fileNames, options);
  const own = program
    .getSourceFiles()
    .filter(({ fileName }) => fileNames.includes(fileName) || fileName.includes("/node_modules/pulumi-aegir/"));
  const problems = own.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]);
  return {
    files: own.map(({ fileName }) => fileName),
    problems: [...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics(), ...problems].map(
      ({ file, messageText }) => `${file?.fileName ?? ""}: ${compiler.flattenDiagnosticMessageText(messageText, "\n")}`,
    ),
  };
}
