/** `aegir-access who`, `what` and `why`, as their users run them, on each source. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fullSeed } from "../aegir/seed";
import { aegirAccess } from "./command";
import { Server } from "./Server";

const TODAY = "2026-11-24";

const manifest = `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [www.acme.example, shop.acme.example]
    users:
      - alice
      - { name: bob, expires: 2026-12-31, reason: relaunch }
      - { name: carol, expires: 2026-11-01 }
  - { name: Beta GmbH, internalName: beta, sites: [beta.example], users: [carol] }
  - { name: Empty, internalName: empty, users: [erin] }
`;

describe("aegir-access who, what and why", () => {
  let directory: string;
  const write = (file: string, text: string) => writeFileSync(join(directory, file), text);
  const ask = (question: string, ...args: string[]) =>
    aegirAccess([question, "--as-of", TODAY, ...args], { cwd: directory });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "aegir-answers-"));
    write("access.yaml", manifest);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("who: lists the people and the shared login of a site, each with its line", async () => {
    assert.deepEqual(await ask("who", "shop.acme.example"), {
      exitCode: 0,
      stdout: `shop.acme.example belongs to Acme Corp (acme), access.yaml:5.
Through the panel:
- alice acts for Acme Corp (acme), access.yaml:7
- bob acts for Acme Corp (acme) until 2026-12-31 (relaunch), access.yaml:8
With a shared password:
- All people who know the shared password of the shell login acme reach its files. Who they are is
  not recorded.

Read from access.yaml, as of 2026-11-24. Administrators and undeclared access: only with --live.
`,
      stderr: "",
    });
  });

  it("why: takes the key of a record, and names the whole chain of teams", async () => {
    write(
      "access.yaml",
      `version: 1
people:
  bob: { name: Robert }
teams:
  web: [bob]
  everyone: [web]
clients:
  - { name: Acme Corp, internalName: acme, sites: [www.acme.example], users: [{ team: everyone }] }
`,
    );
    assert.match(
      (await ask("why", "bob", "www.acme.example")).stdout,
      /^- Robert acts for .* as a member of the team web \(in everyone\), access\.yaml:8$/m,
    );
    const { stdout } = await ask("why", "robert", "www.acme.example", "--json");
    const { ways } = JSON.parse(stdout) as { ways: { team: string; teams: string[] }[] };
    assert.deepEqual(
      ways.map(({ team, teams }) => [team, teams]),
      [["everyone", ["web", "everyone"]]],
    );
  });

  it("why: exits with 0 for a way, with 1 for none and what is nearest, and with 2 for a name that is not there", async () => {
    const bob = await ask("why", "BOB", "shop.acme.example");
    assert.deepEqual([bob.exitCode, bob.stderr], [0, ""]);
    assert.match(bob.stdout, /^bob reaches shop\.acme\.example, .*:\n- bob acts for .* until 2026-12-31/);
    const carol = await ask("why", "carol", "shop.acme.example");
    assert.deepEqual([carol.exitCode, carol.stderr], [1, ""]);
    assert.match(
      carol.stdout,
      /^carol does not reach .*:\n- carol could act for .* until 2026-11-01, access\.yaml:9\n/,
    );
    assert.match(carol.stdout, /^- carol acts for other clients: Beta GmbH \(beta\)$/m);
    for (const [args, meant] of [
      [["bbo", "shop.acme.example"], "bob"],
      [["bob", "shop.acme.exampel"], "shop.acme.example"],
      [["bob", "acme.example"], "www.acme.example"],
      [["bob", "acme"], "www.acme.example"],
    ] as const) {
      const { exitCode, stdout, stderr } = await ask("why", ...args);
      assert.deepEqual([exitCode, stdout], [2, ""]);
      assert.ok(stderr.includes(meant), stderr);
    }
  });

  it("what: lists clients with their sites, and exits with 1 for a person who reaches no site", async () => {
    const { exitCode, stdout } = await ask("what", "carol");
    assert.equal(exitCode, 0);
    assert.match(stdout, /^carol reaches 1 site of 1 client\.\n\nBeta GmbH \(beta\):\n[^]*^ {4}beta\.example$/m);
    assert.match(stdout, /^Not any more:\n- could act for Acme Corp \(acme\) until 2026-11-01, access\.yaml:9$/m);
    assert.equal((await ask("what", "erin")).exitCode, 1);
    assert.equal((await ask("what", "mallory")).exitCode, 2);
  });

  it("who, what and why --json: print the same facts for programs, on standard output alone", async () => {
    const json = async (...args: [string, ...string[]]) => {
      const { stdout, stderr } = await ask(...args, "--json");
      assert.equal(stderr, "");
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const { people, sharedLogin, ...rest } = await json("who", "www.acme.example");
    assert.deepEqual(rest, {
      asOf: TODAY,
      source: "access.yaml",
      site: "www.acme.example",
      client: "acme",
      file: "access.yaml",
      line: 5,
    });
    assert.deepEqual(sharedLogin, { login: "acme", passwordEnds: null });
    assert.deepEqual((people as { name: string; ways: object[] }[])[1]!.ways, [
      {
        kind: "panel",
        client: "acme",
        team: null,
        teams: [],
        expires: "2026-12-31",
        reason: "relaunch",
        keys: [],
        declared: true,
        file: "access.yaml",
        line: 8,
        text: "acts for Acme Corp (acme) until 2026-12-31 (relaunch), access.yaml:8",
      },
    ]);
    const { clients, notReached } = await json("what", "carol");
    assert.deepEqual((clients as { sites: string[] }[])[0]!.sites, ["beta.example"]);
    assert.deepEqual((notReached as object[])[0], {
      kind: "ended",
      client: "acme",
      day: "2026-11-01",
      file: "access.yaml",
      line: 9,
      text: "could act for Acme Corp (acme) until 2026-11-01, access.yaml:9",
    });
    const { reaches, ways } = await json("why", "erin", "beta.example");
    assert.deepEqual([reaches, ways], [false, []]);
  });

  it("who --revision: reads a git revision, also of a file that is gone", async () => {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: directory, stdio: "pipe" });
    const commit = () => git("-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "-m", "A change");
    git("init", "-q");
    git("add", "access.yaml");
    commit();
    git("rm", "-q", "access.yaml");
    commit();
    const before = await ask("who", "beta.example", "--revision", "HEAD^1");
    assert.deepEqual([before.exitCode, before.stderr], [0, ""]);
    assert.match(
      before.stdout,
      /^- carol acts for Beta GmbH \(beta\), access\.yaml:10\n[^]*Read from access\.yaml at HEAD\^1,/m,
    );
    for (const revision of ["HEAD", "nowhere", "--output=x"]) {
      const { exitCode, stdout } = await ask("who", "beta.example", `--revision=${revision}`);
      assert.deepEqual([exitCode, stdout], [2, ""], revision);
    }
  });

  it("who --preview: answers of the access after the deployment, on one server", async () => {
    const state = (type: string, inputs: object) => ({ type: `pulumi-nodejs:dynamic/aegir:${type}`, inputs });
    const create = (each: object) => ({ op: "create", newState: each });
    const of = (server: string) => [
      create(state("AegirClient", { name: "Acme Corp", internalName: "acme", server })),
      create(state("SiteOwnership", { site: "www.acme.example", client: "acme", server })),
      create(state("ClientUserBinding", { client: "acme", user: `dora@${server}`, server })),
    ];
    write("preview.json", JSON.stringify({ steps: of("main") }));
    const { exitCode, stdout, stderr } = await ask("who", "www.acme.example", "--preview", "preview.json");
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.match(stdout, /^- dora@main acts for Acme Corp \(acme\)$/m);
    write("preview.json", JSON.stringify({ steps: [...of("main"), ...of("other")] }));
    assert.equal((await ask("who", "www.acme.example", "--preview", "preview.json")).exitCode, 2);
    const other = await ask("who", "www.acme.example", "--preview", "preview.json", "--server", "other");
    assert.match(other.stdout, /^- dora@other acts/m);
    assert.equal((await ask("who", "x", "--preview", "preview.json", "--server", "none")).exitCode, 2);
  });

  it("who: exits with 2 for sources that exclude each other, and for a manifest with problems", async () => {
    const both = await ask("who", "beta.example", "--live", "--revision", "HEAD");
    assert.equal(both.exitCode, 2);
    assert.match(both.stderr, /^--revision and --live cannot be combined\./);
    write("access.yaml", manifest.replace("- alice", "- BOB"));
    const broken = await ask("who", "beta.example");
    assert.deepEqual([broken.exitCode, broken.stdout], [2, ""]);
    assert.match(broken.stderr, /access\.yaml:8:17: .*\n +8 \|/);
  });

  it("who: shows names that act on a terminal as escapes", async () => {
    const { stderr } = await ask("who", "\u001b[2Jevil\n::set-env name=x::");
    assert.ok(!/[\u001b]/.test(stderr) && !/^::/m.test(stderr), stderr);
  });
});

describe("aegir-access who, what and why on a live server", () => {
  let server: Server;
  before(async () => {
    server = await Server.start({ seed: fullSeed });
    server.write(
      "access.yaml",
      `version: 1
clients:
  - name: Beta GmbH
    internalName: beta
    sites: [beta.example.com]
    users: [alice, { name: carol, reason: not deployed yet }]
  - { name: Foobar, internalName: foobar, sites: [foobar.example.com], users: [blocked] }
`,
    );
  });
  after(() => server.stop());
  afterEach(() => assert.equal(server.aegir.counts.writes, 0, "nothing is written"));

  const ask = (question: string, ...args: string[]) => server.look(question, "--live", "--as-of", TODAY, ...args);

  it("who --live: shows administrators, and of each grant whether the manifest declares it, and where", async () => {
    const { exitCode, stdout, stderr } = await ask("who", "beta.example.com");
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.match(stdout, /^beta\.example\.com belongs to Beta GmbH \(beta\), access\.yaml:5\.$/m);
    assert.match(stdout, /^- alice acts for Beta GmbH \(beta\), access\.yaml:6$/m);
    assert.match(stdout, /^- bob acts for Beta GmbH \(beta\), which is not declared$/m);
    assert.match(stdout, /^As administrators:\n(- .*\n)*- operator is an administrator, who sees every site$/m);
    assert.doesNotMatch(stdout, /carol/, "who is declared and not on the server");
    assert.doesNotMatch(stdout, /shared password/, "the configuration names no instance that would make logins");
  });

  it("why --live: exits with 1 for a user who is blocked, or is not bound yet", async () => {
    const blocked = await ask("why", "blocked", "foobar.example.com");
    assert.equal(blocked.exitCode, 1);
    assert.match(blocked.stdout, /^- blocked is blocked in the panel$/m);
    const carol = await ask("why", "carol", "beta.example.com");
    assert.equal(carol.exitCode, 1);
    assert.match(carol.stdout, /^- carol does not act for any client$/m);
  });

  it("what --live: finds a user by the mail address, and does not print it", async () => {
    const { mail } = server.aegir.tables().users.find(({ name }) => name === "bob")!;
    const { exitCode, stdout } = await ask("what", mail, "--json");
    const { person, clients } = JSON.parse(stdout) as { person: { name: string }; clients: { client: string }[] };
    assert.deepEqual([exitCode, person.name, clients.map(({ client }) => client)], [0, "bob", ["beta"]]);
    assert.ok(!stdout.includes(mail));
    const administrator = await ask("what", "operator");
    assert.equal(administrator.exitCode, 0);
    assert.match(administrator.stdout, /^As an administrator of the panel, the person also sees all \d+ sites\.$/m);
  });
});
