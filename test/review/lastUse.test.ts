/** When people last used the panel: what counts, what a review says of it, and a file from outside that says so. */
import assert from "node:assert/strict";
import { parseManifest } from "../../provider/manifest";
import {
  differenceOf,
  jsonReview,
  markdownReview,
  readLastUses,
  reviewOf,
  UnreadableLastUses,
} from "../../provider/review";
import { lastUsesOf } from "../../provider/review/auditedLastUse";
import { accessOfManifest } from "../../provider/review/fromManifest";
import { lastUseOf } from "../../provider/review/lastUse";
import { TODAY } from "./pictures";

const at = (day: string) => Date.parse(`${day}T23:59:59Z`) / 1000;

describe("The last use of the panel", () => {
  it("last use: the later of login and access counts, and an access without a login does not", () => {
    const of = (lastLogin: number | null, lastAccess: number | null) =>
      lastUseOf({ created: at("2026-01-01"), lastLogin, lastAccess }, TODAY)?.day;
    assert.equal(of(at("2026-03-01"), at("2026-05-02")), "2026-05-02");
    assert.equal(of(at("2026-06-03"), at("2026-05-02")), "2026-06-03");
    assert.equal(of(at("2026-06-03"), null), "2026-06-03");
    assert.equal(of(null, at("2026-05-02")), null);
    assert.equal(lastUseOf({ created: null }, TODAY), undefined, "older answers do not know it");
  });

  const users = [
    { name: "Alice", created: at("2026-01-01"), lastLogin: at("2026-03-01"), lastAccess: at("2026-05-02") },
    { name: "bob_", created: at("2026-01-01"), lastLogin: null, lastAccess: null },
    { name: "carol", created: null, lastLogin: null, lastAccess: null },
    { name: "erin", created: at("2026-01-01"), lastLogin: null, lastAccess: null },
    { name: "unknown" },
  ];
  const printed = (server?: string) => JSON.stringify({ entries: [], lastUse: lastUsesOf(users, TODAY, server) });

  it("last use: a review names the day for each person who loses or gains, and nothing for others", () => {
    const { server, of } = readLastUses(printed());
    assert.equal(server, undefined);
    const access = (users: string) => {
      const text = `version: 1\nclients:\n  - { name: A, internalName: a, sites: [a.example], users: [${users}] }\n`;
      return accessOfManifest(parseManifest(text, "access.yaml", { asOf: TODAY }), null, of);
    };
    const difference = differenceOf(access("alice, bob_, dan, erin"), access("carol, dan"));
    const [advisory] = difference.advisories.filter(({ kind }) => kind === "lastUse");
    assert.ok(advisory?.kind === "lastUse");
    assert.deepEqual(
      advisory.people.map(({ name, lastUse }) => [name, lastUse]),
      [
        ["alice", { day: "2026-05-02", created: "2026-01-01", asOf: TODAY }],
        ["bob_", { day: null, created: "2026-01-01", asOf: TODAY }],
        ["carol", { day: null, created: null, asOf: TODAY }],
        ["erin", { day: null, created: "2026-01-01", asOf: TODAY }],
      ],
    );
    const review = reviewOf(difference);
    assert.ok(
      markdownReview(review).includes(
        "- As of 2026-11-24, `alice` last used the panel on 2026-05-02, `bob_` and `erin` have never logged in to the panel " +
          "(created on 2026-01-01) and `carol` has never logged in to the panel.\n",
      ),
      markdownReview(review),
    );
    const { notes } = jsonReview(review) as { notes: { kind: string; people: unknown[] }[] };
    assert.deepEqual(notes.find(({ kind }) => kind === "lastUse")?.people[0], {
      ...{ name: "alice", by: "name", blocked: false, administrator: false },
      lastUse: { day: "2026-05-02", created: "2026-01-01", asOf: TODAY },
    });
    const same = differenceOf(access("alice"), access("alice"));
    assert.deepEqual(same.advisories, []);
  });

  it("last use: refuses a file of another form, and names the place", () => {
    const valid = JSON.parse(printed("main")) as { lastUse: { asOf: string; users: object[] } };
    assert.equal(readLastUses(JSON.stringify(valid)).server, "main");
    const broken = (lastUse: object) => JSON.stringify({ lastUse: { ...valid.lastUse, ...lastUse } });
    const user = { name: "alice", day: null, created: null };
    for (const [text, place] of [
      ["{", /./],
      ["null", /./],
      ["{}", /^lastUse: /],
      [broken({ asOf: "2026-02-30" }), /^lastUse\.asOf: /],
      [broken({ server: 1 }), /^lastUse\.server: /],
      [broken({ users: { alice: user } }), /^lastUse\.users: /],
      [broken({ users: [{ ...user, name: "" }] }), /^lastUse\.users\.0\.name: /],
      [broken({ users: [{ ...user, name: "a".repeat(256) }] }), /^lastUse\.users\.0\.name: /],
      [broken({ users: [{ ...user, day: "yesterday" }] }), /^lastUse\.users\.0\.day: /],
      [broken({ users: [{ ...user, day: 5 }] }), /^lastUse\.users\.0\.day: /],
      [broken({ users: [{ name: "alice", day: null }] }), /^lastUse\.users\.0\.created: /],
      [broken({ users: Array.from({ length: 300_000 }, () => 0) }), /^lastUse\.users\.0: /],
    ] as const) {
      assert.throws(
        () => readLastUses(text),
        (error) => error instanceof UnreadableLastUses && place.test(error.message),
        text.slice(0, 100),
      );
    }
  });
});
