/** accessStack(): people, teams and rules in a directory of files with owners, as an organisation keeps them. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../engine/Engine";
import { onEveryEngine } from "../scenarios/everyEngine";
import { expectOk, Scenario } from "../scenarios/Scenario";
import { newKey } from "../support/keys";

const keys = { alice: newKey(), bob: newKey(), carol: newKey() };
const person = (name: keyof typeof keys, more = "") =>
  `  ${name}: { email: ${name}@acme.example, keys: ["${keys[name].public} ${name}@laptop"]${more} }\n`;

const head = "version: 1\n";
const people = `people:
${person("alice")}${person("bob", ", external: true, owner: alice, ends: 2026-11-30")}${person("carol")}  dave: { email: dave@acme.example }
  erin: { email: erin@acme.example }
teams: { web: [alice, bob, carol], agency: [bob] }
`;
const rules = `gainLimit: { percent: 20, atLeast: 3 }
rules:
  - { rule: No agency in the bank, reason: its contract, level: never, clients: [bank], never: { teams: [agency] } }
  - { rule: A deputy for everyone, reason: holidays, level: refuse, clients: [beta], leastPeople: 2 }
`;
const acme = `  - { name: Acme Corp, internalName: acme, sites: [www.acme.example, shop.acme.example], shellAccount: true, users: [{ team: web }] }
`;
const others = `  - { name: Beta GmbH, internalName: beta, sites: [www.beta.example], users: [bob, dave] }
  - { name: First Bank, internalName: bank, sites: [www.bank.example], users: [dave, carol] }
`;
const ownedByWeb = `owners: ["@acme/web"]\nclients:\n`;
const ownedByIt = `owners: [it@acme.example]\nclients:\n`;
const two = {
  "settings.yaml": head + people + rules + ownedByWeb + acme,
  "others.yaml": head + ownedByIt + others,
};

onEveryEngine("a stack of an organisation", (engine) => {
  let scenario: Scenario;
  let directory: string;
  let inForce = "";
  const write = (files: Record<string, string>) => {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  };
  const on = (asOf: string) => scenario.configure({ "aegir-access:asOf": asOf });
  /** The two files are what the stack and the server agree on. */
  const deployed = async () => {
    write(two);
    await on("2026-11-24");
    if (inForce !== "two files") await scenario.up();
    inForce = "two files";
  };
  const up = () => {
    inForce = "";
    return scenario.up();
  };
  /** A preview and a deployment fail alike, and nothing was begun. */
  const refused = async (): Promise<string[]> => {
    const { writes } = scenario.aegir.counts;
    const outcomes = [await scenario.stack.preview(), await scenario.stack.up()];
    for (const outcome of outcomes) {
      assert.deepEqual([outcome.ok, changed(outcome)], [false, []], outcome.output);
      assert.equal(scenario.aegir.counts.writes, writes);
    }
    return outcomes.map(({ output }) => output);
  };
  const letIn = async () => {
    const names = Object.keys(keys) as (keyof typeof keys)[];
    const seen = await Promise.all(names.map((name) => scenario.sitesByKey("o1.acme", keys[name])));
    return names.filter((_, index) => seen[index] !== undefined);
  };

  // A deployment takes longer than a test of what follows it: the tests share one server and one stack.
  before(async () => {
    scenario = await Scenario.open(engine(), {
      program: join(__dirname, "..", ".."),
      aegir: { user: "root", owner: "o1", accountsUser: "root" },
    });
    directory = join(scenario.directory, "access");
    await scenario.configure({ "aegir-access:manifest": directory });
    scenario.aegir.addSites(
      ["www.acme.example", "shop.acme.example", "www.beta.example", "www.bank.example"].map((site) => ({ site })),
    );
  });
  after(() => scenario?.close());

  it("changes nothing when files with owners are split further, and joined into one", async () => {
    await deployed();
    assert.deepEqual(await letIn(), ["alice", "bob", "carol"]);
    const { writes } = scenario.aegir.counts;
    const divided: Record<string, string>[] = [
      {
        "people.yaml": head + people,
        "rules.yaml": head + rules,
        "web.yaml": head + ownedByIt + acme,
        "z.yml": head + ownedByWeb + others,
      },
      { "all.yaml": head + people + rules + ownedByWeb + acme + others },
    ];
    for (const files of divided) {
      write(files);
      assert.deepEqual(changed(await up()), []);
      assert.equal(scenario.aegir.counts.writes, writes);
    }
  });

  it("stops a deployment that breaks a rule before its first write, and points at the entry", async () => {
    await deployed();
    const broken = others.replace("[dave, carol]", "[dave, { team: agency }]");
    write({ ...two, "others.yaml": head + ownedByIt + broken });
    const column = broken.split("\n")[1]!.indexOf("agency") + 1;
    for (const output of await refused()) {
      assert.match(output, new RegExp(`others\\.yaml:5:${column}: .*"No agency in the bank"`));
      const [, entry = "", caret = ""] = /^(.*)agency \}\].*\n(.*)\^{6}$/m.exec(output) ?? [];
      assert.match(entry, /5 \| .*users: \[dave, \{ team: $/);
      assert.equal(caret.length, entry.length, output);
    }
  });

  it("stops a deployment that adds more than the gain limit from before it, until the manifest confirms it", async () => {
    await deployed();
    const joined = two["settings.yaml"].replace("carol], agency", "carol, dave, erin], agency");
    const lifted = joined.replace("percent: 20", "percent: 500");
    assert.notEqual(lifted, two["settings.yaml"]);
    write({ ...two, "settings.yaml": lifted });
    for (const output of await refused()) assert.match(output, /allowGains: \{ until: 2026-12-01, .* grants: 4 \}/);
    const confirmed = `${joined}allowGains: { until: 2026-12-01, reason: TICKET-12, grants: 4 }\n`;
    write({ ...two, "settings.yaml": confirmed });
    assert.deepEqual(changed(await up()), ["create binding:acme:dave", "create binding:acme:erin"]);
  });

  it("takes the binding and the key of who leaves a team in one deployment", async () => {
    await deployed();
    write({ ...two, "settings.yaml": two["settings.yaml"].replace("bob, carol], agency", "bob], agency") });
    const left = changed(await up()).filter((step) => !step.includes("account"));
    assert.deepEqual(left, ["delete binding:acme:carol"]);
    assert.deepEqual(await letIn(), ["alice", "bob"]);
    assert.deepEqual(scenario.aegir.panel.sitesOf("carol"), ["www.bank.example"]);
  });

  it("takes bindings and keys of a person whose last day has passed, and a rule that this breaks does not hold it up", async () => {
    await deployed();
    await on("2026-11-30");
    assert.deepEqual(changed(expectOk(await scenario.stack.preview())), [], "the last day is part of it");
    await on("2026-12-01");
    const night = await up();
    const ended = changed(night).filter((step) => !step.includes("account"));
    assert.deepEqual(ended, ["delete binding:acme:bob", "delete binding:beta:bob"]);
    assert.match(night.diagnostics, /warning: .*"A deputy for everyone"/);
    assert.deepEqual(await letIn(), ["alice", "carol"]);
    assert.deepEqual(
      ["alice", "bob", "dave"].map((name) => scenario.aegir.panel.sitesOf(name)),
      [["shop.acme.example", "www.acme.example"], [], ["www.bank.example", "www.beta.example"]],
    );
  });
});

/** The steps that do something, as `<operation> <logical name>`. */
function changed({ steps }: Outcome): string[] {
  return steps.flatMap(({ op, name }) => (op === "same" || op === "read" ? [] : [`${op} ${name}`])).sort();
}
