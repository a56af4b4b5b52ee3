/** accessStack(): people and teams are deployed as bindings of single users. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../engine/Engine";
import { onEveryEngine } from "../scenarios/everyEngine";
import { Scenario } from "../scenarios/Scenario";

const program = join(__dirname, "..", "..");

const clients = (users: string) => `version: 1
clients:
  - { name: Acme Corp, internalName: acme, sites: [www.acme.example], users: [${users}] }
  - { name: Beta GmbH, internalName: beta, sites: [www.beta.example], users: [${users}] }
`;
const records = `people:
  alice: { email: alice@acme.example }
  bob: { email: bob@acme.example, owner: alice }
  carol: { email: carol@acme.example }
`;

onEveryEngine("a stack of people and teams", (engine) => {
  let scenario: Scenario;
  const deploy = async (text: string) => {
    const file = join(scenario.directory, "access.yaml");
    writeFileSync(file, text);
    await scenario.configure({ "aegir-access:manifest": file });
    return scenario.up();
  };

  beforeEach(async () => {
    scenario = await Scenario.open(engine(), { program });
    scenario.aegir.addSites([{ site: "www.acme.example" }, { site: "www.beta.example" }]);
    for (const name of ["alice", "bob"]) scenario.aegir.panel.addUser({ name, mail: `${name}@acme.example` });
  });
  afterEach(() => scenario.close());

  it("changes nothing when names move into a team, and records into people", async () => {
    const { outputs } = await deploy(clients("alice, bob"));
    // Few deployments, because the Pulumi CLI needs half a minute for each on a slow machine.
    for (const text of [
      `${clients("{ team: all }, alice")}${records}teams: { web: [bob], all: [alice, web] }\n`,
      clients("alice, bob"),
    ]) {
      const outcome = await deploy(text);
      assert.deepEqual(changed(outcome), [], text);
      assert.doesNotMatch(outcome.diagnostics, /access/, "there is no review of nothing");
      assert.deepEqual(outcome.outputs, outputs);
    }
  });

  it("binds who joins a team to all of its clients, makes the user, and unbinds who leaves or has ended", async () => {
    const text = `${clients("{ team: web }")}${records}teams: { web: [alice, bob] }\n`;
    await deploy(text);
    const joined = await deploy(text.replace("[alice, bob]", "[alice, bob, carol]"));
    assert.deepEqual(changed(joined), ["create binding:acme:carol", "create binding:beta:carol"]);
    assert.deepEqual(scenario.aegir.panel.sitesOf("carol"), ["www.acme.example", "www.beta.example"]);
    const ended = await deploy(text.replace("owner: alice", "ends: 2020-01-31"));
    const unbound = ["bob", "carol"].flatMap((name) =>
      ["acme", "beta"].map((client) => `delete binding:${client}:${name}`),
    );
    assert.deepEqual(changed(ended).sort(), unbound.sort());
    for (const name of ["bob", "carol"]) assert.deepEqual(scenario.aegir.panel.sitesOf(name), []);
  });
});

/** The steps that do something, as `<operation> <logical name>`. */
function changed({ steps }: Outcome): string[] {
  return steps.flatMap(({ op, name }) => (op === "same" || op === "read" ? [] : [`${op} ${name}`])).sort();
}
