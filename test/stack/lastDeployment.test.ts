/** What the stack in `stacks/` compares with its last deployment: who is told, what is refused, what ends by itself. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../engine/Engine";
import { onEveryEngine } from "../scenarios/everyEngine";
import { expectOk, Scenario } from "../scenarios/Scenario";

const program = join(__dirname, "..", "..");
const team = ["alice", "bob", "carol", "dora"];

/** Two clients with two sites and four people each: 20 grants, their logins among them. */
const manifest = `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [www.acme.example, shop.acme.example]
    users: [${team.join(", ")}]
  - name: Beta GmbH
    internalName: beta
    sites: [www.beta.example, shop.beta.example]
    users: [${team.join(", ")}]
`;
const withoutBeta = manifest.slice(0, manifest.indexOf("  - name: Beta"));

onEveryEngine("a stack that knows its last deployment", (engine) => {
  let scenario: Scenario;
  let file: string;
  const write = (text: string) => writeFileSync(file, text);

  beforeEach(async () => {
    scenario = await Scenario.open(engine(), { program });
    file = join(scenario.directory, "access.yaml");
    await scenario.configure({ "aegir-access:manifest": file, "aegir-access:asOf": "2026-11-24" });
    scenario.aegir.addSites(
      ["www.acme", "shop.acme", "www.beta", "shop.beta"].map((name) => ({ site: `${name}.example` })),
    );
    for (const name of team) scenario.aegir.panel.addUser({ name });
  });
  afterEach(() => scenario.close());

  it("refuses in a preview and in an update, before the first write, what takes more than is meant", async () => {
    write(manifest);
    await scenario.up();
    write(withoutBeta);
    for (const outcome of [
      await scenario.stack.preview(),
      await scenario.stack.up({ continueOnError: true }),
      await scenario.stack.up(),
    ]) {
      assert.equal(outcome.ok, false);
      assert.deepEqual(changed(outcome), []);
      assert.match(unwrapped(outcome), /This takes away 10 of 20 grants \(50 %\), and 30 % may go\./);
      assert.match(unwrapped(outcome), /allowRemovals: \{ until: 2026-12-01, reason: "\.\.\.", grants: 10 \}/);
      assert.ok(!outcome.output.includes("lastDeployment.ts"), "there is no stack trace");
    }
    assert.equal(scenario.owner("www.beta.example"), "beta");
    assert.deepEqual(scenario.aegir.panel.sitesOf("dora").length, 4);

    write(
      withoutBeta.replace(
        "clients:",
        "allowRemovals: { until: 2026-12-01, reason: Beta leaves, grants: 10 }\nclients:",
      ),
    );
    expectOk(await scenario.stack.preview());
    await scenario.up();
    assert.equal(scenario.owner("www.beta.example"), "octopus123456");
  });

  it("says in a preview who gains and who loses, removals first, and why", async () => {
    write(manifest);
    assert.doesNotMatch(
      expectOk(await scenario.stack.preview()).diagnostics,
      /access/,
      "there is nothing to compare with",
    );
    await scenario.up();
    write(
      manifest
        .replace(", shop.acme.example", "")
        .replace("shop.beta", "shop.acme.example, shop.beta")
        .replace("dora]", "erin]"),
    );
    const said = unwrapped(expectOk(await scenario.stack.preview()));
    const lines = [
      "1 person and 1 shell login lose access; 1 person and 1 shell login gain access. 2 of 20 grants are taken away.",
      "Loses access:",
      "- The shell login o1.acme loses shop.acme.example: it moves from Acme Corp (acme) to Beta GmbH (beta).",
      "- dora loses www.acme.example: no longer acts for Acme Corp (acme).",
      "Gains access:",
    ];
    const places = lines.map((line) => said.indexOf(line));
    assert.ok(!places.includes(-1), said);
    assert.deepEqual(
      places,
      places.toSorted((left, right) => left - right),
    );
  });

  it("finds no change in other capitals of users, sites and mail addresses, nor in a state of an earlier release", async () => {
    const before = manifest
      .replace("internalName: acme\n", "internalName: acme\n    email: IT@Acme.example\n")
      .replaceAll("alice, bob", "{ name: Alice, createUser: { email: Alice@Example.com } }, Bob");
    write(before);
    const granted = (await scenario.up()).outputs["grants"] as string;
    const after = before.replaceAll(/Alice|Bob|IT@Acme|www\.acme/g, (name) =>
      name.startsWith("www") ? name.toUpperCase() : name.toLowerCase(),
    );
    const unchanged = async (text: string) => {
      write(text);
      const { writes } = scenario.aegir.counts;
      const preview = expectOk(await scenario.stack.preview());
      assert.deepEqual(changed(preview), []);
      assert.doesNotMatch(preview.output, /gains|loses/);
      const up = await scenario.up();
      assert.deepEqual(changed(up), []);
      assert.equal(up.outputs["grants"], granted);
      assert.equal(scenario.aegir.counts.writes, writes);
    };
    // Logical names were made of names as they were written, and the grants were no secret.
    const state = await scenario.stack.exportState();
    const stack = state.deployment.resources!.find(({ type }) => type === "pulumi:pulumi:Stack")!;
    (stack["outputs"] as Record<string, unknown>)["grants"] = granted;
    const older = JSON.stringify(state).replaceAll("::binding:acme:alice", "::binding:acme:Alice");
    for (const next of [before, after]) {
      await scenario.stack.importState(JSON.parse(older) as typeof state);
      await unchanged(next);
    }
    await unchanged(before);
    write(after.replace("{ name: alice, createUser: { email: alice@Example.com } }, ", ""));
    assert.deepEqual(changed(expectOk(await scenario.stack.preview())), ["delete binding:acme:alice"]);
  });

  it("takes away what has expired on the day after its last one, however much it is", async () => {
    const guests = team.map((name) => `{ name: ${name}, expires: 2026-11-24, reason: relaunch }`).join(", ");
    write(manifest.replaceAll(team.join(", "), guests));
    assert.match(
      expectOk(await scenario.stack.preview()).diagnostics,
      /Last days of access are compared with 2026-11-24 \(UTC\)\./,
    );
    await scenario.up();
    assert.equal(scenario.aegir.panel.sitesOf("dora").length, 4);
    assert.deepEqual(changed(await scenario.up()), []);

    await scenario.configure({ "aegir-access:asOf": "2026-11-25" });
    const outcome = await scenario.up();
    assert.match(unwrapped(outcome), /the access of 4 people has ended/);
    assert.deepEqual(
      changed(outcome).sort(),
      ["acme", "beta"].flatMap((client) => team.map((name) => `delete binding:${client}:${name}`)),
    );
    assert.deepEqual(scenario.aegir.panel.sitesOf("dora"), []);
    assert.equal(scenario.owner("www.acme.example"), "acme");
  });

  it("has a client's bindings and login follow to another internal name, as a rename", async () => {
    const logins = manifest.replace("    users", "    shellAccount: true\n    users");
    write(logins);
    await scenario.up();
    write(logins.replace("internalName: acme", "internalName: acmecorp\n    renamedFrom: acme"));
    const preview = expectOk(await scenario.stack.preview());
    assert.match(unwrapped(preview), /Nobody gains or loses access; 1 client is renamed\./);
    assert.ok(
      !changed(preview).some((step) => step.startsWith("delete ") || step.startsWith("create ")),
      "all are replaced",
    );
    await scenario.up();
    assert.equal(scenario.owner("www.acme.example"), "acmecorp");
    assert.equal(scenario.aegir.panel.sitesOf("alice").length, 4);
    assert.ok(!scenario.aegir.tables().clients.some(({ internalName }) => internalName === "acme"));
    assert.deepEqual(changed(await scenario.up()), []);
  });

  it("removes nothing that is protected, and has `pulumi destroy` refuse it as well", async () => {
    const marked = manifest
      .replace("internalName: beta", "internalName: beta\n    protect: true")
      .replace("[www.beta.example, shop", "[{ site: www.beta.example, protect: true }, shop");
    write(marked);
    await scenario.up();
    write(
      withoutBeta.replace(
        "clients:",
        "allowRemovals: { until: 2026-12-01, reason: x, grants: 99, clients: [beta] }\nclients:",
      ),
    );
    const preview = await scenario.stack.preview();
    assert.equal(preview.ok, false);
    assert.match(unwrapped(preview), /Beta GmbH \(beta\) is protected, and would be removed\./);
    assert.match(unwrapped(preview), /First remove protect in a separate change and deploy that\./);

    const destroyed = await scenario.stack.previewDestroy();
    assert.equal(destroyed.ok, false);
    assert.equal(scenario.owner("www.beta.example"), "beta");
    assert.ok(scenario.aegir.panel.sitesOf("dora").includes("www.beta.example"));

    write(manifest);
    await scenario.up();
    write(withoutBeta.replace("clients:", "allowRemovals: { until: 2026-12-01, reason: x, grants: 99 }\nclients:"));
    await scenario.up();
    assert.equal(scenario.owner("www.beta.example"), "octopus123456");
  });

  it("still knows what was granted after a deployment that failed", async () => {
    write(manifest);
    await scenario.up();
    write(manifest.replace("[alice, bob, carol, dora]", "[alice, bob, carol, nobody]"));
    assert.equal((await scenario.stack.up()).ok, false);
    write(withoutBeta);
    const refused = await scenario.stack.up();
    assert.equal(refused.ok, false);
    assert.match(unwrapped(refused), /This takes away 1\d of 20 grants/);
    assert.equal(scenario.owner("www.beta.example"), "beta");
  });

  it("compares with what was deployed: nobody loses what a failed deployment never gave", async () => {
    write(manifest.replaceAll("[alice, bob, carol, dora]", "[alice, bob, carol]"));
    await scenario.up();
    write(manifest.replaceAll("[alice, bob, carol, dora]", "[alice, bob, carol, nobody1, nobody2, nobody3]"));
    assert.equal((await scenario.stack.up({ continueOnError: true })).ok, false);
    write(manifest.replaceAll("[alice, bob, carol, dora]", "[alice, bob, carol]"));
    const { output } = expectOk(await scenario.stack.up());
    assert.doesNotMatch(output, /Loses access|nobody1/);
  });

  it("compares with what was deployed: a move that failed is announced by the run that makes it", async () => {
    write(manifest);
    await scenario.up();
    scenario.aegir.panel.addClient({ name: "Gamma", internalName: "gamma" });
    scenario.aegir.panel.setOwner("shop.acme.example", "Gamma");
    scenario.aegir.runQueue();
    const moved = manifest
      .replace("[www.acme.example, shop.acme.example]", "[www.acme.example]")
      .replace("[www.beta.example, shop.beta.example]", "[www.beta.example, shop.beta.example, shop.acme.example]");
    write(moved);
    const failed = await scenario.stack.up({ continueOnError: true });
    assert.equal(failed.ok, false, "somebody else has the site");
    assert.match(failed.output, /Loses access/);
    scenario.aegir.panel.setOwner("shop.acme.example", "Acme Corp");
    scenario.aegir.runQueue();
    const { output } = expectOk(await scenario.stack.up());
    assert.match(output, /Loses access:\s+- .* lose(s)? shop\.acme\.example: it moves from Acme Corp/);
    assert.equal(scenario.owner("shop.acme.example"), "beta");
    assert.doesNotMatch(expectOk(await scenario.stack.up()).output, /Loses access/);
  });

  it("counts no shell logins where the server makes none", async () => {
    const plain = { ...scenario.aegir.configuration(), accounts: undefined };
    await scenario.configure({ "aegir:servers": { secret: JSON.stringify({ main: plain }) } });
    write(manifest);
    await scenario.up();
    write(withoutBeta);
    const refused = await scenario.stack.preview();
    assert.doesNotMatch(refused.output, /shell login/);
    assert.match(unwrapped(refused), /8 of 16 grants are taken away/);
  });

  it("refuses to go on if it is not known what the last deployment granted", async () => {
    write(manifest);
    await scenario.up();
    const state = await scenario.stack.exportState();
    const stack = state.deployment.resources!.find(({ type }) => type === "pulumi:pulumi:Stack")!;
    (stack["outputs"] as Record<string, unknown>)["grants"] = "pulumi-aegir grants, version 9\n{}";
    await scenario.stack.importState(state);
    const preview = await scenario.stack.preview();
    assert.equal(preview.ok, false);
    assert.match(unwrapped(preview), /cannot be read, so it is not known what this one takes away/);
  });
});

/** The steps that do something, as `<operation> <logical name>`. */
function changed({ steps }: Outcome): string[] {
  return steps.filter(({ op }) => op !== "same" && op !== "read").map(({ op, name }) => `${op} ${name}`);
}

/** What was printed, as one line: texts are broken for a terminal. */
function unwrapped({ output }: Outcome): string {
  return output.replace(/\s+/g, " ");
}
