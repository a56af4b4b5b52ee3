/** Access that nobody uses: `audit --unused`, `dump --unused`, the page of `plan`, and `review --last-use`. */
import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { parseManifest } from "../../provider/manifest";
import { ManualClock } from "../aegir/Clock";
import { codeBlocks } from "../documents/codeBlocks";
import { Server } from "./Server";

const page = codeBlocks(join(__dirname, "..", "..", "provider/docs/unused-access.md"));
const DAY = 86_400;
const MADE = "2026-06-01";
const ASKED = "2026-09-09";

const manifest = (users: string) => `version: 1
clients:
  - { name: Acme Corp, internalName: acme, sites: [www.acme.example], users: [admin, ${users}] }
  - { name: Beta GmbH, internalName: beta, sites: [www.beta.example, shop.beta.example], users: [admin, alice] }
`;
const DECLARED = manifest("alice, carol, dora, frank, newcomer");

interface Report {
  entries: { kind: string; finding: string; says: string; names: string[] }[];
  lastUse?: { server: string | null; asOf: string; users: { name: string; day: string | null; created: string }[] };
}

describe("Access that is not used", () => {
  // Its days are not those of the machine that runs the command.
  const clock = new ManualClock(Date.parse(`${MADE}T20:00:00Z`) / 1000);
  let server: Server;
  before(async () => {
    server = await Server.start({ clock });
    const { aegir } = server;
    const { panel } = aegir;
    for (const name of ["alice", "bob", "carol", "dora"]) panel.addUser({ name });
    panel.addUser({ name: "frank", active: false });
    panel.addUser({ name: "operator", roles: ["aegir administrator"] });
    for (const [name, internalName, users] of [
      ["Acme Corp", "acme", ["alice", "bob", "carol", "dora", "frank"]],
      ["Beta GmbH", "beta", ["alice"]],
    ] as const) {
      panel.addClient({ name, internalName });
      for (const user of users) panel.bind(internalName, user);
    }
    aegir.addSites([
      { site: "www.acme.example", owner: "acme" },
      { site: "www.beta.example", owner: "beta" },
      { site: "shop.beta.example", owner: "beta" },
    ]);
    for (const name of ["alice", "dora"]) panel.logIn(name);
    clock.skip(97 * DAY);
    panel.visit("dora");
    panel.addUser({ name: "newcomer" });
    panel.bind("acme", "newcomer");
    clock.skip(3 * DAY);
  });
  after(() => server.stop());

  async function audit(text: string, ...args: string[]) {
    server.write("access.yaml", text);
    const { exitCode, stdout, stderr } = await server.look("audit", "--as-of", "2026-11-24", ...args);
    assert.equal(stderr, "");
    return { exitCode, stdout };
  }
  const reported = async (text: string, ...args: string[]) =>
    JSON.parse((await audit(text, ...args, "--json")).stdout) as Report;

  it("audit --unused: lists declared and undeclared access by days of the server's clock (trap 27)", async () => {
    const { entries } = await reported(DECLARED, "--unused", "100");
    assert.deepEqual(
      entries.filter(({ kind }) => kind === "unused").map(({ finding, names }) => [finding, names]),
      [
        ["unused-user:alice", ["acme", "beta"]],
        ["unused-user:bob", ["acme"]],
        ["unused-user:carol", ["acme"]],
        ["unused-administrator:operator", []],
      ],
      "dora used it, frank is blocked, the newcomer is new, user 1 is Drush's",
    );
    const { exitCode, stdout } = await audit(DECLARED, "--unused", "100");
    assert.equal(exitCode, 1);
    const [command, ...lines] = page
      .find(({ language }) => language === "console")!
      .text.trimEnd()
      .split("\n");
    assert.equal(command, "$ aegir-access audit --unused 90");
    assert.ok(lines.length > 8);
    for (const line of lines) assert.ok(stdout.split("\n").includes(line), `${line}\nis not in\n${stdout}`);
    const longer = await reported(DECLARED, "--unused", "101");
    assert.deepEqual(
      longer.entries.filter(({ kind }) => kind === "unused"),
      [],
    );
  });

  it("audit: neither reports unused access nor prints the last use without the option", async () => {
    const declared = DECLARED.replace("alice, carol", "alice, bob, carol");
    const { exitCode, stdout } = await audit(declared);
    assert.equal(exitCode, 0, stdout);
    assert.doesNotMatch(stdout, /panel on|logged in/);
    assert.deepEqual(Object.keys(await reported(declared)), ["asOf", "entries", "unmatched"]);
  });

  it("unused-access.md: its known finding is accepted by a manifest", () => {
    const known = page.find(({ language, text }) => language === "yaml" && text.startsWith("knownFindings"))!;
    const { knownFindings } = parseManifest(`version: 1\nclients: []\n${known.text}`, known.at, { asOf: ASKED });
    assert.deepEqual(
      knownFindings.map(({ finding }) => finding),
      ["unused-user:alice"],
    );
  });

  it("audit --unused: refuses anything but a number of days", async () => {
    for (const days of ["0", "90d", "1e3", "", "10000"]) {
      const { exitCode, stderr } = await server.look("audit", "--unused", days);
      assert.equal(exitCode, 2, days);
      assert.match(stderr, /^--unused must be a number of days/);
    }
  });

  it("audit --unused --accept: silences the findings, also for an audit that does not look for them", async () => {
    const declared = DECLARED.replace("alice, carol", "alice, bob, carol");
    const reason = ["--reason", "on parental leave", "--until", "2027-03-31"];
    const accepted = await audit(declared, "--unused", "90", "--accept", ...reason);
    assert.equal(accepted.exitCode, 0, accepted.stdout);
    const known = server.read("access.yaml");
    assert.match(known, /\n {2}- finding: unused-user:alice\n {4}names:\n {6}- acme\n {6}- beta\n/);
    assert.equal((await audit(known, "--unused", "90")).exitCode, 0);
    const plain = await audit(known);
    assert.equal(plain.exitCode, 0);
    assert.doesNotMatch(plain.stdout, /no longer occur/);
    const fewer = known.replace("      - acme\n      - beta\n", "      - acme\n");
    const { exitCode, stdout } = await audit(fewer, "--unused", "90");
    assert.equal(exitCode, 1);
    assert.match(stdout, /^ {4}line \d+ knows it without beta$/m);
    const never = await audit(known, "--unused", "300");
    assert.match(never.stdout, /no longer occur; delete the entries:\n- unused-administrator:operator /);
  });

  it("dump --unused: marks each user with the day of the last use, and dump alone does not", async () => {
    const { stdout } = await server.look("dump", "--unused", "90");
    assert.equal(stdout.split(`      - alice # decide: last used the panel on ${MADE}\n`).length, 3);
    assert.match(stdout, /^ {6}- carol # decide: has never logged in to the panel \(created on 2026-06-01\)$/m);
    assert.match(stdout, /^ {6}- frank # decide: blocked in the panel$/m);
    assert.match(stdout, /^ {6}- newcomer$/m);
    server.write("access.yaml", stdout);
    assert.equal((await server.look("plan")).exitCode, 0);
    assert.doesNotMatch((await server.look("dump")).stdout, /panel on|logged in/);
  });

  it("plan --format html: the page says when each person last used the panel", async () => {
    server.write("access.yaml", DECLARED);
    const { stdout } = await server.look("plan", "--format", "html");
    const [, data = ""] = /<script type="application\/json"[^>]*>([^]*?)<\/script>/.exec(stdout)!;
    const { people } = JSON.parse(data) as { people: { name: string; lastUse: string | null }[] };
    const of = (called: string) => people.find(({ name }) => name === called)?.lastUse;
    assert.equal(of("dora"), "last used the panel on 2026-09-06");
    assert.equal(of("newcomer"), "has never logged in to the panel (created on 2026-09-06)");
  });

  it("review --last-use: says when people who lose access last used the panel, offline, from what audit printed", async () => {
    server.write("audit.json", (await audit(DECLARED, "--unused", "90", "--json")).stdout);
    server.write("before.yaml", DECLARED);
    server.write("after.yaml", manifest("dora, frank, newcomer, eve"));
    const { requests } = server.aegir.counts;
    const asked = { ...requests };
    const review = (...args: string[]) => server.run("review", ...args);
    const { exitCode, stdout } = await review("before.yaml", "after.yaml", "--last-use", "audit.json");
    assert.equal(exitCode, 0, stdout);
    assert.deepEqual(requests, asked);
    const says = page
      .find(({ language }) => language === "")!
      .text.replace("Also:", "")
      .trim();
    assert.ok(says.startsWith(`As of ${ASKED}, alice last used the panel on ${MADE} and carol has never`), says);
    assert.ok(stdout.replace(/\s+/g, " ").includes(says), stdout);
    const without = await review("before.yaml", "after.yaml");
    assert.doesNotMatch(without.stdout, /panel on|logged in/);
  });

  it("review --last-use: refuses a file of another form, of another server or without end", async () => {
    server.write("access.yaml", DECLARED);
    server.write("audit.json", (await audit(DECLARED, "--unused", "90", "--json")).stdout);
    server.write("main.yaml", DECLARED.replace("version: 1\n", "version: 1\nserver: main\n"));
    server.write("broken.json", '{ "lastUse": { "server": null, "asOf": "\\u001b[31m", "users": [] } }');
    symlinkSync("/dev/zero", join(server.directory, "endless.json"));
    for (const [args, problem] of [
      [["main.yaml", "main.yaml", "--last-use", "audit.json"], /^audit\.json is of a server without a name, and the/],
      [["access.yaml", "access.yaml", "--last-use", "broken.json"], /^broken\.json is not what .*: lastUse\.asOf: /],
      [["access.yaml", "access.yaml", "--last-use", "access.yaml"], /^access\.yaml is not what `audit --unused DAYS/],
      [["access.yaml", "access.yaml", "--last-use", "endless.json"], /^endless\.json is larger than 16 MiB/],
      [["access.yaml", "access.yaml", "--last-use", "missing.json"], /^There is no file missing\.json/],
      [["--preview", "audit.json", "--last-use", "audit.json"], /^--preview cannot be combined/],
    ] as const) {
      const { exitCode, stdout, stderr } = await server.run("review", ...args);
      assert.deepEqual([exitCode, stdout], [2, ""]);
      assert.match(stderr, problem);
      assert.ok(!stderr.includes("\u001b"));
    }
  });
});
