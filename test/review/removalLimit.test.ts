import assert from "node:assert/strict";
import { differenceOf } from "../../provider/review/Difference";
import { type Review, reviewOf } from "../../provider/review/RemovalLimit";
import { ReviewText } from "../../provider/review/ReviewText";
import { rendered } from "../../provider/text/Phrase";
import { picture } from "./pictures";

const allow = (what: string) => [`allowRemovals: { until: 2026-12-01, reason: meant, ${what} }`];

/** One client with so many people, who all reach one site; the login makes one grant more. */
const people = (count: number, more = "") => {
  const users = Array.from({ length: count }, (_, index) => `user${index}`).join(", ");
  return `{ name: Acme, internalName: acme, sites: [a.example], users: [${users}]${more} }`;
};

function judged(before: string[], after: string[], tops: [before: string[], after: string[]] = [[], []]): Review {
  return reviewOf(differenceOf(picture(before, tops[0]), picture(after, tops[1])));
}

function said({ refusals, difference }: Review): string[] {
  const words = new ReviewText(difference);
  return refusals.map((refusal) => rendered(words.refusal(refusal), (name) => name));
}

function remedies(review: Review): string[] {
  return new ReviewText(review.difference).remedies(review).map((words) => rendered(words, (name) => name));
}

describe("The removal limit", () => {
  it("removal limit: allows 30 percent of the grants, and not more", () => {
    assert.deepEqual(said(judged([people(39)], [people(27)])), [], "12 of 40");
    assert.deepEqual(said(judged([people(39)], [people(26)])), [
      "This takes away 13 of 40 grants (32 %), and 30 % may go.",
    ]);
  });

  it("removal limit: allows fewer than 10 grants whatever their share, unless they are all", () => {
    assert.deepEqual(said(judged([people(10)], [people(1)])), [], "9 of 11, the login among them");
    assert.equal(said(judged([people(11)], [people(1)])).length, 1, "10 of 12");
    const all = judged([people(2)], []);
    assert.deepEqual(said(all), ["This takes away all 3 grants."]);
    assert.match(remedies(all).join(), /allowRemovals: \{ until: 2026-12-01, reason: "\.\.\.", grants: 3 \}/);
    assert.deepEqual(said(judged([people(2)], [], [[], allow("grants: 3")])), []);
  });

  const acme = "{ name: Acme, internalName: acme, sites: [a.example], users: [alice, bob] }";
  const beta = "{ name: Beta, internalName: beta, sites: [b.example], users: [carol] }";

  it("removal limit: a client that stays keeps a person and a site at any size, unless allowRemovals names it", () => {
    const noPeople = acme.replace("alice, bob", "");
    assert.deepEqual(said(judged([acme, beta], [noPeople, beta])), [
      "Acme (acme) stays, and would lose the last of its people: alice and bob.",
    ]);
    const moved = judged(
      [acme, beta],
      [acme.replace("a.example", ""), beta.replace("b.example", "a.example, b.example")],
    );
    assert.ok(said(moved).includes("Acme (acme) stays, and would lose the last of its sites: a.example."));
    assert.match(remedies(moved).join(), /clients: \[acme\]/);
    assert.deepEqual(said(judged([acme, beta], [noPeople, beta], [[], allow("clients: [acme]")])), []);
    assert.deepEqual(said(judged([acme, beta], [acme.replace("alice, ", ""), beta])), [], "one of two may leave");
    assert.deepEqual(said(judged([acme, beta], [acme.replace("alice, bob", "dan"), beta])), [], "others may come");
    assert.deepEqual(said(judged([acme, beta], [beta])), [], "the client may leave");
  });

  it("removal limit: a person who stays in the manifest keeps a site, and one who is removed may lose all", () => {
    const gamma = "{ name: Gamma, internalName: gamma, users: [alice] }";
    const lost = judged([acme, beta, gamma], [acme.replace("alice, ", ""), beta, gamma]);
    assert.deepEqual(said(lost), ["alice would no longer reach any site, and may still act for a client."]);
    assert.match(remedies(lost).join(), /users: \["alice"\]/);
    assert.deepEqual(
      said(judged([acme, beta, gamma], [acme.replace("alice, ", ""), beta, gamma], [[], allow("users: [Alice]")])),
      [],
    );
    assert.deepEqual(said(judged([acme, beta, gamma], [acme.replace("alice, ", ""), beta])), [], "alice leaves");
  });

  it("removal limit: a preview, which has no manifest, needs no confirmation by name", () => {
    const difference = differenceOf(picture([acme, beta]), picture([]));
    assert.deepEqual(reviewOf(difference, { hasManifest: false }).refusals, []);
  });

  it("removal limit: applies the limits from before the change, which were reviewed", () => {
    const lax = ["removalLimit: { percent: 100 }"];
    assert.equal(said(judged([people(39)], [people(9)], [[], lax])).length, 1);
    assert.deepEqual(said(judged([people(39)], [people(9)], [lax, []])), []);
    assert.deepEqual(said(judged([people(39)], [people(9)], [["removalLimit: { atLeast: 31 }"], []])), []);
    assert.equal(
      said(judged([people(39)], [people(37)], [["removalLimit: { percent: 1, atLeast: 2 }"], []])).length,
      1,
    );
  });

  it("removal limit: does not count grants that ended on a day known before", () => {
    const ending = people(9).replace("users: [", `users: [${users("2026-11-01")}, `);
    const before = picture([ending], [], "2026-11-01");
    assert.deepEqual(reviewOf(differenceOf(before, picture([people(9)]))).refusals, []);
    assert.deepEqual(reviewOf(differenceOf(before, picture([ending]))).refusals, []);
    const brought = differenceOf(before, picture([people(9)], [], "2026-11-01"));
    assert.equal(reviewOf(brought).refusals.length, 1, "on the last day itself it is a removal");
  });

  it("removal limit: allows what allowRemovals confirms, and reports when that is not enough", () => {
    const allowed = judged([people(39)], [people(9)], [[], allow("grants: 30")]);
    assert.deepEqual([said(allowed), allowed.allowed.map(({ kind }) => kind)], [[], ["tooMuch"]]);
    const more = judged([people(39)], [people(8)], [[], allow("grants: 30")]);
    assert.deepEqual(said(more), ["This takes away 31 of 40 grants (77 %), and 30 % may go. allowRemovals allows 30."]);
    assert.deepEqual(remedies(more), [
      'If this is intended, confirm it in the manifest: allowRemovals: { until: 2026-12-01, reason: "...", grants: 31 }',
    ]);
    const ended = "allowRemovals: { until: 2026-11-23, reason: meant, grants: 30 }";
    assert.equal(said(judged([people(39)], [people(9)], [[], [ended]])).length, 1, "it has ended");
    assert.equal(said(judged([people(39)], [people(9)], [allow("grants: 30"), []])).length, 1, "it stood before");
  });

  it("removal limit: takes nothing from a protected client in any way", () => {
    const acme =
      "{ name: Acme, internalName: acme, protect: true, sites: [a.example, b.example], users: [alice, bob] }";
    const beta = "{ name: Beta, internalName: beta, users: [carol] }";
    const says = (...after: string[]) => said(judged([acme, beta], after));
    assert.deepEqual(
      says(acme.replace(", bob", ", dan, bob").replace("[a.", "[c.example, a."), beta),
      [],
      "it may gain",
    );
    assert.deepEqual(says(acme.replace(", bob", ""), beta), ["Acme (acme) is protected, and would lose bob."]);
    assert.deepEqual(says(acme.replace(", b.example", ""), beta.replace("users", "sites: [b.example], users")), [
      "Acme (acme) is protected, and would lose b.example.",
    ]);
    assert.deepEqual(says(acme.replace("[a.example, b.example]", "[a.example]").replace(", bob", ""), beta), [
      "Acme (acme) is protected, and would lose b.example and bob.",
    ]);
    assert.ok(says(beta).includes("Acme (acme) is protected, and would be removed."));
    assert.deepEqual(says(acme.replace(" acme,", " acme2, renamedFrom: acme,"), beta), [
      "Acme (acme) is protected, and would get another internal name.",
    ]);
    assert.equal(says(acme.replace("protect: true", "protect: false").replace(", bob", ""), beta).length, 1);
    assert.deepEqual(says(acme.replace("protect: true", "protect: false"), beta), [], "lifting it alone takes nothing");
    const allowed = judged([acme, beta], [acme.replace(", bob", ""), beta], [[], allow("clients: [acme]")]);
    assert.deepEqual(said(allowed), []);
  });

  it("removal limit: a protected site may only move to another client, and only if allowRemovals names it", () => {
    const acme = "{ name: Acme, internalName: acme, sites: [{ site: a.example, protect: true }] }";
    const beta = "{ name: Beta, internalName: beta, sites: [a.example] }";
    const moved = judged([acme], [beta]);
    assert.deepEqual(said(moved), ["a.example of Acme (acme) is protected, and would go to Beta (beta)."]);
    assert.deepEqual(remedies(moved), [
      'If this is intended, confirm it in the manifest: allowRemovals: { until: 2026-12-01, reason: "...", sites: [a.example] }',
    ]);
    assert.deepEqual(said(judged([acme], [beta], [[], allow("sites: [A.example]")])), []);
    assert.deepEqual(
      said(judged([acme], [acme.replace(" acme,", " acme2, renamedFrom: acme,")])),
      [],
      "a rename keeps it",
    );
    const dropped = judged([acme], [], [[], allow("sites: [a.example]")]);
    assert.deepEqual(said(dropped), ["a.example of Acme (acme) is protected, and would leave the manifest."]);
    assert.deepEqual(remedies(dropped), [
      "Protected clients and sites cannot be removed or renamed. First remove protect in a separate change and deploy that.",
    ]);
  });

  it("removal limit: keepPeople keeps the last person, unless the end was known", () => {
    const acme = "{ name: Acme, internalName: acme, keepPeople: true, sites: [a.example], users: [alice, bob] }";
    const none = acme.replace("alice, bob", "");
    assert.deepEqual(said(judged([acme], [acme.replace("alice, ", "")])), []);
    assert.deepEqual(said(judged([acme], [acme.replace("alice, bob", "carol")])), [], "exchanging them is no loss");
    const lost = "Acme (acme) must keep a person, and would lose the last: alice and bob.";
    for (const after of [[none], [none.replace("keepPeople: true, ", "")], []]) {
      assert.ok(said(judged([acme], after)).includes(lost));
    }
    assert.deepEqual(said(judged([acme], [none], [[], allow("clients: [acme], grants: 3")])), []);
    const ending = acme.replace("alice, bob", "{ name: bob, expires: 2026-11-20 }");
    assert.deepEqual(reviewOf(differenceOf(picture([ending], [], "2026-11-20"), picture([ending]))).refusals, []);
  });

  it("removal limit: counts another server in the manifest as the removal of everything", () => {
    const judgement = judged([people(20)], [people(20)], [["server: main"], ["server: other"]]);
    assert.deepEqual(said(judgement), ["This takes away all 21 grants."]);
    assert.equal(judgement.difference.advisories[0]?.kind, "server");
  });
});

function users(expires: string): string {
  return Array.from({ length: 20 }, (_, index) => `{ name: guest${index}, expires: ${expires} }`).join(", ");
}
