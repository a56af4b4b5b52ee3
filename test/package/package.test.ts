/** The package as npm publishes it: what it holds, and that a project which has nothing but it can be deployed. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import * as ts from "typescript";
import { brokenLinks } from "../documents/links";
import { typeProblems } from "../documents/typeProblems";
import { onEveryEngine } from "../scenarios/everyEngine";
import { expectOk, Scenario } from "../scenarios/Scenario";
import { installPacked } from "./packed";

const root = join(__dirname, "..", "..");

const program = `import { AegirClient, SiteOwnership } from "pulumi-aegir";
import { parseManifest, type Manifest } from "pulumi-aegir/manifest";

const manifest: Manifest = parseManifest(
  "version: 1\\nclients: [{ name: Acme Corp, internalName: acme, sites: [www.acme.example] }]",
  "access.yaml",
);
for (const { name, internalName, sites } of manifest.clients) {
  const client = new AegirClient("client:" + internalName, { name, internalName });
  for (const { site } of sites) new SiteOwnership("site:" + site, { site, client: client.internalName });
}
`;

/** Writes down from where the provider process takes the package. */
const probe = `const Module = require("node:module");
const load = Module._load;
Module._load = function (request, parent, ...rest) {
  if (request === "pulumi-aegir/dynamic") {
    require("node:fs").appendFileSync(process.env.PROBE_FILE, Module._resolveFilename(request, parent) + "\\n");
  }
  return load.call(this, request, parent, ...rest);
};
`;

describe("the packed package", () => {
  const directory = join(realpathSync(tmpdir()), `aegir-package-${process.pid}`);
  const project = join(directory, "project");
  const installed = join(project, "node_modules", "pulumi-aegir");
  /** A project whose program is the one line that the README shows. */
  const whole = join(directory, "whole");
  const manifest = JSON.parse(readFileSync(join(root, "provider/package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  let tarball: string;
  let packed: string[];

  before(() => {
    mkdirSync(directory);
    tarball = pack(directory);
    packed = installPacked(tarball, project);
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true }));
    writeFileSync(join(project, "Pulumi.yaml"), "name: consumer\nruntime: nodejs\n");
    writeFileSync(join(project, "index.ts"), program);
    writeFileSync(join(project, "probe.js"), probe);
    mkdirSync(whole);
    symlinkSync(join(project, "node_modules"), join(whole, "node_modules"), "junction");
    writeFileSync(join(whole, "package.json"), JSON.stringify({ name: "whole", private: true }));
    writeFileSync(join(whole, "Pulumi.yaml"), "name: whole\nruntime: nodejs\n");
    writeFileSync(
      join(whole, "index.ts"),
      'import { accessStack } from "pulumi-aegir/stack";\nexport = accessStack();\n',
    );
    writeFileSync(
      join(whole, "access.yaml"),
      "version: 1\nclients: [{ name: Acme Corp, internalName: acme, sites: [www.acme.example], shellAccount: true }]\n",
    );
  });
  after(() => rmSync(directory, { recursive: true }));

  it("holds the compiled code with its types, the worker, the schema, the documents and the licence, and nothing else", () => {
    const outside = packed.filter((path) => !/^(dist|templates)\//.test(path));
    const pages = readdirSync(join(root, "provider", "docs")).map((page) => `docs/${page}`);
    assert.deepEqual(outside.sort(), ["LICENSE", "README.md", ...pages, "package.json"].sort());
    const rest = packed.filter((path) => path.startsWith("dist/") && !/\.(js|d\.ts)$/.test(path));
    assert.deepEqual(rest.sort(), [
      "dist/aegir/servers.schema.json",
      "dist/answers/access.test.schema.json",
      "dist/manifest/access.schema.json",
      "dist/resources/resources.schema.json",
      "dist/review/page.html",
      "dist/worker/facts.php",
      "dist/worker/reads.php",
      "dist/worker/session.php",
      "dist/worker/writes.php",
    ]);
    assert.deepEqual(
      packed.filter((path) => /(^|\/)test\/|\.test\.(js|d\.ts)$|\.map$/.test(path)),
      [],
    );
    const sources = packed.filter((path) => path.endsWith(".js")).map((path) => path.replace(/\.js$/, ".d.ts"));
    assert.deepEqual(
      sources.filter((types) => !packed.includes(types)),
      [],
    );
  });

  it("brings every template, the .gitignore under a name that npm packs", () => {
    const templates = readdirSync(join(root, "provider", "templates"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(join(root, "provider"), join(entry.parentPath, entry.name)));
    assert.deepEqual(packed.filter((path) => path.startsWith("templates/")).sort(), templates.sort());
    assert.ok(templates.includes("templates/project/.gitignore${DESCRIPTION}"));
  });

  it("brings every file that its package.json names", () => {
    const paths = JSON.stringify(manifest.exports).match(/(?<=:"\.\/)[\w./]+(?=")/g)!;
    assert.ok(paths.length >= 11);
    assert.deepEqual(
      paths.filter((path) => !packed.includes(path)),
      [],
    );
  });

  it("the packed package: README and pages link to what is in it, or to files of the repository", () => {
    for (const page of packed.filter((path) => path.endsWith(".md"))) {
      assert.deepEqual([page, brokenLinks(join(installed, page))], [page, []]);
    }
  });

  for (const [linter, ...args] of [
    ["publint", "run", "--strict"],
    ["attw", "--format", "ascii"],
  ] as const) {
    it(`the packed package: passes ${linter}`, () => {
      execFileSync(join(root, "node_modules", ".bin", linter), [...args, tarball], { encoding: "utf8", stdio: "pipe" });
    });
  }

  it("is required under each of its names", () => {
    const script = `const { AegirClient, ClientUserBinding, ShellAccount, SiteOwnership } = require("pulumi-aegir");
      const { parseManifest, readManifest, ManifestError } = require("pulumi-aegir/manifest");
      const { accessPage, EffectiveAccess } = require("pulumi-aegir/review");
      const { accessStack } = require("pulumi-aegir/stack");
      const { configure } = require("pulumi-aegir/dynamic");
      const found = [AegirClient, ClientUserBinding, ShellAccount, SiteOwnership, parseManifest, readManifest, ManifestError, accessPage, accessStack, configure];
      accessPage(new EffectiveAccess({ clients: [], sites: [], asOf: "2026-11-24" }));
      console.log(found.map((each) => each.name).join(), require("pulumi-aegir/access.schema.json").title, require("pulumi-aegir/access.test.schema.json").title, require("pulumi-aegir/servers.schema.json").title, Object.keys(require("pulumi-aegir/resources.schema.json").definitions).join());`;
    assert.equal(
      run(project, "-e", script),
      "AegirClient,ClientUserBinding,ShellAccount,SiteOwnership,parseManifest,readManifest,ManifestError,accessPage,accessStack,configure manifest file of access tests Pulumi.<stack>.yaml AegirClient,SiteOwnership,ClientUserBinding,ShellAccount",
    );
  });

  for (const [door, errors] of Object.entries({
    index: "AegirError HostKeyRejected ProgramError SessionBroken SftpRefusal SshError WorkerNotStarted WorkerRefusal",
    "manifest/index": "ManifestError",
    "review/index": "IncompletePreview UnreadableGrants UnreadableLastUses",
  })) {
    it(`exports its errors from ${door}, and their types need no other package's types`, () => {
      const names = run(
        project,
        "-p",
        `Object.entries(require("./node_modules/pulumi-aegir/dist/${door}.js"))
          .filter(([, value]) => value.prototype instanceof Error).map(([name]) => name).sort().join(" ")`,
      );
      assert.equal(names, errors);
      const declarations = join(installed, "dist", `${door}.d.ts`);
      const text = readFileSync(declarations, "utf8");
      for (const name of names.split(" ")) {
        const [, path] = new RegExp(`\\{[^{}]*\\b${name}\\b[^{}]*\\} from "(.+)";`).exec(text) ?? assert.fail(name);
        const foreign = foreignImports(join(dirname(declarations), `${path}.d.ts`));
        assert.deepEqual([name, foreign], [name, name === "ProgramError" ? ["@pulumi/pulumi"] : []]);
      }
    });
  }

  it("is imported by name from an ES module", () => {
    writeFileSync(
      join(project, "module.mjs"),
      `import { AegirClient, SiteOwnership } from "pulumi-aegir";
       import { parseManifest } from "pulumi-aegir/manifest";
       console.log(AegirClient.name, SiteOwnership.name, parseManifest.name);`,
    );
    assert.equal(run(project, "module.mjs"), "AegirClient SiteOwnership parseManifest");
  });

  for (const [title, options] of Object.entries({
    nodenext: {},
    node10: { module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 },
    bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  })) {
    it(`has types that are found under the module resolution "${title}", and that are strict`, () => {
      const wrong = join(project, "wrong.ts");
      writeFileSync(wrong, program.replace("{ name, internalName }", "{ title: name, internalName }"));
      // An ES module cannot have its `export =`.
      const programs = title === "bundler" ? [project] : [project, whole];
      const problems = typeProblems([...programs.map((directory) => join(directory, "index.ts")), wrong], options);
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0]!, /wrong\.ts.*'title' does not exist in type 'AegirClientArgs'/);
    });
  }

  onEveryEngine("a project whose program is accessStack()", (engine) => {
    it("deploys access.yaml, finds nothing to do in it again, and exports the logins", async () => {
      const scenario = await Scenario.open(engine(), { program: whole });
      try {
        scenario.aegir.addSites([{ site: "www.acme.example" }]);
        const { outputs } = expectOk(await scenario.stack.up());
        assert.equal(scenario.owner("www.acme.example"), "acme");
        const { username } = (outputs as { logins: Record<string, { username: string }> }).logins["acme"]!;
        assert.deepEqual(await scenario.sitesOf(username), ["www.acme.example"]);
        const { writes } = scenario.aegir.counts;
        await scenario.up();
        assert.equal(scenario.aegir.counts.writes, writes);
      } finally {
        await scenario.close();
      }
    });

    it("says what to install for runQueue, and where it looks for a manifest, before anything is registered", async () => {
      const scenario = await Scenario.open(engine(), { program: whole });
      try {
        await scenario.configure({ "whole:runQueue": "true" });
        const noCommand = await scenario.stack.preview();
        assert.deepEqual(noCommand.steps, []);
        assert.match(noCommand.diagnostics, /`npm install "@pulumi\/command@\^1\.2\.1"`/);
        await scenario.configure({ "whole:manifest": "clients.yaml" });
        const noManifest = await scenario.stack.preview();
        assert.deepEqual(noManifest.steps, []);
        assert.ok(noManifest.diagnostics.includes(`There is no access manifest ${join(whole, "clients.yaml")}.`));
      } finally {
        await scenario.close();
      }
    });
  });

  onEveryEngine("a project that has it", (engine) => {
    it("is previewed and deployed with it, and with no other copy", async () => {
      const scenario = await Scenario.open(engine(), { program: project });
      try {
        scenario.aegir.addSites([{ site: "www.acme.example" }]);
        const probeFile = join(directory, "probed");
        const env = { NODE_OPTIONS: `--require ${join(project, "probe.js")}`, PROBE_FILE: probeFile };
        const preview = expectOk(await scenario.stack.preview({ env }));
        assert.deepEqual(preview.changes, { create: 2 });
        const up = expectOk(await scenario.stack.up({ env }));
        assert.deepEqual(up.changes, { create: 2 });
        assert.equal(scenario.owner("www.acme.example"), "acme");
        const copies = new Set(readFileSync(probeFile, "utf8").trimEnd().split("\n"));
        assert.deepEqual([...copies], [join(installed, "dist", "dynamic", "index.js")]);
      } finally {
        await scenario.close();
      }
    });
  });
});

/** The packages, Node aside, whose types a declaration file needs, itself or by what it imports of its own package. */
function foreignImports(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const imports = readFileSync(file, "utf8").matchAll(/(?:from|import\() ?"([^"]+)"/g);
  return [...imports].flatMap(([, path]) =>
    path!.startsWith(".")
      ? foreignImports(join(dirname(file), `${path}.d.ts`), seen)
      : [path!].filter((name) => !name.startsWith("node:")),
  );
}

/** Packs a copy of the workspace, as a release does: the build of this checkout may be in use. */
function pack(directory: string): string {
  const copy = join(directory, "checkout");
  cpSync(join(root, "provider"), join(copy, "provider"), {
    recursive: true,
    filter: (source) => !["dist", "node_modules"].includes(basename(source)),
  });
  for (const file of ["tsconfig.base.json", "README.md", "LICENSE"]) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
  const output = execFileSync("npm", ["pack", "--json", "--offline", "--pack-destination", directory], {
    cwd: join(copy, "provider"),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ filename }] = JSON.parse(output) as [{ filename: string }];
  return join(directory, filename);
}

function run(directory: string, ...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: directory, encoding: "utf8" }).trim();
}
