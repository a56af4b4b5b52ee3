/** A program that has the package only inside another one, where Pulumi's provider process would not find it. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InProcessEngine } from "../engine/InProcessEngine";
import { Scenario } from "../scenarios/Scenario";

const root = join(__dirname, "..", "..");
const wrapper = `const { AegirClient } = require("pulumi-aegir");
new AegirClient("client:acme", { name: "Acme Corp", internalName: "acme" });
`;

describe("A program that has the package only inside another package", () => {
  let project: string;
  beforeEach(() => {
    project = mkdtempSync(join(realpathSync(tmpdir()), "aegir-wrapped-"));
    const modules = join(project, "node_modules");
    mkdirSync(join(modules, "company-access", "node_modules"), { recursive: true });
    symlinkSync(join(root, "node_modules", "@pulumi"), join(modules, "@pulumi"));
    symlinkSync(join(root, "provider"), join(modules, "company-access", "node_modules", "pulumi-aegir"));
    writeFileSync(join(modules, "company-access", "index.js"), wrapper);
    writeFileSync(join(project, "Pulumi.yaml"), "name: wrapped\nruntime: nodejs\n");
    writeFileSync(join(project, "package.json"), '{ "name": "wrapped", "main": "index.js" }');
    writeFileSync(join(project, "index.js"), 'require("company-access");\n');
  });
  afterEach(() => rmSync(project, { recursive: true }));

  it("is asked to add it to its own package.json, and nothing is deployed", async function () {
    this.timeout(60_000);
    const scenario = await Scenario.open(new InProcessEngine(), { program: project });
    try {
      const outcome = await scenario.stack.up();
      assert.equal(outcome.ok, false);
      assert.match(outcome.diagnostics, /pulumi-aegir is not installed in .*aegir-wrapped-.* Nothing was deployed\./);
      assert.match(outcome.diagnostics, /Add pulumi-aegir to the dependencies of that project's package\.json/);
      assert.equal(scenario.aegir.counts.writes, 0);
    } finally {
      await scenario.close();
    }
  });
});
