/** What each kind of rule refuses, and the ways round it that do not work. */
import assert from "node:assert/strict";
import { ManifestError, type ManifestProblem, parseManifest } from "../../provider/manifest";
import { RULE_KINDS } from "../../provider/rules/kinds";
import type { RuleKindName } from "../../provider/rules/Rule";

const asOf = "2026-11-24";

/** The people and teams of every example, and three clients; line numbers are counted from the rules on. */
const PEOPLE = `version: 1
people:
  alice: { email: alice@acme.example }
  bob: { name: Bob Builder, email: bob@agency.example, external: true }
  carol: {}
  dan: {}
teams: { agency: [bob], all: [agency, carol], core: [alice] }
`;

interface Example {
  title: string;
  kind: RuleKindName;
  rule: string;
  clients: string[];
  /** The text to point at, in the order of the file, with what the message has to name. */
  broken: [at: string, ...named: string[]][];
}

const acme = (users: string, more = "") =>
  `{ name: Acme Corp, internalName: acme, sites: [www.acme.example], users: [${users}]${more} }`;
const bank = (users: string, more = "") =>
  `{ name: Bank, internalName: bank, sites: [www.bank.example], users: [${users}]${more} }`;

const examples: Example[] = [
  {
    title: "only: refuses a person who is not named, by name and by a team in a team",
    kind: "only",
    rule: "clients: [acme], only: { people: [alice], teams: [core] }",
    clients: [acme("alice, { team: all }"), bank("bob")],
    broken: [
      ["all", "Bob Builder", "Acme Corp"],
      ["all", "carol", "Acme Corp"],
    ],
  },
  {
    title: "only: holds for a site whoever owns it",
    kind: "only",
    rule: "sites: [www.bank.example], only: { people: [alice] }",
    clients: [acme("alice"), "{ name: New, internalName: new, sites: [www.bank.example], users: [carol] }"],
    broken: [["carol", "www.bank.example", "New"]],
  },
  {
    title: "only: holds for a client under its former name",
    kind: "only",
    rule: "clients: [acme], only: { people: [alice] }",
    clients: ["{ name: Acme Corp, internalName: acme2, renamedFrom: acme, users: [alice, carol] }"],
    broken: [["carol", "acme2"]],
  },
  {
    title: "only: counts the email of a client as the person who has it",
    kind: "only",
    rule: "clients: [acme], only: { people: [alice] }",
    clients: ["{ name: Acme Corp, internalName: acme, email: it@acme.example, users: [alice] }"],
    broken: [["Acme Corp", "it@acme.example"]],
  },
  {
    title: "never: refuses a person by another name of the user, and in capitals",
    kind: "never",
    rule: "clients: ['b*'], never: { people: [bob] }",
    clients: [bank("{ team: agency }"), acme("bob")],
    broken: [["agency", "Bob Builder", "Bank"]],
  },
  {
    title: "never: refuses everyone in a team, however they come to a client",
    kind: "never",
    rule: "never: { teams: [all] }",
    clients: [acme("alice, carol"), bank("{ team: agency }, bob")],
    broken: [
      ["carol", "Acme Corp"],
      ["bob", "Bank", 'the team "agency"'],
    ],
  },
  {
    title: "apart: refuses a person who is in both teams, one of them by a team in it",
    kind: "apart",
    rule: "apart: { teams: [core, all] }",
    clients: [acme("alice")],
    broken: [],
  },
  {
    title: "apart: refuses a person who reaches clients of both lists, by two ways",
    kind: "apart",
    rule: "apart: { clients: [[acme], ['ba*']] }",
    clients: [acme("{ team: all }"), bank("carol, alice")],
    broken: [["carol", "Acme Corp", "Bank"]],
  },
  {
    title: "externalsEnd: refuses an external person without an end, and with one that is far",
    kind: "externalsEnd",
    rule: "externalsEnd: { within: 90 }",
    clients: [acme("{ name: bob, expires: 2027-02-22 }, alice"), bank("{ name: bob, expires: 2027-02-23 }")],
    broken: [["bob", 'until "2027-02-23"', "Bank"]],
  },
  {
    title: "externalsEnd: the way that lasts longest counts",
    kind: "externalsEnd",
    rule: "externalsEnd: { within: 90 }",
    clients: [acme("{ name: bob, expires: 2027-01-01 }, { team: agency }")],
    broken: [["bob", "without an end"]],
  },
  {
    title: "mostPeople: counts people and not entries",
    kind: "mostPeople",
    rule: "mostPeople: 2",
    clients: [acme("alice, { team: core }, carol"), bank("{ team: all }, alice")],
    broken: [["Bank", "3 people"]],
  },
  {
    title: "leastPeople: holds for a client without people too",
    kind: "leastPeople",
    rule: "clients: [acme], leastPeople: 2",
    clients: [acme("alice"), bank("")],
    broken: [["Acme Corp", "1 person"]],
  },
  {
    title: "mailDomains: refuses another domain, in the record of a person and in the email of a client",
    kind: "mailDomains",
    rule: "mailDomains: [ACME.example]",
    clients: [acme("alice, bob, carol"), bank("", ", email: it@notacme.example")],
    broken: [
      ["bob", "bob@agency.example"],
      ["Bank", "it@notacme.example"],
    ],
  },
  {
    title: "noAdministrators: is not known of a manifest",
    kind: "noAdministrators",
    rule: "noAdministrators: true",
    clients: [acme("alice")],
    broken: [],
  },
];

function manifestOf(rule: string, clients: string[], more = ""): string {
  const entries = clients.map((client) => `  - ${client}\n`).join("");
  return `${PEOPLE}${more}rules:\n  - { rule: the rule, reason: because, level: refuse, ${rule} }\nclients:\n${entries}`;
}

function problemsOf(text: string): readonly ManifestProblem[] {
  try {
    parseManifest(text, "access.yaml", { asOf });
    return [];
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return error.problems;
  }
}

describe("Rules for access", () => {
  for (const { title, rule, clients, broken } of examples) {
    it(`rules: ${title}`, () => {
      const text = manifestOf(rule, clients);
      const problems = problemsOf(text);
      const lines = text.split("\n");
      assert.deepEqual(
        problems
          .map(({ code, line, column }) => [code, lines[line - 1]!.slice(column - 1)])
          .map(([code, rest], index) => {
            const at = broken[index]?.[0] ?? "";
            return [code, rest!.slice(0, at.length)];
          }),
        broken.map(([at]) => ["ruleBroken", at]),
        problems.join("\n"),
      );
      broken.forEach(([, ...named], index) => {
        for (const each of ["the rule", "because", ...named]) assert.ok(problems[index]!.message.includes(each), each);
      });
    });
  }

  it("rules: an example breaks every kind that a manifest can break", () => {
    const kinds = new Set(examples.filter(({ broken }) => broken.length > 0).map(({ kind }) => kind));
    assert.deepEqual([...kinds, "noAdministrators"].sort(), Object.keys(RULE_KINDS).sort());
  });

  it("rules: apart refuses a person in two teams who reaches nothing, and points at the name in the team", () => {
    const text = manifestOf("apart: { teams: [core, all] }", [acme("alice")]).replace(
      "core: [alice]",
      "core: [alice, carol]",
    );
    const [problem, ...others] = problemsOf(text);
    assert.deepEqual(others, []);
    assert.equal(problem?.code, "ruleBroken");
    assert.ok(
      text
        .split("\n")
        [problem.line - 1]!.slice(problem.column - 1)
        .startsWith("carol]"),
      String(problem),
    );
  });

  it("rules: an exception allows what it names, for as long as it says", () => {
    const rule = "clients: ['*'], never: { teams: [all] }";
    const allowed = (more: string) =>
      problemsOf(manifestOf(`${rule}, allow: [{ ${more}, reason: x, until: 2026-11-24 }]`, [acme("bob, carol")]));
    const people = (problems: readonly ManifestProblem[]) =>
      problems.map(({ message }) => /Bob|carol/.exec(message)?.[0]);
    assert.deepEqual(people(allowed("people: [bob], clients: [acme]")), ["carol"]);
    assert.deepEqual(people(allowed("teams: [agency], sites: [www.acme.example]")), ["carol"]);
    assert.deepEqual(people(allowed("teams: [all]")), []);
    assert.deepEqual(people(allowed("people: [alice], clients: [acme]")), ["Bob", "carol"]);
  });

  it("rules: only the passing of days is a warning, so that no revocation waits for it", () => {
    const users = "{ name: bob, expires: 2026-11-23 }, alice";
    const least = parseManifest(manifestOf("leastPeople: 2", [acme(users)]), "access.yaml", { asOf });
    assert.deepEqual(least.warnings.map(({ code }) => code).sort(), ["expired", "ruleBroken"]);
    assert.equal(least.clients[0]?.users.length, 1);
    const never = "never: { people: [carol] }, allow: [{ people: [carol], reason: x, until: 2026-11-23 }]";
    const ended = parseManifest(manifestOf(never, [acme("carol")]), "access.yaml", { asOf });
    assert.deepEqual(ended.warnings.map(({ code }) => code).sort(), ["ruleBroken", "ruleExceptionEnded"]);
  });

  it("rules: advice is a warning", () => {
    const text = manifestOf("mostPeople: 1", [acme("alice, bob")]).replace("level: refuse", "level: advise");
    assert.deepEqual(
      parseManifest(text, "access.yaml", { asOf }).warnings.map(({ code }) => code),
      ["ruleBroken"],
    );
  });
});
