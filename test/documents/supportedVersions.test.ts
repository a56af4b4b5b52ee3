/** The versions that README.md calls supported are those that the tests use and that the package asks for. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { engines, peerDependencies, version } from "pulumi-aegir/package.json";
import { parse } from "yaml";
import { devDependencies } from "../../package.json";
import { INSTALLERS, TSX } from "../package/installers";
import { PINNED_TOOLCHAINS, type Toolchain } from "../package/toolchains";

const root = join(__dirname, "..", "..");
const template = (path: string) => readFileSync(join(root, "provider", "templates", path), "utf8");

describe("The supported versions in README.md", () => {
  it("supported versions: list every tested major version of Node, and the package requires the oldest", () => {
    const { supported, tested } = row("Node");
    assert.deepEqual(tested, testedVersions("node"));
    assert.deepEqual(
      supported.split(", "),
      tested.map((version) => version.split(".")[0]),
    );
    assert.equal(engines.node, `>=${supported.split(", ")[0]}`);
  });

  it("supported versions: list every tested SDK: the oldest accepted one and the one of development", () => {
    const { supported, tested } = row("`@pulumi/pulumi`");
    assert.deepEqual(tested, testedVersions("sdk"));
    assert.equal(supported, `${tested[0]} or newer, below 4`);
    assert.equal(peerDependencies["@pulumi/pulumi"], `>=${tested[0]} <4`);
    assert.ok(tested.includes(devDependencies["@pulumi/pulumi"]));
  });

  it("supported versions: list every tested minor version of TypeScript", () => {
    const { supported, tested } = row("TypeScript");
    assert.deepEqual(tested, testedVersions("typescript"));
    assert.deepEqual(
      supported.split(", "),
      tested.map((version) => version.replace(/\.\d+$/, "")),
    );
  });

  it("supported versions: a project that init makes, and its pipelines, use this release and versions of development", () => {
    const { dependencies, devDependencies: others } = JSON.parse(template("project/package.json"));
    assert.deepEqual(dependencies, {
      "@pulumi/pulumi": devDependencies["@pulumi/pulumi"],
      "pulumi-aegir": `^${version}`,
    });
    assert.deepEqual(others, {
      "@types/node": devDependencies["@types/node"],
      typescript: devDependencies.typescript,
    });
    const { tested } = row("Pulumi CLI");
    assert.match(template("github/.github/workflows/access-deploy.yml"), new RegExp(`pulumi-version: ${tested[0]}\\n`));
    assert.match(template("gitlab/.gitlab-ci.yml"), new RegExp(`image:\\n.*pulumi-nodejs:${tested[0]}\\n`));
  });

  it("supported versions: list every tested package manager and what it needs in the project", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    for (const { name, files } of INSTALLERS) {
      const needs = readme.split("\n").find((line) => line.startsWith(`| ${name} | `));
      assert.ok(needs, `README.md has a row for ${name}`);
      for (const [file, text] of Object.entries(files).filter(([, text]) => text !== "")) {
        assert.ok(needs.includes(basename(file)));
        for (const word of text.match(/[\w-]+/g)!) assert.ok(needs.includes(word), `${name}: ${word}`);
      }
    }
  });

  it("supported versions: show the settings with which tsx runs a program", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const { runtime } = parse(TSX.files["Pulumi.yaml"]!) as { runtime: { options: object } };
    const [, shown] = /`(runtime: \{[^`]+)`/.exec(readme)!;
    assert.deepEqual(parse(shown!), { runtime });
    const { type, main } = JSON.parse(TSX.files["package.json"]!) as { type: string; main: string };
    assert.ok(readme.includes(`\`"type": "${type}"\` and \`"main": "${main}"\` in \`package.json\``));
  });

  it("supported versions: name the Pulumi CLI that recorded the step lists", () => {
    const { supported, tested } = row("Pulumi CLI");
    const golden = join(root, "test", "engine", "golden", "lifecycle", "up.json");
    const { recordedWith } = JSON.parse(readFileSync(golden, "utf8")) as { recordedWith: string };
    assert.deepEqual(
      tested.map((version) => `pulumi v${version}`),
      [recordedWith],
    );
    assert.equal(`${supported}.0`, tested[0]);
  });
});

/** The row of a component in the table. */
function row(component: string): { supported: string; tested: string[] } {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const line = readme.split("\n").find((line) => line.startsWith(`| ${component} | `));
  assert.ok(line, `README.md has a row for ${component}`);
  const [supported, tested] = line.split("|").slice(2, 4) as [string, string];
  return { supported: supported.trim(), tested: tested.trim().split(", ") };
}

/** In ascending order. */
function testedVersions(component: keyof Toolchain): string[] {
  const versions = new Set(PINNED_TOOLCHAINS.map((toolchain) => toolchain[component]));
  return [...versions].sort((left, right) => left.localeCompare(right, "en", { numeric: true }));
}
