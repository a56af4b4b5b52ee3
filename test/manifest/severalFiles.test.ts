import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ManifestError, parseFiles, parseManifest, readManifest } from "../../provider/manifest";
import { manifestFiles } from "../../provider/manifest/ManifestFiles";
import { matchesPattern } from "../../provider/naming/Pattern";
import { fileCases } from "./fileCases";

const AS_OF = "2026-11-24";

const acme =
  "version: 1\nowners: ['@acme/web']\nclients:\n  - name: Acme\n    internalName: acme\n    sites: [www.acme.example]\n";
const beta =
  "version: 1\nremovalLimit: { percent: 7, atLeast: 3 }\nclients:\n  - { name: Beta, internalName: beta, owners: [it@beta.example], users: [bob] }\n";

/** As a directory gives them. */
function parse(files: Record<string, string | undefined>) {
  const entries = Object.entries(files).map(([path, content]) => ({ path, isRegularFile: true, content }));
  const named = manifestFiles(entries).map(({ path, content }) => ({ file: `access/${path}`, content }));
  return parseFiles("access", named, { asOf: AS_OF });
}

function errorOf(read: () => unknown): ManifestError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ManifestError, String(error));
    return error;
  }
  assert.fail("the manifest was accepted");
}

describe("A manifest of several files", () => {
  for (const { mistake, files, problems } of fileCases) {
    it(`manifest directory: refuses ${mistake}`, () => {
      const error = errorOf(() => parse(files));
      assert.equal(error.file, "access");
      const found = error.problems.map(({ file, line, column, code, message, also }) => {
        const second = also ? ` + ${also.file.slice("access".length)}:${also.line}` : "";
        return { place: `${file.slice("access".length)}:${line}:${column} ${code}:`, message, second };
      });
      const expected = problems.map((problem) => /^(\S+ \w+:) (.*?)( \+ .*)?$/.exec(problem)!);
      assert.deepEqual(
        found.map(({ place, second }) => place + second),
        expected.map(([, place, , second = ""]) => place! + second),
        String(error),
      );
      expected.forEach(([, , fragment], index) => assert.ok(found[index]!.message.includes(fragment!), String(error)));
    });
  }

  it("manifest directory: shows the excerpts of both places of a problem", () => {
    const error = errorOf(() =>
      parse({ "a.yaml": acme, "b.yaml": acme.replace("Acme", "Other").replace(": acme", ": other") }),
    );
    assert.equal(
      error.report,
      `access has 1 problem.

access/b.yaml:6:13: The site "www.acme.example" has two owners: the client "Acme" on line 6 of access/a.yaml and the client "Other" here. A site belongs to exactly one client. Delete one of the two.
     6 |     sites: [www.acme.example]
       |             ^^^^^^^^^^^^^^^^
access/a.yaml:6:13:
     6 |     sites: [www.acme.example]
       |             ^^^^^^^^^^^^^^^^`,
    );
  });

  it("manifest directory: reports only what concerns single files while one cannot be read", () => {
    const error = errorOf(() => parse({ "a.yaml": acme, "b.yaml": acme, "c.yaml": "{" }));
    assert.deepEqual([error.complete, error.problems.map(({ file }) => file)], [false, ["access/c.yaml"]]);
  });

  it("manifest directory: merges its files, each with its owners and every entry with its place", () => {
    const { clients, files, removalLimit } = parse({
      "web.yaml": acme,
      "beta/b.yml": beta,
      "people.yaml": "version: 1\n",
    });
    assert.deepEqual(
      clients.map(({ internalName, owners, file, line }) => [internalName, owners, file, line]),
      [
        ["acme", ["@acme/web"], "access/web.yaml", 4],
        ["beta", ["it@beta.example"], "access/beta/b.yml", 4],
      ],
    );
    assert.deepEqual(
      files.map(({ file, path, owners }) => [file, path, owners]),
      [
        ["access/beta/b.yml", "beta/b.yml", []],
        ["access/people.yaml", "people.yaml", []],
        ["access/web.yaml", "web.yaml", ["@acme/web"]],
      ],
    );
    assert.deepEqual(removalLimit, { percent: 7, atLeast: 3 });
  });

  it("manifest directory: ignores misplaced access tests in what was deployed, so that a review can move them", () => {
    const files = { "a.yaml": acme, "a.test.yaml": "[" };
    const contents = Object.entries(files).map(([file, content]) => ({ file: `access/${file}`, content }));
    const deployed = parseFiles("access", contents, { asOf: AS_OF, deployed: true });
    assert.deepEqual(
      deployed.files.map(({ file }) => file),
      ["access/a.yaml"],
    );
  });

  it("manifest directory: says the same after another file with the same path was read", () => {
    const read = (content: string) => parse({ "a.yaml": content }).clients.map(({ internalName }) => internalName);
    assert.deepEqual([acme, beta, acme].map(read), [["acme"], ["beta"], ["acme"]]);
    // A file of an earlier release, which was remembered as a file of this one.
    const former = acme.replace("    sites", "    previously: old\n    sites");
    const file = "access/former.yaml";
    errorOf(() => parseManifest(former, file, { asOf: AS_OF }));
    assert.equal(parseManifest(former, file, { asOf: AS_OF, deployed: true }).clients[0]!.renamedFrom, "old");
    errorOf(() => parseManifest(former, file, { asOf: AS_OF }));
    const lookAlike = acme.replace("Acme", "\u0410cme");
    errorOf(() => parseManifest(lookAlike, file, { asOf: AS_OF }));
    assert.equal(parseManifest(lookAlike, file, { asOf: AS_OF, deployed: true }).clients[0]!.name, "<U+0410>cme");
  });
});

describe("A directory with a manifest", () => {
  let directory: string;
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "aegir-files-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("manifest directory: reads the YAML files at any depth, and neither dot files nor other files", () => {
    write("b.yaml", acme);
    write("a/deep/b.YML", beta);
    for (const skipped of [".b.yaml.swp", ".git/config.yaml", "README.md", "b.yaml~"]) {
      write(skipped, "not YAML: [");
    }
    symlinkSync("b.yaml", join(directory, ".#b.yaml"));
    for (const path of [directory, `${directory}/`]) {
      const { files } = readManifest(path, { asOf: AS_OF });
      assert.deepEqual(
        files.map(({ file }) => file),
        [`${directory}/a/deep/b.YML`, `${directory}/b.yaml`],
      );
    }
  });

  it("manifest directory: follows no link, wherever it leads", () => {
    write("b.yaml", acme);
    for (const target of ["b.yaml", "/etc", "nowhere"]) {
      symlinkSync(target, join(directory, "link"));
      const { problems } = errorOf(() => readManifest(directory, { asOf: AS_OF }));
      assert.deepEqual(
        problems.map(({ file, code }) => [file, code]),
        [[`${directory}/link`, "notRegularFile"]],
      );
      rmSync(join(directory, "link"));
    }
  });
});

describe("A pattern of a scope", () => {
  for (const [pattern, matching, others] of [
    ["acme", ["acme"], ["acme2", "", "xacme"]],
    ["*", ["", "acme"], []],
    ["*.acme.example", ["www.acme.example", ".acme.example"], ["acme.example", "www.acme.example.org"]],
    ["a*b*c", ["abc", "axbxc", "abbc", "abcbc"], ["ac", "ab", "bc", "acb", "abcx"]],
    ["a*a", ["aa", "aba"], ["a", "ab"]],
    ["**", ["", "x"], []],
  ] as const) {
    it(`pattern: ${pattern} matches what it says and nothing else`, () => {
      for (const name of matching) assert.ok(matchesPattern(pattern, name), name);
      for (const name of others) assert.ok(!matchesPattern(pattern, name), name);
    });
  }

  it("pattern: takes no longer for many stars", () => {
    assert.ok(!matchesPattern("*a".repeat(5000), `${"a".repeat(4999)}b`));
  });
});
