/** `aegir-access lint`, as its users run it. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { newKey } from "../support/keys";
import { aegirAccess } from "./command";

const good = `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [www.acme.example, shop.acme.example]
    users:
      - alice
      - { name: bob, expires: 2026-12-31, reason: relaunch }
`;
const bad = good.replace("[www.acme.example, ", "[https://www.acme.example/, ").replace("- alice", "- BOB");

describe("aegir-access lint", () => {
  let directory: string;
  const write = (file: string, text: string) => writeFileSync(join(directory, file), text);
  const lint = (...args: string[]) => aegirAccess(["lint", ...args], { cwd: directory });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "aegir-lint-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("lint: counts what a valid manifest declares, and shows the day", async () => {
    write("access.yaml", good);
    assert.deepEqual(await lint("--as-of", "2026-11-24"), {
      exitCode: 0,
      stdout: "access.yaml (as of 2026-11-24): 1 client, 2 sites, 2 bindings, no problem\n",
      stderr: "",
    });
  });

  it("lint: shows all problems of all files at once, each with file, line and caret", async () => {
    write("good.yaml", good);
    write("bad.yaml", bad);
    const { exitCode, stdout, stderr } = await lint("good.yaml", "bad.yaml", "--as-of", "2026-11-24");
    assert.deepEqual([exitCode, stderr], [1, ""]);
    assert.ok(
      stdout.includes(
        'error: bad.yaml:5:13: The site "https://www.acme.example/" is a URL, not a domain. Write "www.acme.example".\n' +
          "     5 |     sites: [https://www.acme.example/, shop.acme.example]\n" +
          "       |             ^^^^^^^^^^^^^^^^^^^^^^^^^\n",
      ),
      stdout,
    );
    assert.match(stdout, /^error: bad\.yaml:8:17: The user "bob" is listed twice in this client/m);
    assert.match(stdout, /^good\.yaml \(as of 2026-11-24\): .*no problem$/m);
    assert.match(stdout, /^bad\.yaml \(as of 2026-11-24\): 2 problems$/m);
  });

  it("lint: refuses keys where the stack's configuration does not reach the logins as root", async () => {
    const users = `shellAccount: true\n    users: [{ name: bob, keys: [${newKey().public}] }]\n`;
    write("access.yaml", good.replace(/users:[^]*/, users));
    const problemsAs = async (user: string) => {
      const connection = { host: "aegir.example", user, hostKey: "SHA256:x" };
      write("servers.yaml", stringify({ main: { accounts: { instance: "o1", connection } } }));
      const { stdout } = await lint("--config", "servers.yaml", "--json");
      const { manifests } = JSON.parse(stdout) as { manifests: { problems: { code: string; line: number }[] }[] };
      return manifests[0]!.problems.map(({ code, line }) => `${code} ${line}`);
    };
    assert.deepEqual(await problemsAs("root"), []);
    assert.deepEqual(await problemsAs("o1.ftp"), ["keysNeedRoot 7"]);
  });

  it("lint: warns of grants that end soon or have ended, without failing", async () => {
    write("access.yaml", good);
    const ahead = await lint("--as-of", "2026-12-30");
    assert.equal(ahead.exitCode, 0);
    assert.match(ahead.stdout, /^warning: access\.yaml:8:31: "bob" can act .* until 2026-12-31: 1 day is left\./m);
    const after = await lint("--as-of", "2027-01-01");
    assert.equal(after.exitCode, 0);
    assert.match(after.stdout, /^warning: access\.yaml:8:31: "bob" could act .* until 2026-12-31, and no longer\./m);
    assert.match(after.stdout, /1 client, 2 sites, 1 binding, no problem, 1 warning$/m);
  });

  it("lint: counts the people and teams of a manifest that has them", async () => {
    const people = "people: { alice: {}, bob: {}, carol: {} }\nteams: { web: [alice, bob] }\nclients:";
    write("access.yaml", good.replace("clients:", people).replace(/users:[^]*/, "users: [carol, { team: web }]\n"));
    const { stdout } = await lint("--as-of", "2026-11-24");
    assert.match(stdout, /: 3 people, 1 team, 1 client, 2 sites, 3 bindings, no problem$/m);
  });

  it("lint: refuses a name that BOA reserves if BOA is configured, and warns if no server is known", async () => {
    write("access.yaml", good.replace("internalName: acme", "internalName: admin"));
    const server = (more: object) =>
      write("servers.json", JSON.stringify({ main: { connection: { host: "aegir.example.com" }, ...more } }));
    server({});
    const plain = await lint("--config", "servers.json", "--as-of", "2026-11-24");
    assert.deepEqual([plain.exitCode, plain.stdout.includes("warning")], [0, false], plain.stdout);
    const unknown = await lint("--as-of", "2026-11-24");
    assert.equal(unknown.exitCode, 0);
    assert.match(unknown.stdout, /warning: access\.yaml:4:19: The internal name "admin" cannot have a shell account/);
    server({ accounts: { instance: "o1" } });
    assert.equal((await lint("--config", "servers.json", "--as-of", "2026-11-24")).exitCode, 1);
  });

  it("lint: prints the same with --json", async () => {
    write("access.yaml", bad);
    const { exitCode, stdout, stderr } = await lint("--json", "--as-of", "2026-12-30");
    assert.deepEqual([exitCode, stderr], [1, ""]);
    const { asOf, manifests } = JSON.parse(stdout) as {
      asOf: string;
      manifests: {
        file: string;
        problems: { line: number; column: number; code: string; message: string; excerpt: string }[];
      }[];
    };
    assert.equal(asOf, "2026-12-30");
    assert.equal(manifests[0]!.file, "access.yaml");
    assert.deepEqual(
      manifests[0]!.problems.map(({ line, column, code }) => [line, column, code]),
      [
        [5, 13, "invalidDomain"],
        [8, 17, "duplicateUser"],
      ],
    );
    assert.match(manifests[0]!.problems[0]!.excerpt, /\^\^\^/);
  });

  it("lint: takes the naming rules from the configuration of a stack", async () => {
    write("Pulumi.yaml", "name: access\nruntime: nodejs\n");
    write("Pulumi.production.yaml", "config:\n  aegir:servers:\n    main:\n      clientPrefix: c_\n");
    mkdirSync(join(directory, "stacks"));
    write("stacks/access.yaml", good);
    for (const named of [[], ["--stack", "production"]]) {
      const { exitCode, stdout } = await lint(...named);
      assert.equal(exitCode, 1);
      assert.match(stdout, /^error: stacks\/access\.yaml:4:19: .*Write "c_acme"/m);
    }
    write("Pulumi.test.yaml", "config: {}\n");
    assert.equal((await lint()).exitCode, 0, "which of two stacks is meant is not known");
  });

  it("lint: exits with 2 if there is nothing to check or the day is invalid", async () => {
    const nothing = await lint();
    assert.deepEqual([nothing.exitCode, nothing.stdout], [2, ""]);
    assert.match(
      nothing.stderr,
      / has neither access\.yaml nor a directory access with YAML files\. Give the path of the manifest\.\n/,
    );
    assert.match((await lint("missing.yaml")).stderr, /^There is no file missing\.yaml/);
    write("access.yaml", good);
    const day = await lint("--as-of", "2026-02-30");
    assert.deepEqual([day.exitCode, day.stdout], [2, ""]);
    assert.match(day.stderr, /^--as-of: "2026-02-30" is not a valid date/);
  });

  it("lint: runs the access tests beside the manifest, and fails with file, line, caret and reason", async () => {
    write("access.yaml", good);
    const tests = (test: string) => write("access.test.yaml", `version: 1\ntests:\n  - ${test}\n`);
    tests("only: { people: [alice, bob], sites: ['*.acme.example'] }");
    const passed = await lint("--as-of", "2026-11-24");
    assert.deepEqual(passed, {
      exitCode: 0,
      stdout: "access.yaml (as of 2026-11-24): 1 client, 2 sites, 2 bindings, 1 access test, no problem\n",
      stderr: "",
    });
    tests("cannot: { people: [bob], sites: [shop.acme.example] }");
    const failed = await lint("--as-of", "2026-11-24");
    assert.equal(failed.exitCode, 1);
    assert.match(
      failed.stdout,
      /^error: access\.test\.yaml:3:24: .* bob acts for .* until 2026-12-31 \(relaunch\), access\.yaml:8\. .*\n.*\n +\| +\^\^\^\n/,
    );
    assert.equal((await lint("--as-of", "2027-01-01")).exitCode, 0, "it has ended by then");
    const { stdout } = await lint("--json", "--as-of", "2026-11-24");
    const { manifests } = JSON.parse(stdout) as { manifests: { problems: { code: string }[] }[] };
    assert.deepEqual(
      manifests[0]!.problems.map(({ code }) => code),
      ["accessTestFailed"],
    );
  });

  it("lint: refuses access tests that would never run", async () => {
    write("access.yaml", good);
    write("access.test.yml", "version: 1\ntests: []\n");
    const { exitCode, stderr } = await lint();
    assert.equal(exitCode, 2);
    assert.match(stderr, /access\.test\.yml is not read: access tests are in access\.test\.yaml\./);
  });
});
