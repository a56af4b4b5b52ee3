/** `aegir-access review`, between files, between git revisions, and of a preview. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aegirAccess } from "./command";

const pullRequests = join(__dirname, "..", "review", "pullRequests");
const TODAY = "2026-11-24";

const manifest = (users: string, more = "") => `version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites: [www.acme.example]
    users: [${users}]
${more}`;

describe("aegir-access review", () => {
  let directory: string;
  const write = (file: string, text: string) => writeFileSync(join(directory, file), text);
  const review = (...args: string[]) => aegirAccess(["review", "--as-of", TODAY, ...args], { cwd: directory });
  const git = (...args: string[]) => execFileSync("git", args, { cwd: directory, stdio: "pipe" }).toString();
  function commit(text: string | undefined): void {
    if (text === undefined) git("rm", "-q", "access.yaml");
    else write("access.yaml", text);
    git("add", "-A");
    git("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "--allow-empty", "-m", "A change");
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "aegir-review-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("review: prints the golden comments on pull requests, and exits with 1 for a refused change", async () => {
    write("servers.yaml", "main: { accounts: { instance: o1 } }\n");
    const sides = (name: string) => ["base.yaml", "head.yaml"].map((side) => join(pullRequests, name, side));
    for (const [name, exitCode] of [
      ["01-site-moved", 0],
      ["06-file-emptied", 1],
    ] as const) {
      const ended = await review(...sides(name), "--format", "markdown", "--config", "servers.yaml");
      assert.deepEqual([ended.exitCode, ended.stderr], [exitCode, ""]);
      assert.equal(ended.stdout, readFileSync(join(pullRequests, name, "comment.md"), "utf8"));
    }
  });

  it("review: counts shell logins as the project's only stack does, and counts them if there are several stacks", async () => {
    write("Pulumi.yaml", "name: access\nruntime: nodejs\n");
    write("base.yaml", manifest("alice, bob"));
    write("head.yaml", "version: 1\nclients: []\n");
    const grants = async () => / of (\d+) grants/.exec((await review("base.yaml", "head.yaml")).stdout)?.[1];
    assert.equal(await grants(), "3");
    const servers = (accounts: string) =>
      `config:\n  aegir:servers:\n    main: { connection: { host: a.example, user: aegir, hostKey: x }${accounts} }\n`;
    for (const without of ["", "config: {}\n", "config: { aegir:servers: { secure: v1:xyz } }\n"]) {
      write("Pulumi.production.yaml", without);
      assert.equal(await grants(), "3", "it has no servers that can be read");
    }
    write("Pulumi.production.yaml", servers(""));
    assert.equal(await grants(), "2");
    write("Pulumi.production.yaml", servers(", accounts: { instance: o1 }"));
    assert.equal(await grants(), "3");
    write("Pulumi.production.yaml", servers(""));
    write("Pulumi.test.yaml", servers(""));
    assert.equal(await grants(), "3", "which of two is meant is not known");
  });

  it("review: explains how to compare revisions if it is given one in place of a file", async () => {
    write("access.yaml", manifest("alice"));
    const { exitCode, stderr } = await review("HEAD", "access.yaml");
    assert.equal(exitCode, 2);
    assert.match(stderr, /^There is no file HEAD \(from .*\)\. .*review main HEAD --manifest access\.yaml\.$/m);
  });

  it("review: accepts the keys of an earlier release in BASE, and refuses them in HEAD", async () => {
    const former = manifest("alice").replace("internalName: acme", "internalName: acme\n    previously: old");
    write("base.yaml", `${former}brake: { percent: 50 }\n`);
    write("head.yaml", `${former.replace("previously", "renamedFrom")}removalLimit: { percent: 50 }\n`);
    const { exitCode, stdout, stderr } = await review("base.yaml", "head.yaml");
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.match(stdout, /^Nobody gains or loses access\.\nChecksum: (\w{16})\.\.\1\n$/);
    const refused = await review("head.yaml", "base.yaml");
    assert.equal(refused.exitCode, 1);
    assert.match(
      refused.stdout,
      /base\.yaml:8:1: brake is now removalLimit: rename the key and keep its value\.\n +8 \| brake: .*\n +\| \^{5}\n/,
    );
  });

  it("review: compares two git revisions of a file, whatever is in the work tree", async () => {
    git("init", "-q");
    commit(manifest("alice, bob"));
    commit(manifest("alice, carol"));
    write("access.yaml", "no manifest");
    const { exitCode, stdout, stderr } = await review("HEAD^1", "HEAD", "--manifest", "access.yaml");
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.match(stdout, /^Loses access:\n- bob loses www\.acme\.example/m);
    assert.match(stdout, /^Gains access:\n\+ carol gains www\.acme\.example/m);
  });

  it("review: treats a file that a revision lacks as an empty manifest", async () => {
    git("init", "-q");
    write("README", "No manifest yet");
    commit(manifest("alice"));
    git("rm", "-q", "--cached", "access.yaml");
    git("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "Not yet");
    commit(manifest("alice"));
    const added = await review("HEAD^1", "HEAD", "--manifest", "access.yaml");
    assert.equal(added.exitCode, 0);
    assert.match(added.stdout, /Gains access/);
    commit(undefined);
    const removed = await review("HEAD^1", "HEAD", "--manifest", "access.yaml");
    assert.match(removed.stdout, /Loses access/);
    const neither = await review("HEAD", "HEAD", "--manifest", "access.yaml");
    assert.deepEqual([neither.exitCode, neither.stdout], [2, ""]);
    assert.match(neither.stderr, /^Neither revision has a file or directory access\.yaml/);
  });

  it("review: runs the access tests of HEAD, and refuses a change that breaks one", async () => {
    const only = (people: string) =>
      `version: 1\ntests:\n  - only: { people: [${people}], sites: [www.acme.example] }\n`;
    git("init", "-q");
    write("access.test.yaml", only("alice"));
    commit(manifest("alice"));
    commit(manifest("alice, bob"));
    const of = (...args: string[]) => review("HEAD^1", "HEAD", "--manifest", "access.yaml", ...args);
    const refused = await of();
    assert.deepEqual([refused.exitCode, refused.stderr], [1, ""]);
    assert.match(
      refused.stdout,
      /^Access tests that fail:\naccess\.test\.yaml:3:38: .* bob acts for .*, access\.yaml:6\./,
    );
    assert.match(refused.stdout, /^\+ bob gains/m, "the review is there as well");
    const facts = JSON.parse((await of("--json")).stdout) as { refused: boolean; accessTests: { failed: object[] } };
    assert.deepEqual([facts.refused, facts.accessTests.failed.length], [true, 1]);

    git("reset", "-q", "--hard", "HEAD^1");
    write("access.test.yaml", only("alice, bob"));
    commit(manifest("alice, bob"));
    const changed = await of();
    assert.deepEqual([changed.exitCode, changed.stderr], [0, ""]);
    assert.match(
      changed.stdout,
      /^This change also changes access tests that it would break:\naccess\.test\.yaml:3:38: /,
    );
    assert.match((await of("--format", "markdown")).stdout, /^> \*\*This change also changes access tests/m);
    assert.match(changed.stdout, /^ +The access tests are edited: 1 test before, 1 after\.$/m);

    git("rm", "-q", "access.test.yaml");
    commit(manifest("alice, bob, carol"));
    const removed = await of();
    assert.equal(removed.exitCode, 0);
    assert.match(removed.stdout, /^This change also changes access tests that it would break:/);
  });

  it("review: never passes an argument to git as an option, and follows no symbolic link", async () => {
    git("init", "-q");
    commit(manifest("alice"));
    for (const revision of ["--output=pwned", "HEAD --output=pwned", "$(touch pwned)", "HEAD:access.yaml"]) {
      const { exitCode, stderr } = await review("HEAD", "--manifest", "access.yaml", "--", revision);
      assert.equal(exitCode, 2);
      assert.match(stderr, /^git finds no revision /);
    }
    assert.ok(!existsSync(join(directory, "pwned")));
    symlinkSync("/etc/passwd", join(directory, "link.yaml"));
    commit(manifest("alice"));
    assert.match((await review("HEAD", "HEAD", "--manifest", "link.yaml")).stderr, /is not a regular file in HEAD/);
    assert.match((await review("HEAD", "HEAD", "--manifest", "*.yaml")).stderr, /^Neither revision has a file/);
  });

  it("review: shows the problems of HEAD in place of the review, and exits with 1", async () => {
    write("base.yaml", manifest("alice"));
    write("head.yaml", manifest("alice, ALICE"));
    const { exitCode, stdout, stderr } = await review("base.yaml", "head.yaml", "--format", "markdown");
    assert.deepEqual([exitCode, stderr], [1, ""]);
    assert.match(stdout, /^<!-- aegir-access review -->\n/);
    assert.match(stdout, /^head\.yaml:6:20: The user "ALICE" is listed twice/m);
    const json = await review("base.yaml", "head.yaml", "--json");
    const { problems } = JSON.parse(json.stdout) as { problems: { line: number }[] };
    assert.deepEqual([json.exitCode, problems.map(({ line }) => line)], [1, [6]]);
    const broken = await review("head.yaml", "base.yaml");
    assert.deepEqual([broken.exitCode, broken.stdout], [2, ""]);
    assert.match(broken.stderr, /^BASE cannot be used for comparison, because head\.yaml has 1 problem\./);
  });

  it("review: shows a look-alike name spelled out, and refuses it in plain form", async () => {
    write("base.yaml", manifest("alice"));
    write("head.yaml", manifest("alice, <U+0430>lice"));
    const { exitCode, stdout } = await review("base.yaml", "head.yaml");
    assert.equal(exitCode, 0);
    assert.match(stdout, /^\+ <U\+0430>lice gains www\.acme\.example/m);
    write("raw.yaml", manifest("alice, \u0430lice"));
    const refused = await review("base.yaml", "raw.yaml");
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stdout, /^raw\.yaml:6:20: The user's name "<U\+0430>lice" could be taken for another/m);
    // What an earlier release deployed can be corrected, and compared with.
    const corrected = await review("raw.yaml", "base.yaml");
    assert.equal(corrected.exitCode, 0);
    assert.match(corrected.stdout, /^- <U\+0430>lice loses www\.acme\.example/m);
    assert.match((await review("raw.yaml", "head.yaml")).stdout, /^Nobody gains or loses access\./);
  });

  it("review: prints the same with --json, and a complete page with --format html", async () => {
    write("base.yaml", manifest("alice, bob"));
    write("head.yaml", manifest("alice"));
    const { exitCode, stdout } = await review("base.yaml", "head.yaml", "--json");
    const facts = JSON.parse(stdout) as { asOf: string; refused: boolean; grants: { lost: number } };
    assert.deepEqual([exitCode, facts.asOf, facts.refused, facts.grants.lost], [0, TODAY, false, 1]);
    assert.equal((await review("base.yaml", "head.yaml", "--format", "json")).stdout, stdout);
    const page = await review("base.yaml", "head.yaml", "--format", "html");
    assert.match(page.stdout, /^<!doctype html>[^]*www\.acme\.example[^]*<\/html>\n$/i);
    assert.equal((await review("base.yaml", "head.yaml", "--format", "pdf")).exitCode, 2);
  });

  it("review --as-of: reads the manifests for that day, so that a review can be repeated", async () => {
    write("base.yaml", manifest("{ name: alice, expires: 2026-11-20 }"));
    write("head.yaml", manifest("{ name: alice, expires: 2026-11-30 }"));
    const { stdout } = await review("base.yaml", "head.yaml");
    assert.match(stdout, /Gains access/);
    const before = await aegirAccess(["review", "base.yaml", "head.yaml", "--as-of", "2026-11-01"], { cwd: directory });
    assert.doesNotMatch(before.stdout, /Gains access/);
  });

  it("review --preview: reads a preview, and refuses one that leaves out unchanged resources", async () => {
    const state = (type: string, inputs: object) => ({ type: `pulumi-nodejs:dynamic/aegir:${type}`, inputs });
    const same = (each: object) => ({ op: "same", oldState: each, newState: each });
    const bob = state("ClientUserBinding", { client: "acme", user: "bob" });
    const kept = [
      same(state("AegirClient", { name: "Acme Corp", internalName: "acme" })),
      same(state("SiteOwnership", { site: "www.acme.example", client: "acme" })),
    ];
    const preview = (steps: object[]) =>
      write("preview.json", JSON.stringify({ steps, changeSummary: { delete: 1, same: 2 } }));
    preview([...kept, { op: "delete", oldState: bob }]);
    const { exitCode, stdout, stderr } = await review("--preview", "preview.json", "--format", "markdown");
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.match(stdout, /`bob` loses `www\.acme\.example`: no longer acts for `Acme Corp` \(`acme`\)/);

    preview([{ op: "delete", oldState: bob }]);
    const partial = await review("--preview", "preview.json");
    assert.deepEqual([partial.exitCode, partial.stdout], [2, ""]);
    assert.match(partial.stderr, /^preview\.json: The preview leaves out unchanged resources.*--show-sames/);
    write("preview.json", "Previewing update (production)");
    assert.match((await review("--preview", "preview.json")).stderr, /^preview\.json is not what `pulumi preview/);
  });

  const stack = { urn: "urn:pulumi:p::a::pulumi:pulumi:Stack::a-p", type: "pulumi:pulumi:Stack" };
  const unchanged = { steps: [{ op: "same", oldState: stack, newState: stack }], changeSummary: { same: 1 } };
  const marked = {
    urn: "urn:pulumi:p::a::pulumi-nodejs:dynamic/aegir:SiteOwnership::site:a.example",
    type: "pulumi-nodejs:dynamic/aegir:SiteOwnership",
    outputs: { notLookedAt: { why: "nothing listens", refreshes: 1 } },
  };
  const failed = (message: string) => ({ ...unchanged, diagnostics: [{ message, severity: "error" }] });
  const unusable: [what: string, preview: string, why: RegExp][] = [
    ["whose program threw", JSON.stringify(failed("error: the program gives up\n")), /failed.*the program gives up/],
    [
      "in which a check failed",
      JSON.stringify(failed("error: property site has a problem\u001b[2J")),
      /a problem\\x1b\[2J/,
    ],
    ["without a step", '{ "steps": [], "duration": 1 }', /is not what `pulumi preview/],
    ["without anything", "{}", /is not what `pulumi preview/],
    ["that was cut off", JSON.stringify(unchanged).slice(0, 100), /is not what `pulumi preview/],
    ["that is empty", "", /is not what `pulumi preview/],
    ["that is an update", '{"sequence":0,"preludeEvent":{}}\n{"sequence":1}\n', /is not what `pulumi preview/],
    [
      "whose refresh could not look",
      JSON.stringify({
        ...unchanged,
        steps: [...unchanged.steps, { op: "update", oldState: marked, newState: marked }],
      }),
      /could not look at site:a\.example, so nothing can be said/,
    ],
  ];
  for (const [what, preview, why] of unusable) {
    it(`review --preview: exits with 2 for a preview ${what}`, async () => {
      write("preview.json", preview);
      const { exitCode, stdout, stderr } = await review("--preview", "preview.json");
      assert.deepEqual([exitCode, stdout], [2, ""]);
      assert.match(stderr, why);
    });
  }

  it("review --preview: succeeds if no step of a complete preview concerns access", async () => {
    const warned = { ...unchanged, diagnostics: [{ message: "warning: no package.json\n", severity: "warning" }] };
    write("preview.json", JSON.stringify(warned));
    const { exitCode, stdout } = await review("--preview", "preview.json");
    assert.deepEqual([exitCode, stdout], [0, "The preview is complete, and none of its steps concerns access.\n"]);
  });
});
