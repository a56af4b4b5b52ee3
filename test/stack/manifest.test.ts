/** accessStack(): a manifest becomes resources, and an edit of the manifest becomes what the edit says. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Outcome } from "../engine/Engine";
import { onEveryEngine } from "../scenarios/everyEngine";
import { expectOk, Scenario } from "../scenarios/Scenario";

const program = join(__dirname, "..", "..");

const manifest = `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites:
      - www.acme.example
      - shop.acme.example
    users: [alice, bob]
    shellAccount: { rotation: "2026-07" }
  - name: Beta GmbH
    internalName: beta
    sites: [www.beta.example]
    users: [alice]
    shellAccount: true
`;
const sites = ["www.acme.example", "shop.acme.example", "www.beta.example"];

/** What every client of the manifest has in this order. */
const orders = [
  ["client:acme", "binding:acme:alice", "site:www.acme.example", "account:acme"],
  ["client:acme", "binding:acme:bob", "site:shop.acme.example", "account:acme"],
  ["client:beta", "binding:beta:alice", "site:www.beta.example", "account:beta"],
];

onEveryEngine("a stack of the access manifest", (engine) => {
  let scenario: Scenario;
  let file: string;
  const write = (text: string) => writeFileSync(file, text);

  beforeEach(async () => {
    scenario = await Scenario.open(engine(), { program });
    file = join(scenario.directory, "access.yaml");
    await scenario.configure({ "aegir-access:manifest": file });
    scenario.aegir.addSites(sites.map((site) => ({ site })));
    for (const name of ["alice", "bob"]) scenario.aegir.panel.addUser({ name });
  });
  afterEach(() => scenario.close());

  it("fails the preview with every problem of a bad manifest, before anything is registered", async () => {
    write(manifest.replace("    internalName: beta\n", "").replace("[alice]", "[alice, alice]"));
    const preview = await scenario.stack.preview();
    assert.equal(preview.ok, false);
    assert.deepEqual(preview.steps, [], "not even the last deployment was looked at");
    const problems = [
      `${file} has 2 problems, and nothing was deployed from it.`,
      `${file}:10:11: internalName is missing in this client. Write the line internalName: betagmbh, or the one that the panel shows if the client exists already.`,
      "    10 |   - name: Beta GmbH",
      "       |           ^^^^^^^^^",
      `${file}:12:20: The user "alice" is listed twice in this client, first on line 12; capitals do not count. Delete one of the two.`,
      "    12 |     users: [alice, alice]",
      "       |                    ^^^^^",
    ];
    const shown = preview.output.split("\n").map((line) => line.trim());
    const places = problems.map((line) => shown.findIndex((each) => each.endsWith(line.trim())));
    assert.ok(!places.includes(-1), preview.output);
    assert.deepEqual(
      places,
      places.toSorted((left, right) => left - right),
    );
    assert.ok(!preview.output.includes("parseManifest"), "there is no stack trace");
  });

  it("changes nothing when the manifest is divided into files, joined again, or its clients move between files", async () => {
    write(manifest);
    expectOk(await scenario.stack.up());
    const { writes } = scenario.aegir.counts;
    const [head = "", acme = "", beta = ""] = manifest.split(/(?=^ {2}- name: )/m);
    const directory = join(scenario.directory, "access");
    const access = join(scenario.directory, "other");
    for (const files of [
      { [`${directory}/acme.yaml`]: head + acme, [`${directory}/beta/b.yml`]: head + beta },
      {
        [`${access}/all.yaml`]: head + beta + acme,
        [`${access}/settings.yaml`]: "version: 1\nremovalLimit: { percent: 30 }\n",
      },
    ]) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      }
      await scenario.configure({
        "aegir-access:manifest": Object.keys(files)[0]!.startsWith(access) ? access : directory,
      });
      assert.deepEqual(changed(expectOk(await scenario.stack.up())), []);
      assert.equal(scenario.aegir.counts.writes, writes);
    }
  });

  it("fails the preview with the problems of every file of a directory", async () => {
    const directory = join(scenario.directory, "access");
    mkdirSync(directory);
    writeFileSync(join(directory, "a.yaml"), manifest);
    writeFileSync(join(directory, "b.yaml"), manifest);
    await scenario.configure({ "aegir-access:manifest": directory });
    const preview = await scenario.stack.preview();
    assert.deepEqual([preview.ok, preview.steps], [false, []]);
    assert.match(preview.output, /access has 7 problems, and nothing was deployed from it/);
    assert.match(preview.output, /access\/b\.yaml:3:11: Two clients have the name "Acme Corp"/);
  });

  it("reads names as the server that the manifest names makes them, and warns on one line each", async () => {
    const configured = {
      second: { ...scenario.aegir.configuration(), clientPrefix: "c_" },
      main: scenario.aegir.configuration(),
    };
    await scenario.configure({ "aegir:servers": { secret: JSON.stringify(configured) } });
    write("version: 1\nserver: second\nclients: [{ name: Acme, internalName: acme }]\n");
    assert.match((await scenario.stack.preview()).output, /access\.yaml:3:39: .*Write "c_acme"/);
    write(
      "version: 1\nserver: main\nclients:\n  - { name: Acme, internalName: acme, sites: [acme.example, www.acme.example] }\n",
    );
    const { diagnostics } = expectOk(await scenario.stack.preview());
    assert.match(
      diagnostics,
      /warning: .*access\.yaml:4:61: "www\.acme\.example" and "acme\.example" on line 4 are often one site/,
    );
    assert.doesNotMatch(diagnostics, /\^/);
  });

  it("reads the manifest that the project's configuration names, from the directory of Pulumi.yaml", async () => {
    const servers = { main: scenario.aegir.configuration() };
    await scenario.stack.setConfig({ "aegir:servers": { secret: JSON.stringify(servers) } });
    const { steps } = expectOk(await scenario.stack.preview());
    const clients = steps.flatMap(({ type, name }) => (type.endsWith("AegirClient") ? [name] : []));
    assert.deepEqual(clients.sort(), ["client:acme", "client:beta"], "those of stacks/access.yaml");
  });

  it("refuses an invalid configuration of the servers, before anything is registered", async () => {
    write(manifest);
    const { connection, ...rest } = scenario.aegir.configuration() as { connection: object };
    const servers = { main: { ...rest, connection: { ...connection, hostKey: "SHA256:short", portt: 22 } } };
    await scenario.configure({ "aegir:servers": { secret: JSON.stringify(servers) } });
    const preview = await scenario.stack.preview();
    assert.deepEqual(preview.steps, []);
    assert.match(preview.diagnostics, /aegir:servers\.main\.connection: .*portt/);
    assert.match(preview.diagnostics, /aegir:servers\.main\.connection\.hostKey: /);
  });

  it("goes from the client over its bindings and its sites to its login, and ends with the client", async () => {
    write(manifest);
    const up = namesOf(expectOk(await scenario.stack.up({ parallel: 1 })));
    for (const order of orders) assertOrder(up, order);
    assert.deepEqual(await scenario.sitesOf("o1.acme"), ["shop.acme.example", "www.acme.example"]);
    await scenario.configure({ "aegir:destroy": "test" });
    const destroyed = changed(expectOk(await scenario.stack.destroy({ parallel: 1, runProgram: true })));
    for (const [client, ...others] of orders) {
      for (const other of others) assertOrder(destroyed, [`delete ${other}`, `delete ${client}`]);
    }
    for (const site of sites) assert.equal(scenario.owner(site), "octopus123456");
  });

  it("takes access away with --continue-on-error where a grant fails, and refuses `pulumi destroy` as before", async () => {
    write(manifest);
    await scenario.up();
    write(manifest.replace("[alice, bob]", "[alice, nobody]"));
    const outcome = await scenario.stack.up({ continueOnError: true });
    assert.equal(outcome.ok, false);
    assert.match(outcome.diagnostics, /nobody/);
    assert.doesNotMatch(outcome.diagnostics, /protected/);
    assert.deepEqual(scenario.aegir.panel.sitesOf("bob"), []);
    assert.equal((await scenario.stack.previewDestroy()).ok, false);
    write(manifest);
    assert.deepEqual(changed(await scenario.up()), ["create binding:acme:bob"]);
  });

  it("hands a site over with --continue-on-error where another one's handover fails, and still rotates the login", async () => {
    write(manifest);
    await scenario.up();
    const password = scenario.aegir.tables().passwordFiles["o1.acme"]!.trimEnd();
    const rest = manifest.replace("      - www.acme.example\n", "").replace("2026-07", "2026-08");
    write(rest.replace("    sites:\n", "    sites:\n      - nowhere.acme.example\n"));
    const outcome = await scenario.stack.up({ continueOnError: true });
    assert.equal(outcome.ok, false);
    assert.match(outcome.diagnostics, /nowhere\.acme\.example/);
    assert.equal(scenario.owner("www.acme.example"), "octopus123456");
    assert.deepEqual(await scenario.sitesOf("o1.acme"), ["shop.acme.example"]);
    assert.equal(await scenario.sitesOf("o1.acme", password), undefined, "the old password is refused");
    write(rest);
    assert.deepEqual(changed(await scenario.up()), []);
  });

  it("makes no new resource of a new title, another order, another spelling or a comment", async () => {
    write(manifest);
    await scenario.up();
    const [head, acme, beta] = manifest.split(/(?=  - name)/);
    const edited = [head, beta, acme!.replace("[alice, bob]", "[bob, alice]").replace("www.acme", "WWW.Acme")].join("");
    write(`# An edit\n${edited.replace("sites:\n", "sites: # both of them\n")}`);
    assert.deepEqual(changed(await scenario.up()), []);

    write(edited.replace("Acme Corp", "Acme Incorporated"));
    const renamed = await scenario.up();
    assert.deepEqual(changed(renamed), ["update client:acme"]);
  });

  it("asks for a welcome mail where the manifest does, and else does not mention one", async () => {
    write(
      manifest
        .replace("[alice, bob]", "[alice, { name: bob, createUser: { email: bob@example.com } }]")
        .replace("[alice]", "[{ name: eve, createUser: { email: eve@beta.example, welcomeMail: true } }]")
        .replace("internalName: beta\n", "internalName: beta\n    email: it@beta.example\n    welcomeMail: true\n"),
    );
    await scenario.up();
    const { resources = [] } = (await scenario.stack.exportState()).deployment;
    const inputs = new Map(
      resources.map(({ urn, inputs }) => [String(urn).split("::").at(-1), inputs as Record<string, unknown>]),
    );
    assert.deepEqual(inputs.get("binding:acme:bob")?.["createUser"], { email: "bob@example.com" });
    assert.deepEqual(inputs.get("binding:beta:eve")?.["createUser"], { email: "eve@beta.example", welcomeMail: true });
    assert.equal(inputs.get("client:beta")?.["welcomeMail"], true);
    assert.ok(!("welcomeMail" in inputs.get("client:acme")!));
  });

  it("takes from a removed user one binding", async () => {
    write(manifest);
    await scenario.up();
    write(manifest.replace("[alice, bob]", "[alice]"));
    assert.deepEqual(changed(await scenario.up()), ["delete binding:acme:bob"]);
    assert.deepEqual(scenario.aegir.panel.sitesOf("bob"), []);
    assert.deepEqual(scenario.aegir.panel.sitesOf("alice"), [...sites].sort());
  });

  it("hands the sites of a removed client to the default owner, and leaves a site where the manifest says so", async () => {
    const leaving = manifest.replace("    sites:\n", "    onDestroy: leave\n    sites:\n");
    write(leaving);
    await scenario.up();
    write(leaving.slice(0, leaving.indexOf("  - name: Beta")).replace("      - shop.acme.example\n", ""));
    const beta = ["account:beta", "site:www.beta.example", "binding:beta:alice", "client:beta"];
    const deletions = [...beta, "site:shop.acme.example"];
    assert.deepEqual(changed(await scenario.up()).sort(), deletions.map((name) => `delete ${name}`).sort());
    assert.equal(scenario.owner("www.beta.example"), "octopus123456");
    assert.ok(!scenario.aegir.tables().clients.some(({ internalName }) => internalName === "beta"));
    assert.equal(scenario.owner("shop.acme.example"), "acme");
  });
});

function namesOf({ steps }: Outcome): string[] {
  return steps.map(({ name }) => name);
}

/** The steps that do something, as `<operation> <logical name>`; the look at the last deployment does nothing. */
function changed({ steps }: Outcome): string[] {
  return steps.filter(({ op }) => op !== "same" && op !== "read").map(({ op, name }) => `${op} ${name}`);
}

function assertOrder(names: string[], expected: string[]): void {
  assert.deepEqual(
    names.filter((name) => expected.includes(name)),
    expected,
  );
}
