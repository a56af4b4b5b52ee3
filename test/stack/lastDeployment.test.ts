/** What the stack in `stacks/` compares with its last deployment: who is told, what is refused, what ends by itself. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { aegirAccess } from "../cli/command";
import type { OperationOptions, Outcome } from "../engine/Engine";
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
  /** The manifest that the stack and the server are known to agree on. */
  let inForce: string | undefined;
  const write = (text: string) => writeFileSync(file, text);
  /** Deploys a manifest, unless that is what was done last. */
  async function deployed(text: string): Promise<void> {
    write(text);
    if (text !== inForce) await scenario.up();
    inForce = text;
  }
  /** An update that changes something, or fails half way. */
  const up = (options?: OperationOptions): Promise<Outcome> => {
    inForce = undefined;
    return scenario.stack.up(options);
  };

  // A deployment of 20 grants takes longer than a test of what follows it: the tests share one server and one stack.
  before(async () => {
    scenario = await Scenario.open(engine(), { program });
    file = join(scenario.directory, "access.yaml");
    await scenario.configure({ "aegir-access:manifest": file, "aegir-access:asOf": "2026-11-24" });
    scenario.aegir.addSites(
      ["www.acme", "shop.acme", "www.beta", "shop.beta"].map((name) => ({ site: `${name}.example` })),
    );
    for (const name of team) scenario.aegir.panel.addUser({ name });
  });
  after(() => scenario?.close());

  it("says in a preview who gains and who loses, removals first, and why", async () => {
    write(manifest);
    const first = expectOk(await scenario.stack.preview()).diagnostics;
    assert.doesNotMatch(first, /loses?|gains?/i, "there is nothing to compare with");
    await deployed(manifest);
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

  it("refuses to go on if it is not known what the last deployment granted", async () => {
    await deployed(manifest);
    const exported = await scenario.stack.exportState();
    const state = structuredClone(exported);
    const stack = state.deployment.resources!.find(({ type }) => type === "pulumi:pulumi:Stack")!;
    (stack["outputs"] as Record<string, unknown>)["grants"] = "pulumi-aegir grants, version 9\n{}";
    await scenario.stack.importState(state);
    const preview = await scenario.stack.preview();
    assert.equal(preview.ok, false);
    assert.match(unwrapped(preview), /cannot be read, so it is not known what this one takes away/);
    await scenario.stack.importState(exported);
  });

  it("still knows what was granted after a deployment that failed", async () => {
    await deployed(manifest);
    write(manifest.replace("[alice, bob, carol, dora]", "[alice, bob, carol, nobody]"));
    assert.equal((await up()).ok, false);
    write(withoutBeta);
    const refused = await scenario.stack.up();
    assert.equal(refused.ok, false);
    assert.match(unwrapped(refused), /This takes away 1\d of 20 grants/);
    assert.equal(scenario.owner("www.beta.example"), "beta");
  });

  it("compares with what was deployed: nobody loses what a failed deployment never gave", async () => {
    await deployed(manifest);
    write(manifest.replaceAll("dora]", "dora, nobody1, nobody2, nobody3]"));
    assert.equal((await up({ continueOnError: true })).ok, false);
    write(manifest);
    const { output } = expectOk(await up());
    assert.doesNotMatch(output, /Loses access|nobody1/);
  });

  it("compares with what was deployed: a move that failed is announced by the run that makes it", async () => {
    await deployed(manifest);
    scenario.aegir.panel.addClient({ name: "Gamma", internalName: "gamma" });
    scenario.aegir.panel.setOwner("shop.acme.example", "Gamma");
    scenario.aegir.runQueue();
    const moved = manifest
      .replace("[www.acme.example, shop.acme.example]", "[www.acme.example]")
      .replace("[www.beta.example, shop.beta.example]", "[www.beta.example, shop.beta.example, shop.acme.example]");
    write(moved);
    const failed = await up({ continueOnError: true });
    assert.equal(failed.ok, false, "somebody else has the site");
    assert.match(failed.output, /Loses access/);
    scenario.aegir.panel.setOwner("shop.acme.example", "Acme Corp");
    scenario.aegir.runQueue();
    const { output } = expectOk(await scenario.stack.up());
    assert.match(output, /Loses access:\s+- .* lose(s)? shop\.acme\.example: it moves from Acme Corp/);
    assert.equal(scenario.owner("shop.acme.example"), "beta");
    assert.doesNotMatch(expectOk(await scenario.stack.up()).output, /Loses access/);
  });

  it("takes away what has expired on the day after its last one, however much it is", async () => {
    const guests = team.map((name) => `{ name: ${name}, expires: 2026-11-24, reason: relaunch }`).join(", ");
    write(manifest.replaceAll(team.join(", "), guests));
    assert.match(
      expectOk(await scenario.stack.preview()).diagnostics,
      /Expiry dates are checked against 2026-11-24 \(UTC\)\./,
    );
    expectOk(await up());
    assert.equal(scenario.aegir.panel.sitesOf("dora").length, 4);
    assert.deepEqual(changed(await scenario.up()), []);

    await scenario.configure({ "aegir-access:asOf": "2026-11-25" });
    const outcome = expectOk(await up());
    assert.match(unwrapped(outcome), /the access of 4 people has ended/);
    assert.deepEqual(
      changed(outcome).sort(),
      ["acme", "beta"].flatMap((client) => team.map((name) => `delete binding:${client}:${name}`)),
    );
    assert.deepEqual(scenario.aegir.panel.sitesOf("dora"), []);
    assert.equal(scenario.owner("www.acme.example"), "acme");
    await scenario.configure({ "aegir-access:asOf": "2026-11-24" });
  });

  it("finds no change in other capitals of users, sites and mail addresses, nor in a state of an earlier release", async function () {
    this.timeout(600_000);
    const before = manifest
      .replace("internalName: acme\n", "internalName: acme\n    email: IT@Acme.example\n")
      .replaceAll("alice, bob", "{ name: Alice, createUser: { email: Alice@Example.com } }, Bob");
    write(before);
    const granted = expectOk(await up()).outputs["grants"] as string;
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

  it("makes what was reviewed, given the checksum of the review, whatever was there before and whatever day it is", async () => {
    await deployed(manifest);
    const reviewed = manifest.replace("users: [alice, bob, carol, dora]", "users: [alice, bob, carol]");
    const [base, head] = ["base.yaml", "head.yaml"].map((name) => join(scenario.directory, name));
    writeFileSync(base!, manifest);
    writeFileSync(head!, reviewed);
    const review = await aegirAccess(["review", base!, head!, "--as-of", "2026-11-24", "--format", "markdown"]);
    const [, checksum] = /Checksum: `([0-9a-f]{16}\.\.[0-9a-f]{16})`/.exec(review.stdout)!;
    const env = { AEGIR_EXPECT: checksum! };

    // Another change was merged, too.
    write(reviewed.replace("[alice, bob, carol]\n", "[alice, bob]\n"));
    const refused = await scenario.stack.up({ env });
    assert.equal(refused.ok, false);
    assert.deepEqual(changed(refused), []);
    assert.match(unwrapped(refused), /would not be what was reviewed.*- carol and dora lose/s);
    assert.equal(scenario.aegir.panel.sitesOf("carol").length, 4);

    write(reviewed);
    assert.deepEqual(changed(expectOk(await up({ env }))), ["delete binding:acme:dora"]);
    assert.deepEqual(changed(expectOk(await scenario.stack.up({ env }))), []);
    // The last deployment of another state does not hold this one up.
    scenario.aegir.panel.addUser({ name: "eve" });
    await deployed(manifest.replace("users: [alice, bob, carol, dora]", "users: [alice, bob, carol, dora, eve]"));
    write(reviewed);
    expectOk(await up({ env }));
    assert.deepEqual(scenario.aegir.panel.sitesOf("eve"), []);
  });

  it("refuses in a preview and in an update, before the first write, what takes more than is meant", async () => {
    await deployed(manifest);
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
    expectOk(await up());
    assert.equal(scenario.owner("www.beta.example"), "octopus123456");
  });

  it("removes nothing that is protected, and has `pulumi destroy` refuse it as well", async () => {
    const marked = manifest
      .replace("internalName: beta", "internalName: beta\n    protect: true")
      .replace("[www.beta.example, shop", "[{ site: www.beta.example, protect: true }, shop");
    await deployed(marked);
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

    await deployed(manifest);
    write(withoutBeta.replace("clients:", "allowRemovals: { until: 2026-12-01, reason: x, grants: 99 }\nclients:"));
    expectOk(await up());
    assert.equal(scenario.owner("www.beta.example"), "octopus123456");
  });

  it("counts no shell logins where the server makes none", async () => {
    const plain = { ...scenario.aegir.configuration(), accounts: undefined };
    await scenario.configure({ "aegir:servers": { secret: JSON.stringify({ main: plain }) } });
    write(manifest);
    expectOk(await up());
    write(withoutBeta);
    const refused = await scenario.stack.preview();
    assert.doesNotMatch(refused.output, /shell login/);
    assert.match(unwrapped(refused), /8 of 16 grants are taken away/);
    await scenario.configure({ "aegir:servers": { secret: JSON.stringify({ main: scenario.aegir.configuration() }) } });
  });

  it("has a client's bindings and login follow to another internal name, as a rename", async () => {
    const logins = manifest.replace("    users", "    shellAccount: true\n    users");
    await deployed(logins);
    write(logins.replace("internalName: beta", "internalName: betagmbh\n    renamedFrom: beta"));
    const preview = expectOk(await scenario.stack.preview());
    assert.match(unwrapped(preview), /Nobody gains or loses access; 1 client is renamed\./);
    assert.ok(
      !changed(preview).some((step) => step.startsWith("delete ") || step.startsWith("create ")),
      "all are replaced",
    );
    expectOk(await up());
    assert.equal(scenario.owner("www.beta.example"), "betagmbh");
    assert.equal(scenario.aegir.panel.sitesOf("alice").length, 4);
    assert.ok(!scenario.aegir.tables().clients.some(({ internalName }) => internalName === "beta"));
    assert.deepEqual(changed(await scenario.up()), []);
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
