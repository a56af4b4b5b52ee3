/** What provider/docs/rules.md shows is accepted, and has every kind of rule. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseManifest } from "../../provider/manifest";
import { RULE_KINDS } from "../../provider/rules/kinds";
import { RULE_LEVELS } from "../../provider/rules/Rule";

const page = readFileSync(join(__dirname, "..", "..", "provider", "docs", "rules.md"), "utf8");
const [manifest, limit] = Array.from(page.matchAll(/^```yaml\n(.*?)^```$/gms), ([, text]) => text!);
const asOf = "2026-11-24";

describe("The page about rules", () => {
  it("rules.md: its manifest is accepted and has every kind and every level", () => {
    const { rules, warnings } = parseManifest(manifest!, "the page", { asOf });
    assert.deepEqual(warnings, []);
    assert.deepEqual(rules.map(({ kind }) => kind).sort(), Object.keys(RULE_KINDS).sort());
    assert.deepEqual([...new Set(rules.map(({ level }) => level))].sort(), [...RULE_LEVELS].sort());
    for (const kind of Object.keys(RULE_KINDS)) assert.match(page, new RegExp(`^\\| .*\`${kind}\``, "m"));
  });

  it("rules.md: its manifest is held to its rules", () => {
    const broken = manifest!.replace("users: [{ team: core }]", "users: [{ team: core }, bob]");
    assert.throws(() => parseManifest(broken, "the page", { asOf }), /The bank is for the core team/);
  });

  it("rules.md: its limit of gains is accepted", () => {
    assert.equal(parseManifest(limit!, "the page", { asOf }).allowGains?.grants, 40);
  });
});
