/** Access tests: what they judge, and what is said of those that fail or prove nothing. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runAccessTests } from "../../provider/answers/accessTests";
import { accessTestsJsonSchema } from "../../provider/answers/AccessTestsSchema";
import { testsFileOf } from "../../provider/manifest/ManifestFiles";
import { EffectiveAccess } from "../../provider/review/EffectiveAccess";
import { picture } from "../review/pictures";

const manifest = picture([
  `{ name: Acme Corp, internalName: acme, sites: [www.acme.example, shop.acme.example], users: [anna, { name: bob, expires: 2026-12-31, reason: relaunch }, { name: carol, expires: 2026-11-01 }] }`,
  `{ name: Bank, internalName: bank, sites: [bank.example], email: Anna@bank.example, users: [dave] }`,
  `{ name: Empty, internalName: empty, users: [erin] }`,
]);
const access = new EffectiveAccess({
  asOf: manifest.asOf,
  clients: manifest.clients.values(),
  sites: manifest.sites.values(),
  teams: new Map([
    ["agency", new Set(["user:bob", "user:carol"])],
    ["bankers", new Set(["user:dave", "mail:anna@bank.example"])],
  ]),
});

/** `line:column code` of each problem, of tests whose first line is line 3. */
function problems(...tests: string[]): string[] {
  const text = `version: 1\ntests:\n${tests.map((test) => `  - ${test}\n`).join("")}`;
  return runAccessTests({ file: "access.test.yaml", content: text }, access).problems.map(
    ({ line, column, code }) => `${line}:${column} ${code}`,
  );
}

describe("Access tests", () => {
  for (const passing of [
    "can: { people: [anna, BOB], sites: [www.acme.example] }",
    'can: { teams: [bankers], sites: ["bank.*"] }',
    'cannot: { people: [carol, erin], sites: ["*"] }',
    "cannot: { people: [dave], sites: [WWW.Acme.Example, shop.acme.example] }",
    'only: { people: [anna, bob], sites: ["*.acme.example"] }',
    "only: { people: [dave, anna@bank.example], sites: [bank.example] }",
    "only: { teams: [bankers], people: [erin], sites: [bank.example] }",
  ]) {
    it(`access tests: passes ${passing}`, () => {
      assert.deepEqual(problems(passing), []);
    });
  }

  const failing: [test: string, expected: string[]][] = [
    ["can: { people: [anna, carol], sites: [www.acme.example] }", ["3:27 accessTestFailed"]],
    ["can: { teams: [agency], sites: [www.acme.example] }", ["3:20 accessTestFailed"]],
    ["cannot: { people: [bob], sites: [bank.example, www.acme.example] }", ["3:24 accessTestFailed"]],
    ['cannot: { teams: [agency], people: [dave], sites: ["*"] }', ["3:23 accessTestFailed", "3:41 accessTestFailed"]],
    ['only: { people: [anna], sites: ["shop.*", bank.example] }', ["3:37 accessTestFailed", "3:47 accessTestFailed"]],
    // What proves nothing.
    ["cannot: { people: [bbo], sites: [www.acme.example] }", ["3:24 unknownPerson"]],
    ["cannot: { teams: [agencies], sites: [www.acme.example] }", ["3:23 unknownTeam"]],
    ["cannot: { people: [carol], sites: [acme.example, '*.beta.example'] }", ["3:40 unknownSite", "3:54 unknownSite"]],
    ["cannot: { sites: [www.acme.example] }", ["3:5 missingKey"]],
    ["cannot: { people: [], sites: [] }", ["3:5 missingKey", "3:27 missingKey"]],
    ["name: nothing", ["3:5 missingKey"]],
    [
      "can: { people: [bob], sites: [www.acme.example] }\n    cannot: { people: [dave], sites: [www.acme.example] }",
      ["4:5 invalidValue"],
    ],
    // Shapes.
    ["can: { people: bob, sites: [www.acme.example] }", ["3:20 invalidValue"]],
    ["can: { poeple: [bob], sites: [www.acme.example] }", ["3:5 missingKey", "3:12 unknownKey"]],
    ["can: { people: [bob] }", ["3:10 missingKey"]],
    ["can: [bob]", ["3:10 invalidValue"]],
    ["bob", ["3:5 invalidValue"]],
    ["can: { people: [b\u200bob], sites: [www.acme.example] }", ["3:22 invisibleCharacter"]],
  ];
  for (const [test, expected] of failing) {
    it(`access tests: reports ${test.replaceAll("\u200b", "an invisible character in ").replaceAll("\n", " ")}`, () => {
      assert.deepEqual(problems(test), expected);
    });
  }

  it("access tests: reports the problems of all tests at once, in their order", () => {
    const wrong = failing.map(([test]) => test).filter((test) => !/\u200b|\n/.test(test));
    const lines = problems(...wrong).map((problem) => Number(problem.split(":")[0]));
    assert.deepEqual(
      [...new Set(lines)],
      wrong.map((_, index) => index + 3),
    );
    assert.deepEqual(
      lines,
      [...lines].sort((left, right) => left - right),
    );
  });

  it("access tests: a failed test shows its name, the reason as `why` prints it, and a caret", () => {
    const text =
      'version: 1\ntests:\n  - name: the agency never reaches Acme\n    cannot: { teams: [agency], sites: ["*.acme.example"] }\n';
    const { tests, problems } = runAccessTests({ file: "access.test.yaml", content: text }, access);
    assert.deepEqual([tests, problems.length], [1, 1]);
    assert.equal(
      String(problems[0]),
      'access.test.yaml:4:23: The access test "the agency never reaches Acme" fails. bob reaches shop.acme.example and ' +
        "www.acme.example: bob acts for Acme Corp (acme) until 2026-12-31 (relaunch), access.yaml:3. " +
        "Correct the access, or change the test.\n" +
        '     4 |     cannot: { teams: [agency], sites: ["*.acme.example"] }\n' +
        "       |                       ^^^^^^",
    );
    const { problems: missing } = runAccessTests(
      { file: "x", content: "version: 1\ntests: [{ can: { people: [carol], sites: [www.acme.example] } }]\n" },
      access,
    );
    assert.match(missing[0]!.message, /carol does not reach www\.acme\.example: carol could act .* until 2026-11-01/);
  });

  it("access tests: an empty file, and one that is not YAML, are problems", () => {
    for (const [text, code] of [
      ["", "empty"],
      ["tests: [", "invalidYaml"],
      ["version: 2\ntests: []\n", "invalidValue"],
      [Buffer.from([0xff, 0xfe, 0]), "notUtf8"],
    ] as const) {
      assert.deepEqual(
        runAccessTests({ file: "access.test.yaml", content: text }, access).problems.map((problem) => problem.code),
        [code],
      );
    }
    assert.deepEqual(runAccessTests({ file: "x", content: "version: 1\ntests: []\n" }, access), {
      tests: 0,
      problems: [],
    });
  });

  it("access tests: are in the file with the name of the manifest, also of a directory", () => {
    assert.deepEqual(["access.yaml", "stacks/access.yml", "access", "access/", "../a.b.yaml"].map(testsFileOf), [
      "access.test.yaml",
      "stacks/access.test.yaml",
      "access.test.yaml",
      "access.test.yaml",
      "../a.b.test.yaml",
    ]);
  });

  it("JSON Schema of access tests: is what `npm run schema` writes", () => {
    const file = join(__dirname, "..", "..", "provider", "answers", "access.test.schema.json");
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), JSON.parse(JSON.stringify(accessTestsJsonSchema())));
  });
});
