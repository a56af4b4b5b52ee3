/** A change is held to the rules before it as well as to its own, and to a limit of gains. */
import assert from "node:assert/strict";
import { parseManifest } from "../../provider/manifest";
import {
  accessOfManifest,
  differenceOf,
  type EffectiveAccess,
  grantsText,
  jsonReview,
  readGrants,
  type Review,
  reviewOf,
} from "../../provider/review";

const asOf = "2026-11-24";

interface Written {
  rules?: string[];
  /** Further fields. */
  top?: string[];
  teams?: string;
  people?: string;
  clients: string[];
}

function accessOf({ rules = [], top = [], teams, people, clients }: Written): EffectiveAccess {
  const text = [
    "version: 1",
    `people: ${people ?? "{ alice: {}, bob: {}, mallory: { external: true } }"}`,
    `teams: ${teams ?? "{ agency: [mallory], core: [alice] }"}`,
    ...top,
    ...(rules.length > 0 ? ["rules:", ...rules.map((rule) => `  - ${rule}`)] : []),
    "clients:",
    ...clients.map((client) => `  - ${client}`),
  ].join("\n");
  return accessOfManifest(parseManifest(text, "access.yaml", { asOf }), "o1");
}

const reviewed = (before: Written, after: Written): Review => reviewOf(differenceOf(accessOf(before), accessOf(after)));
const brokenBy = (before: Written, after: Written) =>
  reviewed(before, after).refusals.flatMap((refusal) => {
    if (refusal.kind !== "brokenRule") return [];
    const { rule, violation } = refusal.broken;
    return [
      `${rule.rule}: ${violation.person?.name ?? ""} ${violation.client?.internalName ?? ""} ${violation.sites.join()}`.trim(),
    ];
  });

const bank = (users: string, sites = "www.bank.example") =>
  `{ name: Bank, internalName: bank, sites: [${sites}], users: [${users}] }`;
const acme = (users: string, sites = "www.acme.example") =>
  `{ name: Acme, internalName: acme, sites: [${sites}], users: [${users}] }`;
const rule = (more: string, level = "never") => `{ rule: R, reason: x, level: ${level}, ${more} }`;
const onlyCore = rule("clients: [bank], only: { teams: [core] }");
const notAgency = rule("clients: [bank], never: { teams: [agency] }");

describe("A change that lifts a rule", () => {
  const base: Written = { rules: [onlyCore], clients: [bank("alice"), acme("alice")] };

  it("rules and changes: refuses to remove a rule and to use the freedom in one change, and allows it in two", () => {
    const lifted: Written = { clients: base.clients };
    const used: Written = { clients: [bank("alice, mallory"), acme("alice")] };
    assert.deepEqual(brokenBy(base, used), ["R: mallory bank"]);
    assert.deepEqual(brokenBy(base, lifted), []);
    assert.deepEqual(brokenBy(lifted, used), []);
  });

  it("rules and changes: refuses what a rule before it forbids, whatever it makes of the rule", () => {
    const clients = [bank("alice, mallory"), acme("alice")];
    for (const weaker of [
      rule("clients: [bank], only: { teams: [core, agency] }"),
      rule("clients: [acme], only: { teams: [core] }"),
      rule("clients: [bank], only: { teams: [core] }", "advise"),
      rule(
        "clients: [bank], only: { teams: [core] }, allow: [{ people: [mallory], reason: x, until: 2026-12-24 }]",
        "refuse",
      ),
    ]) {
      assert.deepEqual(brokenBy(base, { rules: [weaker], clients }), ["R: mallory bank"], weaker);
    }
  });

  it("rules and changes: an exception counts in a change from a rule that could have one, and not from another rule", () => {
    const refusing = (allow = "", name = "R") =>
      rule(`clients: [bank], only: { teams: [core] }${allow}`, "refuse").replace("rule: R", `rule: ${name}`);
    const before: Written = { ...base, rules: [refusing()] };
    const allow = ", allow: [{ people: [mallory], reason: TICKET-1, until: 2026-12-24 }]";
    const clients = [bank("alice, mallory"), acme("alice")];
    assert.deepEqual(brokenBy(before, { rules: [refusing(allow)], clients }), []);
    assert.deepEqual(
      reviewed(before, { rules: [refusing(allow)], clients }).allowed.map(({ kind }) => kind),
      ["brokenRule"],
    );
    assert.deepEqual(brokenBy(before, { rules: [refusing(allow, "other")], clients }), ["R: mallory bank"]);
    const ended = allow.replace("2026-12-24", "2026-11-23");
    assert.deepEqual(brokenBy(before, { rules: [refusing(ended)], clients }), ["R: mallory bank"]);
  });

  it("rules and changes: refuses the ways round a rule of the change before it", () => {
    const before: Written = { rules: [notAgency], clients: [bank("alice"), acme("alice, mallory")] };
    const detours: [string, Written, string][] = [
      [
        "a site moves to a client of the team",
        {
          rules: [notAgency],
          clients: [bank("alice", ""), acme("alice, mallory", "www.acme.example, www.bank.example")],
        },
        "R: mallory acme www.bank.example",
      ],
      [
        "the client gets another name",
        {
          clients: [
            "{ name: Bank, internalName: bank2, renamedFrom: bank, sites: [www.bank.example], users: [alice, mallory] }",
            acme("alice, mallory"),
          ],
        },
        "R: mallory bank2",
      ],
      [
        "the client is replaced by another",
        {
          clients: [
            "{ name: B, internalName: new, sites: [www.bank.example], users: [mallory] }",
            acme("alice, mallory"),
          ],
        },
        "R: mallory new www.bank.example",
      ],
      [
        "the team is renamed",
        {
          teams: "{ outside: [mallory], core: [alice] }",
          clients: [bank("alice, { team: outside }"), acme("alice, mallory")],
        },
        "R: mallory bank",
      ],
      [
        "a person joins the team",
        { teams: "{ agency: [mallory, bob], core: [alice] }", clients: [bank("alice, bob"), acme("alice, mallory")] },
        "R: bob bank",
      ],
      [
        "a team is in a team",
        {
          teams: "{ agency: [mallory], core: [alice, agency] }",
          clients: [bank("{ team: core }"), acme("alice, mallory")],
        },
        "R: mallory bank",
      ],
    ];
    for (const [title, after, broken] of detours) assert.deepEqual(brokenBy(before, after), [broken], title);
  });

  it("rules and changes: a person stays what the rules before the change saw in the person", () => {
    const people = (mallory: string, more = "") => `{ alice: {}, bob: {}, ${mallory}${more} }`;
    const known = people("mallory: { email: m@agency.example, external: true }");
    const until = "{ name: mallory, expires: 2026-12-24 }";
    const teams = "{ agency: [bob, mallory], core: [alice] }";
    const without = "{ agency: [bob], core: [alice] }";
    const clients = [bank("alice"), acme(`alice, ${until}`)];
    const before: Written = { people: known, teams, rules: [notAgency], clients };
    const bound = [bank(`alice, ${until}`), acme(`alice, ${until}`)];
    const changes: [string, Written, Written, string][] = [
      ["leaves the team", before, { ...before, teams: without, clients: bound }, "R: mallory bank"],
      [
        "the team is emptied",
        before,
        { ...before, teams: "{ agency: [], core: [alice] }", clients: bound },
        "R: mallory bank",
      ],
      [
        "gets another panel user with the same address",
        before,
        {
          ...before,
          people: people("mal: { email: M@agency.example, external: true }"),
          teams: without,
          clients: [bank("alice, mal"), acme("alice")],
        },
        "R: mal bank",
      ],
      [
        "becomes the email of the client",
        before,
        {
          ...before,
          people: people("eve: {}"),
          teams: without,
          clients: [bank("alice").replace("sites:", "email: m@agency.example, sites:"), acme("alice")],
        },
        "R: m@agency.example bank",
      ],
      [
        "gives the address away, by which the rule knows the person",
        { ...before, rules: [rule("clients: [bank], never: { people: [m@agency.example] }")] },
        {
          ...before,
          people: people("mallory: { external: true }", ", eve: { email: m@agency.example }"),
          rules: [rule("clients: [bank], never: { people: [m@agency.example] }")],
          clients: bound,
        },
        "R: mallory bank",
      ],
      [
        "takes the address, by which the rule knows another",
        {
          ...before,
          people: people("mallory: {}", ", eve: { email: e@acme.example }"),
          rules: [rule("clients: [bank], only: { people: [e@acme.example, alice] }")],
        },
        {
          ...before,
          people: people("mallory: { email: e@acme.example }", ", eve: {}"),
          rules: [rule("clients: [bank], only: { people: [e@acme.example, alice] }")],
          clients: bound,
        },
        "R: mallory bank",
      ],
      [
        "is no longer external, and has no end",
        { ...before, rules: [rule("externalsEnd: { within: 90 }")] },
        {
          ...before,
          people: people("mallory: { email: m@agency.example }"),
          rules: [rule("externalsEnd: { within: 90 }")],
          clients: [bank("alice"), acme("alice, mallory")],
        },
        "R: mallory acme",
      ],
    ];
    for (const [title, one, other, broken] of changes) {
      assert.deepEqual(brokenBy(one, other), [broken], title);
      const reviewedFirst = { ...other, clients: [bank("alice"), acme("alice")] };
      assert.deepEqual(
        [...brokenBy(one, reviewedFirst), ...brokenBy(reviewedFirst, other)],
        [],
        `${title}, in two changes`,
      );
    }
  });

  it("rules and changes: an external person whose record is removed stays external", () => {
    const before: Written = { rules: [rule("externalsEnd: { within: 90 }")], clients: [bank("alice"), acme("alice")] };
    const after = { people: "{ }", clients: [bank("alice, mallory"), acme("alice")] };
    assert.deepEqual(brokenBy(before, after), ["R: mallory bank"]);
  });

  it("rules and changes: what was so before is not refused again, under whatever name of its client", () => {
    const refusing = rule("leastPeople: 2", "refuse");
    const users = "alice, { name: bob, expires: 2026-11-23 }";
    const before: Written = { rules: [refusing], clients: [bank(users), acme("alice, bob")] };
    const renamed = bank(users).replace("internalName: bank", "internalName: bank2, renamedFrom: bank");
    assert.deepEqual(brokenBy(before, { rules: [refusing], clients: [renamed, acme("bob, alice, mallory")] }), []);
    assert.deepEqual(brokenBy(before, { clients: [bank("bob"), acme("alice")] }), ["R:  acme"]);
  });

  it("rules and changes: a deployment has no rules from before it to compare with", () => {
    const used = accessOf({ clients: [bank("alice, mallory"), acme("alice")] });
    const last = readGrants(grantsText(accessOf(base)), asOf, "o1");
    assert.deepEqual(reviewOf(differenceOf(last, used)).refusals, []);
  });

  it("rules and changes: a review says who joins or leaves what a rule names, because the next change may use it", () => {
    const notesOf = (one: Written, other: Written) =>
      (JSON.parse(JSON.stringify(jsonReview(reviewed(one, other)))) as { notes: Record<string, unknown>[] }).notes
        .filter(({ kind }) => kind === "ruledTeam" || kind === "noLongerExternal")
        .map(({ text, ...facts }) => (assert.match(String(text), /^The (team|rules?) `?/), facts));
    const clients = [bank("alice"), acme("alice")];
    const rules = [
      rule("clients: [bank], never: { teams: [agency] }"),
      rule("externalsEnd: { within: 90 }").replace("R,", "E,"),
    ];
    const one: Written = { rules, clients, teams: "{ agency: [inner], inner: [mallory], core: [alice] }" };
    assert.deepEqual(notesOf(one, { ...one, teams: "{ agency: [inner], inner: [bob], core: [alice, bob] }" }), [
      { kind: "ruledTeam", team: "agency", rules: ["R"], joined: ["bob"], left: ["mallory"] },
    ]);
    assert.deepEqual(notesOf(one, { ...one, people: "{ alice: {}, bob: {}, mallory: {} }" }), [
      { kind: "noLongerExternal", names: ["mallory"], rules: ["E"] },
    ]);
    assert.deepEqual(notesOf({ ...one, rules: [] }, { ...one, teams: "{ agency: [], inner: [], core: [] }" }), []);
  });

  it("rules and changes: the JSON of a review has the rule, the person, the client and the entries", () => {
    const facts = jsonReview(reviewed(base, { clients: [bank("alice, mallory, { team: agency }"), acme("alice")] }));
    const { refusals, notes } = JSON.parse(JSON.stringify(facts)) as {
      refusals: Record<string, unknown>[];
      notes: object[];
    };
    const { text, ...refusal } = refusals[0]!;
    assert.deepEqual(refusal, {
      kind: "brokenRule",
      ...{ rule: "R", level: "never", reason: "x", who: "mallory", client: "bank", sites: [] },
      ways: [
        { file: "access.yaml", line: 5, column: 81, team: null },
        { file: "access.yaml", line: 5, column: 98, team: "agency" },
      ],
    });
    assert.match(String(text), /access\.yaml:5 and access\.yaml:5 \(the team agency\)/);
    assert.ok(notes.some((note) => "removed" in note && "kind" in note && note.kind === "rules"));
  });
});

describe("The limit of gains", () => {
  const limit = ["gainLimit: { percent: 50, atLeast: 3 }"];
  const before: Written = { top: limit, clients: [acme("alice")] };
  const more = (users: string, top: string[] = limit): Written => ({
    top,
    clients: [acme(users, "www.acme.example, a.example")],
  });

  it("gain limit: refuses more than its share, from the change on that follows it", () => {
    const kinds = (one: Written, other: Written) => reviewed(one, other).refusals.map(({ kind }) => kind);
    assert.deepEqual(kinds(before, more("alice, bob")), ["tooManyGains"], "4 of 2");
    assert.deepEqual(kinds(before, more("alice")), [], "2 are fewer than 3");
    assert.deepEqual(kinds({ clients: before.clients }, more("alice, bob")), [], "no limit before");
    assert.deepEqual(kinds(before, more("alice, bob", [])), ["tooManyGains"], "the limit before counts");
    assert.deepEqual(
      kinds({ ...before, top: ["gainLimit: { percent: 200, atLeast: 3 }"] }, more("alice, bob")),
      [],
      "4 are 200 % of 2",
    );
  });

  it("gain limit: allowGains confirms so many until its end", () => {
    const allowed = (grants: number, until = asOf) => {
      const { refusals } = reviewed(
        before,
        more("alice, bob", [`allowGains: { until: ${until}, reason: x, grants: ${grants} }`]),
      );
      return refusals.length === 0;
    };
    assert.deepEqual([allowed(3), allowed(4), allowed(4, "2026-11-23")], [false, true, false]);
  });

  it("gain limit: the grants of a deployment carry it, and those of earlier releases have none", () => {
    const text = grantsText(accessOf(before));
    assert.deepEqual(readGrants(text, asOf).gainLimit, { percent: 50, atLeast: 3 });
    const older = grantsText(accessOf({ clients: before.clients }));
    assert.ok(!older.includes("gainLimit"));
    assert.equal(readGrants(older, asOf).gainLimit, undefined);
    const refusals = reviewOf(differenceOf(readGrants(text, asOf, "o1"), accessOf(more("alice, bob")))).refusals;
    assert.deepEqual(
      refusals.map(({ kind }) => kind),
      ["tooManyGains"],
    );
  });
});
