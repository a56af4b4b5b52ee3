/** `aegir-access plan` and `aegir-access audit`: a manifest beside a live server, and nothing is written. */
import assert from "node:assert/strict";
import { fullSeed } from "../aegir/seed";
import { Server } from "./Server";

/** What `dump` can say of the server, which a test changes line by line. */
const MANIFEST = `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [acme.example.com, reborn.example.com, shop.acme.example.com]
    users: [alice]
  - name: Beta GmbH
    internalName: beta
    sites: [beta.example.com, disabled.example.com, moved.example.com]
    users: [alice, bob]
  - { name: Empty Ltd, internalName: empty }
`;

describe("A manifest beside a live server", () => {
  let server: Server;
  before(async () => {
    server = await Server.start({ seed: fullSeed });
  });
  after(() => server.stop());
  afterEach(() => assert.equal(server.aegir.counts.writes, 0, "nothing is written"));

  async function look(verb: "plan" | "audit", manifest: string, ...args: string[]) {
    server.write("access.yaml", manifest);
    const ended = await server.look(verb, "--as-of", "2026-11-24", ...args);
    assert.equal(ended.stderr, "");
    return ended;
  }

  it("is planned to be adopted where it is as declared, with exit code 0", async () => {
    const { exitCode, stdout } = await look("plan", MANIFEST);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^12 resources: 0 to create, 0 to change, 12 as declared\.\n\nNobody gains or loses access\./);
  });

  it("is planned step by step, with who gains and who loses, and exit code 1", async () => {
    const changed = MANIFEST.replace("users: [alice]", "users: [alice, carol, nobody]")
      .replace("acme.example.com, reborn", "acme.example.com, free1.example.com, legacy.example.com, reborn")
      .replace("moved.example.com]", "moved.example.com, www.acme.example.com]")
      .replace(
        "internalName: empty }",
        "internalName: empty, sites: [{ site: foobar.example.com, takeOverFrom: foobar }] }",
      )
      .concat(
        "  - { name: New Ltd, internalName: new, users: [{ name: dora, createUser: { email: dora@example.com } }] }\n",
      );
    const { exitCode, stdout } = await look("plan", changed);
    assert.equal(exitCode, 1);
    const lines = stdout.split("\n");
    for (const line of [
      "+ binding:acme:carol: binds carol.",
      "! binding:acme:nobody: there is no panel user nobody. Write createUser with an address to make one.",
      "~ site:free1.example.com: goes from octopus123456 to acme.",
      "! site:legacy.example.com: belongs to Legacy-Co. If that client is to lose it, write takeOverFrom: Legacy-Co; a stack that declared it there moves it.",
      "! site:www.acme.example.com: no site of the server has this main domain. Install it, or write the domain of which this is an alias.",
      "~ site:foobar.example.com: goes from foobar to empty.",
      "+ client:new: is new, with the title New Ltd.",
      "+ binding:new:dora: binds dora, a panel user who is made with dora@example.com.",
    ]) {
      assert.ok(lines.includes(line), `${line}\nis not in\n${stdout}`);
    }
    assert.match(stdout, /^20 resources: 3 to create, 2 to change, 12 as declared, 3 refused\.$/m);
    assert.match(stdout, /^\+ .*carol/m);
    assert.match(stdout, /^- .*foobar/m, "the login of foobar loses its site");
  });

  it("refuses to plan a binding for a user of another address or another uid than declared", async () => {
    const expected = MANIFEST.replace(
      "users: [alice]",
      "users: [alice, { name: carol, createUser: { email: c@new.example } }, { name: dave, expectedUid: 4711 }]",
    );
    const { exitCode, stdout } = await look("plan", expected);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^! binding:acme:carol: .* has the address .*, and createUser says c@new\.example\./m);
    assert.match(stdout, /^! binding:acme:dave: nobody is called dave on the server, and expectedUid says 4711\.$/m);
    assert.match(stdout, /2 refused/);
  });

  it("is planned from the server's own data alone: files linked for others make a verify", async () => {
    const stale = MANIFEST.replace("acme.example.com, reborn", "acme.example.com, stale.example.com, reborn");
    const { exitCode, stdout } = await look("plan", stale, "--json");
    assert.equal(exitCode, 1);
    const { steps } = JSON.parse(stdout) as { steps: { action: string; resource: string; says: string }[] };
    const [step] = steps.filter(({ action }) => action !== "adopt");
    assert.deepEqual([step?.action, step?.resource], ["update", "site:stale.example.com"]);
    assert.match(step!.says, /its files are linked for acme, beta: it is verified again/);
  });

  it("is not looked for on a server while it has problems", async () => {
    const { workerStarts } = server.aegir.counts;
    server.write("access.yaml", MANIFEST.replace("[alice, bob]", "[bob, bob]"));
    const { exitCode, stdout, stderr } = await server.look("plan");
    assert.deepEqual([exitCode, stdout], [2, ""]);
    assert.match(stderr, /^access\.yaml has 1 problem/);
    assert.equal(server.aegir.counts.workerStarts, workerStarts);
  });

  it("is audited: everything that nobody declared is told, and what the server knows by design", async () => {
    const { exitCode, stdout } = await look("audit", MANIFEST);
    assert.equal(exitCode, 1);
    assert.doesNotMatch(stdout, /Not as declared:/);
    for (const line of [
      "- stale.example.com belongs to acme, which the manifest does not say.",
      "- The client Legacy-Co is in no manifest, with 0 people and 1 site:",
      "- The client foobar is in no manifest, with 1 person and 1 site:",
      "- The files of stale.example.com are linked for other clients than its owner, so that their shell logins reach them:",
      "- Administrators see and manage every site, whatever is declared:",
    ]) {
      assert.ok(stdout.split("\n").includes(line), `${line}\nis not in\n${stdout}`);
    }
    assert.match(
      stdout,
      /^Damaged on the server:\n- The site dangling\.example\.com belongs to node \d+, which is no client/m,
    );
    assert.match(stdout, /\n\d+ things to look at \(as of 2026-11-24\)\.\n$/);
  });

  it("is audited: what stays with the default owner is declared by declaring it", async () => {
    const kept = ["free1.example.com", "free2.example.com", "free3.example.com", "queued.example.com"];
    const owner = `  - { name: Octopus123456, internalName: octopus123456, sites: [${kept.join(", ")}] }\n`;
    const { stdout } = await look("audit", `${MANIFEST}${owner}`);
    assert.doesNotMatch(stdout, /nobody in particular|free1/);
    const { stdout: less } = await look("audit", `${MANIFEST}${owner.replace("free1.example.com, ", "")}`);
    assert.match(less, /^- free1\.example\.com belongs to octopus123456, which the manifest does not say\.$/m);
  });

  it("is audited: drift, somebody who was clicked in, what has ended and what ends soon", async () => {
    const drifted = MANIFEST.replace("users: [alice]", "users: [carol]")
      .replace("[alice, bob]", "[{ name: alice, expires: 2026-11-01 }, { name: bob, expires: 2026-11-30 }]")
      .replace("moved.example.com]", "moved.example.com, free1.example.com]");
    const { exitCode, stdout } = await look("audit", drifted, "--json");
    assert.equal(exitCode, 1);
    const { entries } = JSON.parse(stdout) as { entries: { kind: string; resource?: string; says: string }[] };
    const of = (kind: string) => entries.filter((entry) => entry.kind === kind).map(({ resource }) => resource);
    assert.deepEqual(of("drift"), ["binding:acme:carol", "site:free1.example.com", "binding:beta:alice"]);
    assert.ok(of("undeclared").includes("binding:acme:alice"));
    assert.deepEqual(of("ends"), ["binding:beta:bob"]);
    assert.match(entries.find(({ kind }) => kind === "ends")!.says, /until 2026-11-30: 6 days left/);
  });
});
