/** The programs that pages show compile, and previews of those that are whole need no server. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { SERVERS_KEY } from "../../provider/aegir/ServerConfiguration";
import { parseManifest } from "../../provider/manifest";
import type { Step } from "../engine/Engine";
import { InProcessEngine } from "../engine/InProcessEngine";
import { expectOk } from "../scenarios/Scenario";
import { skipUnlessLong } from "../support/random";
import { codeBlocks } from "./codeBlocks";
import { RESOURCE_PAGES } from "./resourceReference";
import { typeProblems } from "./typeProblems";

const root = join(__dirname, "..", "..");
const docs = join(root, "provider", "docs");
const hostKey = `SHA256:${"A".repeat(43)}`;
const server = (host: string) => ({ connection: { host, user: "aegir", hostKey }, accounts: { instance: "o1" } });

const programsOf = (page: string) => codeBlocks(page).filter(({ language }) => language === "ts");
const ofFirstPages = [join(root, "README.md"), join(docs, "writing-your-own-program.md")].flatMap(programsOf);
const ofResources = Object.values(RESOURCE_PAGES).map((page) => ({ page, programs: programsOf(page) }));
const ofHostedBoa = programsOf(join(docs, "hosted-boa.md"));
const [manifest] = codeBlocks(join(root, "README.md")).filter(({ text }) => text.includes("\nversion: 1\n"));

describe("The programs that pages show", () => {
  let directory: string;
  /** Compiled together, which takes hardly longer than one. */
  let problems: string[];
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "aegir-pages-"));
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"), "junction");
    const programs = [...ofFirstPages, ...ofResources.flatMap(({ programs }) => programs), ...ofHostedBoa];
    for (const { at, text } of programs) {
      mkdirSync(project(at));
      writeFileSync(join(project(at), "Pulumi.yaml"), "name: page\nruntime: nodejs\n");
      writeFileSync(join(project(at), "index.ts"), text);
      writeFileSync(join(project(at), "access.yaml"), manifest!.text);
    }
    problems = typeProblems(programs.map(({ at }) => join(project(at), "index.ts")));
  });
  after(() => rmSync(directory, { recursive: true }));

  const project = (at: string) => join(directory, at.replaceAll(" ", "-"));
  const problemsOf = (at: string) => problems.filter((problem) => problem.includes(basename(project(at))));

  async function preview(at: string, servers: object): Promise<Step[]> {
    const stack = await new InProcessEngine().open({
      projectDirectory: project(at),
      stack: "test",
      stateDirectory: join(project(at), "state"),
      passphrase: "passphrase of the pages",
      config: { [SERVERS_KEY]: JSON.stringify(servers) },
    });
    return expectOk(await stack.preview()).steps;
  }

  for (const { at, text } of ofFirstPages) {
    it(`${at}: the program compiles, and its preview needs no server`, async () => {
      assert.deepEqual(problemsOf(at), []);
      const declared = text.includes("accessStack")
        ? ["access", ...namesOf(manifest!.text)]
        : [...text.matchAll(/\bnew \w+\("([^"]+)"/g)].map(([, name]) => name!);
      const steps = await preview(at, { main: server("aegir.example") });
      assert.deepEqual(
        // The program of a manifest reads the outputs of its last deployment.
        steps.flatMap(({ op, name }) => (op === "read" ? [] : `${op} ${name}`)).sort(),
        declared.map((name) => `create ${name}`).sort(),
      );
    });
  }

  it("resource pages: every example compiles", () => {
    const examples = ofResources.flatMap(({ programs }) => programs);
    assert.ok(examples.length >= 10);
    assert.deepEqual(
      examples.flatMap(({ at }) => problemsOf(at)),
      [],
    );
  });

  for (const { page, programs } of ofResources) {
    for (const [index, { at, text }] of programs.entries()) {
      it(`resource pages, ${basename(page, ".md")}-${index + 1}: its preview needs no server`, async function () {
        skipUnlessLong(this, "previews of the examples on the pages of the resources");
        const several = { eu: server("eu.example"), us: server("us.example") };
        const steps = await preview(at, text.includes('"eu"') ? several : { main: server("aegir.example") });
        assert.ok(steps.length > 0 && steps.every(({ op }) => op === "create"));
      });
    }
  }

  for (const { at } of ofHostedBoa) {
    it("hosted-boa.md: shows a program that compiles", () => assert.deepEqual(problemsOf(at), []));
  }

  it("the pages' programs: all of them compile", () => assert.deepEqual(problems, []));
});

/** The logical names of what a manifest declares. */
function namesOf(text: string): string[] {
  return parseManifest(text, "access.yaml").clients.flatMap(({ internalName, users, sites, shellAccount }) => [
    `client:${internalName}`,
    ...users.map(({ key }) => `binding:${internalName}:${key}`),
    ...sites.map(({ site }) => `site:${site}`),
    ...(shellAccount ? [`account:${internalName}`] : []),
  ]);
}
