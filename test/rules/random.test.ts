/** Rules of organisations that are drawn, and sequences of changes to them. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { ManifestError, parseManifest } from "../../provider/manifest";
import { ruledAccess } from "../../provider/manifest/ruledAccess";
import { accessOfManifest, differenceOf, reviewOf } from "../../provider/review";
import { brokenRules } from "../../provider/rules/judge";
import { runs, seed } from "../support/random";
import { breaking, isByTime, manifestText, type Organisation, organisations, TODAY } from "./organisation";

const read = (organisation: Organisation) =>
  parseManifest(manifestText(organisation), "access.yaml", { asOf: TODAY, deployed: true });

/** Whether `lint` accepts it. */
function isAccepted(organisation: Organisation): boolean {
  try {
    parseManifest(manifestText(organisation), "access.yaml", { asOf: TODAY });
    return true;
  } catch (error) {
    if (error instanceof ManifestError) return false;
    throw error;
  }
}

type Step = (organisation: Organisation) => Organisation;

const client = fc.constantFrom(0, 1);
const person = fc.constantFrom("ann", "ben", "cat");
const team = fc.constantFrom("t1", "t2", "t3");
const site = fc.constantFrom("a.example", "b.example", "c.example");

const withClient =
  (index: number, more: (client: Organisation["clients"][number]) => object): Step =>
  (organisation) => ({
    ...organisation,
    clients: organisation.clients.map((each, at) => (at === index ? { ...each, ...more(each) } : each)),
  });

const lifting: fc.Arbitrary<Step> = fc.nat(2).map((index) => ({ rules, ...rest }) => ({
  ...rest,
  rules: rules.filter((_, at) => at !== index),
}));

const granting: fc.Arbitrary<Step> = fc
  .tuple(client, fc.oneof(person, team))
  .map(([index, who]) =>
    withClient(index, ({ users }) => ({ users: [...users.filter((user) => user.who !== who), { who }] })),
  );

/** What a change does: let people in or out, join teams, move sites, rename clients, lift rules. */
const step: fc.Arbitrary<Step> = fc.oneof(
  granting,
  fc
    .tuple(client, fc.oneof(person, team))
    .map(([index, who]) => withClient(index, ({ users }) => ({ users: users.filter((user) => user.who !== who) }))),
  fc.tuple(team, person).map(([name, id]): Step => (organisation) => ({
    ...organisation,
    teams: { ...organisation.teams, [name]: [...new Set([...(organisation.teams[name] ?? []), id])] },
  })),
  fc.tuple(site, client).map(([domain, index]): Step => (organisation) => ({
    ...organisation,
    clients: organisation.clients.map((each, at) => {
      const others = each.sites.filter((owned) => owned !== domain);
      return { ...each, sites: at === index ? [...others, domain] : others };
    }),
  })),
  client.map((index) =>
    withClient(index, ({ internalName, renamedFrom }) =>
      renamedFrom === undefined ? { internalName: `${internalName}2`, renamedFrom: internalName } : {},
    ),
  ),
  person.map((id): Step => ({ people, ...rest }) => ({ ...rest, people: { ...people, [id]: !people[id] } })),
  lifting,
  fc.nat(2).map((index): Step => ({ rules, ...rest }) => ({
    ...rest,
    rules: rules.map((rule, at) => (at === index ? { ...rule, level: "refuse" } : rule)),
  })),
  fc.nat(2).map((index): Step => ({ rules, ...rest }) => ({
    ...rest,
    rules: rules.map((rule, at) => (at === index ? { ...rule, level: "never" } : rule)),
  })),
);

/** Some lift a rule and use the freedom at once. */
const changes = fc.oneof(
  fc.array(step, { minLength: 1, maxLength: 4 }),
  fc.tuple(lifting, granting, granting).map((steps): Step[] => steps),
);

describe(`Rules of organisations that are drawn (seed ${seed})`, function () {
  this.timeout("5m");

  it("rules: the same things break them as in a model that tries every person at every client", () => {
    let broken = 0;
    fc.assert(
      fc.property(organisations, (organisation) => {
        const manifest = read(organisation);
        const found = brokenRules(manifest.rules, ruledAccess(manifest));
        for (const rule of organisation.rules) {
          const actual = found
            .filter((each) => each.rule.rule === rule.rule)
            .map(({ violation }) => `${violation.person?.name ?? ""} ${violation.client?.internalName ?? ""}`);
          const expected = breaking(rule, organisation);
          broken += expected.length;
          assert.deepEqual(actual.sort(), expected, manifestText(organisation));
        }
      }),
      runs(600),
    );
    assert.ok(broken > 0, "some are broken");
  });

  it("rules: what they are judged on is the access that a review sees", () => {
    fc.assert(
      fc.property(organisations, (organisation) => {
        const manifest = read(organisation);
        const access = accessOfManifest(manifest, "o1");
        for (const { internalName, grants, sites } of ruledAccess(manifest).clients) {
          const people = [...access.peopleOf(internalName).values()].map(({ person, expires }) => [
            person.key,
            expires,
          ]);
          assert.deepEqual(grants.map(({ person, expires }) => [person.key, expires]).sort(), people.sort());
          assert.deepEqual(
            sites.map(({ site }) => site),
            access.sitesOf(internalName),
          );
        }
      }),
      runs(300),
    );
  });

  it("rules: no sequence of accepted changes reaches what a rule of the level never forbids", () => {
    let [accepted, refused] = [0, 0];
    fc.assert(
      fc.property(organisations, fc.array(changes, { minLength: 1, maxLength: 12 }), (start, sequence) => {
        const kept = { ...start, rules: start.rules.filter((rule) => breaking(rule, start).length === 0) };
        let base: Organisation = isAccepted(kept) ? kept : { ...start, rules: [] };
        for (const change of sequence) {
          const head = change.reduce((organisation, step) => step(organisation), base);
          if (!isAccepted(head)) continue;
          const [before, after] = [base, head].map((each) => accessOfManifest(read(each), "o1"));
          const { refusals } = reviewOf(differenceOf(before!, after!));
          if (refusals.some(({ kind }) => kind === "brokenRule")) {
            refused++;
            continue;
          }
          accepted++;
          for (const rule of [...base.rules, ...head.rules].filter(({ level }) => level === "never")) {
            const had = breaking(rule, base);
            const added = breaking(rule, head).filter((each) => !had.includes(each));
            if (!isByTime(rule, head)) {
              assert.deepEqual(added, [], `${rule.rule} of ${manifestText(base)}\n${manifestText(head)}`);
            }
          }
          base = head;
        }
      }),
      runs(120),
    );
    // Few runs, as RUNS may ask for, need not draw a change that is refused.
    assert.ok(accepted > 0 && (refused > 0 || accepted < 500), `${accepted} accepted, ${refused} refused`);
  });
});
