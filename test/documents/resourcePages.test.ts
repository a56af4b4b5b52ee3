/** The programs that the pages of the resources show compile, and their previews need no server. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { InProcessEngine } from "../engine/InProcessEngine";
import { expectOk } from "../scenarios/Scenario";
import { skipUnlessLong } from "../support/random";
import { RESOURCE_PAGES } from "./resourceReference";
import { typeProblems } from "./typeProblems";

const root = join(__dirname, "..", "..");
const hostKey = `SHA256:${"A".repeat(43)}`;
const server = (host: string) => ({ connection: { host, user: "aegir", hostKey }, accounts: { instance: "o1" } });

/** By a name that is a file name, too. */
const programs = new Map(
  Object.values(RESOURCE_PAGES).flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/^```ts\n(.*?)^```$/gms)].map(
      ([, program], index) => [`${basename(file, ".md")}-${index + 1}`, program!] as const,
    ),
  ),
);

describe("The examples on the pages of the resources", () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "aegir-pages-"));
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"), "junction");
  });
  after(() => rmSync(directory, { recursive: true }));

  it("resource pages: every example compiles", () => {
    assert.ok(programs.size >= 10);
    for (const [name, program] of programs) writeFileSync(join(directory, `${name}.ts`), program);
    const all = join(directory, "all.ts");
    writeFileSync(all, [...programs.keys()].map((name) => `import "./${name}.js";\n`).join(""));
    assert.deepEqual(typeProblems(all), []);
  });

  for (const [name, program] of programs) {
    it(`resource pages, ${name}: its preview needs no server`, async function () {
      skipUnlessLong(this, "previews of the examples on the pages of the resources");
      const project = join(directory, name);
      mkdirSync(project);
      symlinkSync(join(root, "node_modules"), join(project, "node_modules"), "junction");
      writeFileSync(join(project, "Pulumi.yaml"), "name: page\nruntime: nodejs\n");
      writeFileSync(join(project, "index.ts"), program);
      const servers = program.includes('"eu"') ? { eu: server("eu.example"), us: server("us.example") } : undefined;
      const stack = await new InProcessEngine().open({
        projectDirectory: project,
        stack: "test",
        stateDirectory: join(project, "state"),
        passphrase: "passphrase of the pages",
        config: { "aegir:servers": JSON.stringify(servers ?? { main: server("aegir.example") }) },
      });
      const { steps } = expectOk(await stack.preview());
      assert.ok(steps.length > 0 && steps.every(({ op }) => op === "create"));
    });
  }
});
