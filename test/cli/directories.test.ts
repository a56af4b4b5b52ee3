/** The commands on a manifest that is a directory, as their users run them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fullSeed } from "../aegir/seed";
import { aegirAccess } from "./command";
import { Server } from "./Server";

const TODAY = "2026-11-24";

describe("aegir-access on a directory", () => {
  let directory: string;
  const run = (...args: string[]) => aegirAccess(args, { cwd: directory });
  const review = (...args: string[]) => run("review", "--as-of", TODAY, ...args);
  const git = (...args: string[]) => execFileSync("git", args, { cwd: directory, stdio: "pipe" }).toString();
  const read = (path: string) => readFileSync(join(directory, path), "utf8");
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };

  const client = (name: string, users: string, owner = "") =>
    `version: 1\n${owner}clients:\n  - { name: ${name}, internalName: ${name}, sites: [${name}.example], users: [${users}] }\n`;
  const commitFiles = (files: Record<string, string | undefined>) => {
    for (const [path, text] of Object.entries(files)) {
      if (text === undefined) rmSync(join(directory, path));
      else write(path, text);
    }
    git("add", "-A");
    git("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "A change");
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "aegir-directories-"));
    git("init", "-q");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("review: compares two git revisions of a directory, and names file and line of a problem", async () => {
    commitFiles({ "access/acme.yaml": client("acme", "alice"), "access/sub/beta.yaml": client("beta", "bob") });
    commitFiles({ "access/sub/beta.yaml": client("beta", "carol"), "access/notes.md": "no YAML: [" });
    write("access/acme.yaml", "no manifest");
    for (const path of ["access", "access/", "access.yaml"]) {
      const { exitCode, stdout, stderr } = await review("HEAD^1", "HEAD", "--manifest", path);
      assert.deepEqual([exitCode, stderr], [0, ""]);
      assert.match(stdout, /^- bob loses beta\.example/m);
      assert.match(stdout, /^\+ carol gains beta\.example/m);
      assert.doesNotMatch(stdout, /acme/);
    }
    commitFiles({ "access/acme.yaml": client("acme", "alice"), "access/sub/gamma.yaml": client("acme", "carol") });
    const refused = await review("HEAD^1", "HEAD", "--manifest", "access");
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stdout, /^access\/sub\/gamma\.yaml:3:13: .* the first on line 3 of access\/acme\.yaml/m);
    assert.match(refused.stdout, /^access\/acme\.yaml:3:13:\n +3 \| /m);
  });

  it("review: reads a directory from a directory of the repository", async () => {
    commitFiles({ "project/access/acme.yaml": client("acme", "alice") });
    commitFiles({ "project/access/acme.yaml": client("acme", "bob"), "access/beta.yaml": client("beta", "bob") });
    const options = { cwd: join(directory, "project") };
    const { exitCode, stdout } = await aegirAccess(["review", "HEAD^1", "HEAD", "--manifest", "access"], options);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^\+ bob gains acme\.example/m);
    assert.doesNotMatch(stdout, /beta/);
  });

  it("review: shows no change when a file is divided into a directory, or joined again", async () => {
    const both = client("acme", "alice") + client("beta", "bob").split("\n").slice(2).join("\n");
    commitFiles({ "access.yaml": both });
    commitFiles({
      "access.yaml": undefined,
      "access/acme.yaml": client("acme", "alice"),
      "access/beta.yml": client("beta", "bob"),
    });
    for (const [base, head] of [
      ["HEAD^1", "HEAD"],
      ["HEAD", "HEAD^1"],
    ] as const) {
      for (const path of ["access.yaml", "access"]) {
        const { exitCode, stdout } = await review(base, head, "--manifest", path);
        assert.equal(exitCode, 0);
        assert.match(stdout, /^Nobody gains or loses access\.\nChecksum: (\w{16})\.\.\1\n$/);
      }
    }
  });

  it("review: refuses access tests inside the directory, and runs them once they are moved beside it", async () => {
    const tests = (who: string) => `version: 1\ntests:\n  - cannot: { people: [${who}], sites: [acme.example] }\n`;
    commitFiles({ "access/acme.yaml": client("acme", "alice, bob"), "access/access.test.yaml": tests("alice") });
    const inside = await run("lint", "--as-of", TODAY, "--json");
    const { manifests } = JSON.parse(inside.stdout) as { manifests: { problems: { file: string; code: string }[] }[] };
    assert.deepEqual(
      manifests[0]!.problems.map(({ file, code }) => [file, code]),
      [["access/access.test.yaml", "misplacedAccessTests"]],
    );
    commitFiles({ "access/access.test.yaml": undefined, "access.test.yaml": tests("alice") });
    const moved = await review("HEAD^1", "HEAD", "--manifest", "access", "--json");
    const { accessTests } = JSON.parse(moved.stdout) as { accessTests: { failed: { code: string }[] } };
    assert.deepEqual([moved.exitCode, accessTests.failed.map(({ code }) => code)], [1, ["accessTestFailed"]]);
  });

  it("review: refuses a link in the directory of HEAD, and a directory that is too large", async () => {
    commitFiles({ "access/acme.yaml": client("acme", "alice") });
    symlinkSync("/etc/passwd", join(directory, "access/link"));
    commitFiles({});
    const linked = await review("HEAD^1", "HEAD", "--manifest", "access", "--json");
    const { problems } = JSON.parse(linked.stdout) as { problems: { file: string; code: string }[] };
    assert.deepEqual(
      problems.map(({ file, code }) => [file, code]),
      [["access/link", "notRegularFile"]],
    );
    rmSync(join(directory, "access/link"));
    const large = "#".repeat(2 ** 21);
    commitFiles(
      Object.fromEntries([1, 2, 3, 4, 5].map((index) => [`access/${index}.yaml`, `${index}${large.slice(1)}`])),
    );
    assert.match((await review("HEAD~2", "HEAD", "--manifest", "access")).stdout, /8388608 bytes/);
    commitFiles({
      ...Object.fromEntries([2, 3, 4, 5].map((index) => [`access/${index}.yaml`, undefined])),
      "access/1.yaml": `${large}#`,
    });
    assert.match(
      (await review("HEAD~3", "HEAD", "--manifest", "access")).stdout,
      /access\/1\.yaml:1:1: .* 2097152 bytes/,
    );
  });

  it("review: names whose approval a change needs, for people and for programs", async () => {
    commitFiles({
      "access/acme.yaml": client("acme", "alice", 'owners: ["@acme/web"]\n'),
      "access/beta.yaml": client("beta", "bob", "owners: [it@beta.example]\n"),
    });
    commitFiles({ "access/beta.yaml": client("beta", "carol", "owners: [it@beta.example]\n") });
    const { stdout } = await review("HEAD^1", "HEAD", "--manifest", "access", "--json");
    const { notes } = JSON.parse(stdout) as { notes: { kind: string; owners: string[]; clients: string[] }[] };
    assert.deepEqual(
      notes.flatMap(({ kind, owners, clients }) => (kind === "approval" ? [[owners, clients]] : [])),
      [[["it@beta.example"], ["beta"]]],
    );
  });

  it("lint: reads access.yaml or access/ by default, and refuses to choose between the two", async () => {
    write("access/acme.yaml", client("acme", "alice"));
    write("access/beta.yaml", client("beta", "bob"));
    assert.match((await run("lint")).stdout, /^access \(as of .*\): 2 clients, 2 sites, 2 bindings, no problem\n$/);
    write("access.yaml", client("acme", "alice"));
    const { exitCode, stderr } = await run("lint");
    assert.deepEqual(
      [exitCode, stderr.split(". ")[0]],
      [2, `${directory} has both access.yaml and access, and either could be the manifest`],
    );
    assert.equal((await run("lint", "access")).exitCode, 0);
    rmSync(join(directory, "access"), { recursive: true });
    write("access/index.ts", "export {};");
    assert.match(
      (await run("lint")).stdout,
      /^access\.yaml .*: 1 client/,
      "a directory of something else is not in the way",
    );
  });

  it("lint: names every file with a problem in the facts for programs", async () => {
    write("access/acme.yaml", client("acme", "alice"));
    write("access/beta.yaml", client("acme", "bob"));
    const { exitCode, stdout } = await run("lint", "access", "--json");
    const { manifests } = JSON.parse(stdout) as {
      manifests: { file: string; problems: { file: string; code: string; also: { file: string; line: number } }[] }[];
    };
    const [linted] = manifests;
    assert.deepEqual([exitCode, manifests.length, linted!.file], [1, 1, "access"]);
    assert.deepEqual(
      linted!.problems.map(({ file, code, also }) => [file, code, also.file, also.line]),
      [
        ["access/beta.yaml", "duplicateClient", "access/acme.yaml", 3],
        ["access/beta.yaml", "duplicateInternalName", "access/acme.yaml", 3],
        ["access/beta.yaml", "siteWithTwoOwners", "access/acme.yaml", 3],
      ],
    );
  });

  describe("with owners", () => {
    beforeEach(() => {
      write("access/web.yaml", client("acme", "alice", 'owners: ["@acme/web", it@acme.example]\n'));
      write("access/sub/shop.yaml", client("shop", "bob", 'owners: ["@acme/shop"]\n'));
      write("access/free.yaml", client("free", "carol"));
    });
    const lines = "/access/sub/shop.yaml @acme/shop\n/access/web.yaml @acme/web it@acme.example\n";

    it("codeowners: prints the owners of files, counted from the root of the repository", async () => {
      const { exitCode, stdout } = await run("codeowners");
      assert.deepEqual([exitCode, stdout.split("\n").slice(1, -2).join("\n")], [0, lines.trimEnd()]);
      const { stdout: below } = await aegirAccess(["codeowners", "."], { cwd: join(directory, "access") });
      assert.equal(below, stdout);
      assert.ok(!existsSync(join(directory, ".github")), "nothing is written");
    });

    it("codeowners: keeps a block in CODEOWNERS up to date, and leaves the other lines alone", async () => {
      assert.equal((await run("codeowners", "--check")).exitCode, 1);
      write("CODEOWNERS", "* @acme/all");
      assert.equal((await run("codeowners", "--check")).exitCode, 1);
      assert.equal(read("CODEOWNERS"), "* @acme/all");
      assert.equal((await run("codeowners", "--write")).exitCode, 0);
      const [before, after, ...more] = read("CODEOWNERS").split(lines);
      assert.match(before!, /^\* @acme\/all\n\n# Begin.*\n$/);
      assert.match(after!, /^# End.*\n$/);
      assert.deepEqual(more, []);
      assert.equal((await run("codeowners", "--check")).exitCode, 0);
      write("CODEOWNERS", `${read("CODEOWNERS")}\n# The end\n`);
      write("access/free.yaml", client("free", "carol", "owners: [carol@acme.example]\n"));
      assert.equal((await run("codeowners", "--check")).exitCode, 1);
      assert.equal((await run("codeowners", "--write")).exitCode, 0);
      assert.equal(read("CODEOWNERS"), `${before}/access/free.yaml carol@acme.example\n${lines}${after}\n# The end\n`);
    });

    it("codeowners: fails while a later pattern takes the files from their owners", async () => {
      await run("codeowners", "--write");
      write(".github/CODEOWNERS", `${read(".github/CODEOWNERS")}*.yaml @acme/all\n`);
      const checked = await run("codeowners", "--check");
      assert.equal(checked.exitCode, 1);
      assert.match(checked.stdout, /the pattern \*\.yaml @acme\/all after the block/);
      assert.equal((await run("codeowners", "--write")).exitCode, 2);
    });

    it("codeowners: refuses names that CODEOWNERS reads in another way, and a manifest with problems", async () => {
      for (const name of ["#acme.yaml", "acme [old].yaml", "my acme.yaml", "!acme.yaml"]) {
        write(`access/${name}`, client("other", "bob", "owners: [it@acme.example]\n"));
        const { exitCode, stderr } = await run("codeowners");
        assert.equal(exitCode, 2);
        assert.match(stderr, /cannot be written to CODEOWNERS/);
        rmSync(join(directory, "access", name));
      }
      write("access/web.yaml", "version: 2\n");
      assert.equal((await run("codeowners", "--write")).exitCode, 2);
      rmSync(join(directory, ".git"), { recursive: true });
      write("access/web.yaml", client("acme", "alice"));
      assert.match((await run("codeowners")).stderr, /is not in a git repository/);
    });
  });
});

describe("aegir-access on a directory and a live server", () => {
  let server: Server;
  const acme = `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [acme.example.com, reborn.example.com, shop.acme.example.com]
    users: [alice, carol]
`;
  const beta = `version: 1
clients:
  - name: Beta GmbH
    internalName: beta
    sites: [beta.example.com, disabled.example.com, moved.example.com]
    users: [alice, bob]
`;
  const accept = ["--accept", "--reason", "TICKET-12", "--until", "2027-03-31"];

  before(async () => {
    server = await Server.start({ seed: fullSeed });
  });
  after(() => server.stop());
  beforeEach(() => {
    rmSync(join(server.directory, "access"), { recursive: true, force: true });
    mkdirSync(join(server.directory, "access"));
    server.write("access/acme.yaml", acme);
    server.write("access/beta.yaml", beta);
  });
  afterEach(() => assert.equal(server.aegir.counts.writes, 0, "nothing is written"));

  it("plan: shows in which file and line a step is declared, if there are several files", async () => {
    const { stdout } = await server.look("plan", "access");
    assert.match(stdout, /^\+ binding:acme:carol: .*\. \(access\/acme\.yaml:6\)$/m);
    const facts = JSON.parse((await server.look("plan", "access", "--json")).stdout) as {
      steps: { resource: string; file: string; line: number }[];
    };
    const site = facts.steps.find(({ resource }) => resource === "site:moved.example.com");
    assert.deepEqual([site?.file, site?.line], ["access/beta.yaml", 5]);
    assert.doesNotMatch((await server.look("plan", "access/acme.yaml")).stdout, /access\/acme\.yaml/);
  });

  it("audit --accept: writes known findings to the file that lists some, or to a file of its own", async () => {
    server.write("access/acme.yaml", acme.replace(", carol", ""));
    await server.look("audit", "access", ...accept);
    assert.equal(server.read("access/acme.yaml"), acme.replace(", carol", ""));
    assert.match(server.read("access/known-findings.yaml"), /^version: 1\n\nknownFindings:\n {2}- finding: /);
    const again = await server.look("audit", "access");
    assert.equal(again.exitCode, 0, again.stdout);

    const entries = server.read("access/known-findings.yaml").split(/(?=^ {2}- )/m);
    rmSync(join(server.directory, "access/known-findings.yaml"));
    server.write("access/beta.yaml", `${beta}${entries.slice(0, 2).join("").replace("version: 1\n\n", "")}`);
    await server.look("audit", "access", ...accept);
    assert.ok(!existsSync(join(server.directory, "access/known-findings.yaml")));
    assert.equal(server.read("access/beta.yaml").split("- finding: ").length, entries.length);
    server.write(
      "access/acme.yaml",
      `${acme.replace(", carol", "")}knownFindings: [{ finding: "client:nobody:x", reason: x, until: 2026-12-24 }]\n`,
    );
    assert.match(
      (await server.look("audit", "access")).stdout,
      /^- client:nobody:x \(line 7 of access\/acme\.yaml\)$/m,
    );
  });
});
