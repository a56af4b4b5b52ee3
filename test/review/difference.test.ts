import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type AccessChange, grantsOf, whoKey } from "../../provider/review/AccessChange";
import { type Difference, differenceOf } from "../../provider/review/Difference";
import {
  type AccessClient,
  type AccessSite,
  type Binding,
  EffectiveAccess,
  personByName,
} from "../../provider/review/EffectiveAccess";
import { grantsText, readGrants } from "../../provider/review/Grants";
import { runs, seed } from "../support/random";
import { picture, TODAY } from "./pictures";

/** Every grant that a list of changes is about, as `who site`, sorted. */
function grants(changes: AccessChange[], access: EffectiveAccess): string[] {
  return changes
    .flatMap(({ who, sites }) =>
      who.flatMap((each) => {
        const holder =
          each.kind === "person"
            ? each.person.key
            : each.kind === "login"
              ? `login ${access.loginOf(each.client)}`
              : `others ${each.client}`;
        return sites.map((site) => `${holder} ${site}`);
      }),
    )
    .sort();
}

/** The same from first principles: every person and every login with every site, one by one. */
function reach(access: EffectiveAccess): Set<string> {
  const all = new Set<string>();
  for (const { site, owner } of access.sites.values()) {
    for (const person of access.people.values()) {
      const binding = access.clients.get(owner ?? "")?.bindings.get(person.key);
      const bound = binding !== undefined && !binding.ended;
      if (!person.blocked && (person.administrator || bound)) all.add(`${person.key} ${site}`);
    }
    const login = access.loginOf(owner);
    if (login !== undefined) all.add(`login ${login} ${site}`);
  }
  return all;
}

const without = (left: Set<string>, right: Set<string>) => [...left].filter((grant) => !right.has(grant)).sort();
const causes = (changes: AccessChange[]) => changes.map(({ causes }) => causes.map(({ kind }) => kind).join("+"));
const advisories = ({ advisories }: Difference) => advisories.map(({ kind }) => kind);

const acme = "{ name: Acme Corp, internalName: acme, sites: [a.example, b.example], users: [alice, bob] }";
const beta = "{ name: Beta GmbH, internalName: beta, sites: [c.example], users: [alice, carol] }";

describe(`The access difference (seed ${seed})`, () => {
  it("access difference: is empty if nothing changes", () => {
    const { lost, gained, renames, advisories, grants } = differenceOf(picture([acme, beta]), picture([beta, acme]));
    assert.deepEqual({ lost, gained, renames, advisories }, { lost: [], gained: [], renames: [], advisories: [] });
    // a and b: alice, bob and a login; c: alice, carol and a login
    assert.deepEqual(grants, { before: 9, lost: 0, ended: 0, gained: 0 });
  });

  it("access difference: groups people who lose the same sites, not those who only share a cause", () => {
    const until = "expires: 2026-11-20";
    const before = `{ name: Acme, internalName: acme, sites: [a.example, b.example], users: [{ name: bob, ${until} }, { name: dan, ${until} }, { name: eve, ${until} }] }`;
    const after = [
      before.replace(", b.example", ""),
      "{ name: Beta, internalName: beta, sites: [b.example], users: [dan] }",
    ];
    const { lost } = differenceOf(picture([before], [], "2026-11-20"), picture(after));
    assert.deepEqual(
      lost.filter(({ announced }) => announced).map(({ who, sites }) => [who.map(whoKey), sites]),
      [
        [
          ["1 bob", "1 eve"],
          ["a.example", "b.example"],
        ],
        [["1 dan"], ["a.example"]],
      ],
    );
  });

  it("access difference: leaves out people who still reach the site in another way", () => {
    const moved = differenceOf(
      picture([acme, beta]),
      picture([acme.replace(", b.example", ""), beta.replace("c.example", "c.example, b.example")]),
    );
    assert.deepEqual(grants(moved.lost, moved.before), ["login acme b.example", "user:bob b.example"]);
    assert.deepEqual(grants(moved.gained, moved.after), ["login beta b.example", "user:carol b.example"]);
    assert.deepEqual([...causes(moved.lost), ...causes(moved.gained)], ["moved", "moved"]);
  });

  it("access difference: names every sufficient cause", () => {
    const { lost } = differenceOf(
      picture([acme, beta]),
      picture([
        "{ name: Acme Corp, internalName: acme, sites: [a.example], users: [alice] }",
        beta.replace("c.example", "c.example, b.example"),
      ]),
    );
    assert.deepEqual(causes(lost).sort(), ["moved", "moved+unbound", "unbound"]);
  });

  it("access difference: distinguishes a removed client, a new internal name and a rename", () => {
    const removed = differenceOf(picture([acme, beta]), picture([beta]));
    assert.deepEqual(causes(removed.lost), ["clientRemoved"]);
    assert.equal(removed.grants.lost, 6);

    const replaced = differenceOf(picture([acme]), picture([acme.replace(" acme,", " acme2,")]));
    assert.deepEqual(causes(replaced.lost), ["replaced"]);
    assert.deepEqual(grants(replaced.lost, replaced.before), ["login acme a.example", "login acme b.example"]);

    const renamed = differenceOf(picture([acme]), picture([acme.replace(" acme,", " acme2, renamedFrom: acme,")]));
    assert.deepEqual(renamed.renames, [{ from: "acme", to: "acme2" }]);
    assert.deepEqual([renamed.lost, renamed.gained], [[], []]);
  });

  it("access difference: ignores renamedFrom after the rename is deployed", () => {
    const client = acme.replace(" acme,", " acme2, renamedFrom: acme,");
    assert.deepEqual(differenceOf(picture([client]), picture([client])).renames, []);
  });

  it("access difference: reports all users of an undeclared client when its site is taken over", () => {
    const taking = acme.replace("[a.example", "[{ site: shop.example, takeOverFrom: gamma }, a.example");
    const { lost, gained, grants: counts } = differenceOf(picture([acme]), picture([taking]));
    assert.deepEqual(grants(lost, picture([])), ["others gamma shop.example"]);
    assert.deepEqual([...causes(lost), ...causes(gained)], ["takenOver", "takenOver"]);
    assert.equal(counts.lost, 0);
    assert.deepEqual(differenceOf(picture([taking]), picture([taking])).lost, []);
  });

  it("access difference: counts ended grants separately if their end was known before", () => {
    const until = (day: string) => acme.replace("bob", `{ name: bob, expires: ${day} }`);
    const ended = differenceOf(picture([until("2026-11-20")], [], "2026-11-20"), picture([until("2026-11-20")]));
    assert.deepEqual(causes(ended.lost), ["expired"]);
    assert.deepEqual(ended.grants, { before: 4, lost: 0, ended: 2, gained: 0 });

    const deleted = differenceOf(
      picture([until("2026-11-20")], [], "2026-11-20"),
      picture([acme.replace(", bob", "")]),
    );
    assert.deepEqual(causes(deleted.lost), ["expired"], "the entry may be deleted when its day is over");

    const shortened = differenceOf(picture([until("2026-12-31")]), picture([until("2026-11-20")]));
    assert.deepEqual(shortened.grants, { before: 6, lost: 2, ended: 0, gained: 0 });
    assert.deepEqual(differenceOf(picture([until(TODAY)]), picture([until(TODAY)])).lost, [], "the last day counts");
  });

  it("access difference: reports a removed site that stays with its client", () => {
    const leaving = acme.replace("sites:", "onDestroy: leave, sites:");
    const less = differenceOf(picture([leaving]), picture([leaving.replace(", b.example", "")]));
    assert.deepEqual([less.lost, advisories(less)], [[], ["left"]]);
    const removed = differenceOf(picture([leaving, beta]), picture([beta]));
    assert.deepEqual([removed.lost, advisories(removed)], [[], ["cannotRemove"]]);
    const given = differenceOf(picture([acme]), picture([acme.replace(", b.example", "")]));
    assert.deepEqual([causes(given.lost), advisories(given)], [["released"], []]);
  });

  it("access difference: says what a removed or renamed client releases that is not declared", () => {
    const releasing = acme.replace(
      "sites:",
      "onDestroy: { undeclaredSites: default-owner, undeclaredBindings: drop }, sites:",
    );
    const renamed = releasing.replace("internalName: acme", "internalName: acme2, renamedFrom: acme");
    for (const after of [[beta], [renamed, beta]]) {
      const { advisories } = differenceOf(picture([releasing, beta]), picture(after));
      const released = advisories.filter(({ kind }) => kind === "releases");
      assert.deepEqual(released, [{ kind: "releases", client: "acme", what: ["sites", "bindings"] }]);
    }
    assert.deepEqual(advisories(differenceOf(picture([acme]), picture([releasing]))), [], "nothing happens yet");
  });

  it("access difference: says that a login is rotated by its age, once", () => {
    const acme = (days: number) =>
      picture([
        `{ name: Acme, internalName: acme, sites: [a.example], shellAccount: { rotation: { everyDays: ${days} } } }`,
      ]);
    const without = picture(["{ name: Acme, internalName: acme, sites: [a.example], shellAccount: true }"]);
    const found = (one: EffectiveAccess, other: EffectiveAccess) =>
      differenceOf(one, other).advisories.filter(({ kind }) => kind.startsWith("rotated"));
    assert.deepEqual(found(without, acme(80)), [{ kind: "rotatedByAge", client: "acme", everyDays: 80 }]);
    assert.deepEqual(found(acme(80), acme(60)), [{ kind: "rotatedByAge", client: "acme", everyDays: 60 }]);
    assert.deepEqual(found(acme(80), acme(80)), []);
    assert.deepEqual(found(acme(80), without), []);
    assert.deepEqual(found(readGrants(grantsText(acme(80)), acme(80).asOf), acme(80)), []);
  });

  it("access difference: lists advisories for the reviewer", () => {
    const before = picture([
      "{ name: Acme, internalName: acme, email: it@acme.example, protect: true, keepPeople: true, " +
        "sites: [{ site: a.example, protect: true }], users: [bob, { name: eve, expires: 2026-12-01 }], shellAccount: true }",
      "{ name: Beta, internalName: beta, sites: [c.example] }",
    ]);
    const after = picture(
      [
        "{ name: Acme Corp, internalName: acme, sites: [a.example], " +
          "users: [bob, { name: eve, expires: 2026-12-31 }, { name: dan, createUser: { email: dan@acme.example } }], " +
          'shellAccount: { rotation: "2" } }',
        "{ name: Beta, internalName: beta, sites: [c.example], shellAccount: true }",
      ],
      ["removalLimit: { percent: 50 }"],
    );
    assert.deepEqual(advisories(differenceOf(before, after)), [
      "unprotected",
      "unprotected",
      "keepsNobody",
      "limits",
      "rotated",
      "gone",
      "new",
      "made",
      "end",
      "mailStays",
      "passwordRead",
      "title",
    ]);
  });

  it("access difference: reports people who gain access to at least half of all sites", () => {
    const many = Array.from({ length: 20 }, (_, index) => `s${index}.example`).join(", ");
    const big = `{ name: Big, internalName: big, sites: [${many}], users: [alice] }`;
    const { advisories } = differenceOf(picture([big, beta]), picture([big.replace("alice", "alice, carol"), beta]));
    assert.deepEqual(
      advisories.map((each) => (each.kind === "wide" ? [each.person.name, each.sites, each.of] : each.kind)),
      [["carol", 21, 21]],
    );
  });

  it("access difference: equals a comparison of every person and login with every site", () => {
    const id = fc.constantFrom("a", "b", "c", "d", "a_", "admin");
    const person = fc.constantFrom("alice", "bob", "carol");
    const access = fc
      .record({
        people: fc.dictionary(person, fc.record({ blocked: fc.boolean(), administrator: fc.boolean() })),
        clients: fc.dictionary(
          id,
          fc.record({
            name: fc.constantFrom("A", "B", "C"),
            renamedFrom: fc.option(id, { nil: undefined }),
            bindings: fc.dictionary(
              person,
              fc.record({
                ended: fc.boolean(),
                expires: fc.constantFrom(undefined, "2026-11-20", "2026-12-31"),
              }),
            ),
          }),
        ),
        sites: fc.dictionary(fc.constantFrom("1", "2", "3", "4", "5", "6"), fc.option(id, { nil: undefined })),
      })
      .map(({ people, clients, sites }) => {
        const known = (name: string) => personByName(name, people[name] ?? {});
        return new EffectiveAccess({
          asOf: TODAY,
          people: Object.keys(people).map(known),
          clients: Object.entries(clients).map(([internalName, { name, renamedFrom, bindings }]): AccessClient => {
            const bound = Object.entries(bindings).map(([user, { ended, expires }]): [string, Binding] => {
              return [known(user).key, { person: known(user), expires, reason: undefined, ended }];
            });
            const rest = {
              protect: false,
              keepPeople: false,
              leavesSites: false,
              releases: [],
              shellAccount: undefined,
            };
            return { internalName, name, renamedFrom, bindings: new Map(bound), ...rest };
          }),
          sites: Object.entries(sites).map(([site, owner]): AccessSite => {
            const declared = owner !== undefined && owner in clients ? owner : undefined;
            return { site, owner: declared, takeOverFrom: undefined, protect: false };
          }),
        });
      });
    fc.assert(
      fc.property(access, access, (before, after) => {
        const { lost, gained, renames, grants: counts } = differenceOf(before, after);
        const both = before.administrators().filter(({ key }) => after.administrators().some((one) => one.key === key));
        const ofOthers = (grant: string) => !both.some(({ key }) => grant.startsWith(`${key} `));
        // Who sees everything before and after neither loses nor gains, whatever sites there are.
        const [had, has] = [reach(before), reach(after)].map((all) => new Set([...all].filter(ofOthers))) as [
          Set<string>,
          Set<string>,
        ];
        // A rename changes a login's name, which is said once and not as a loss.
        const byRename = ({ from, to }: { from: string; to: string }, sign: "lost" | "gained") =>
          before
            .sitesOf(from)
            .filter((site) => after.sites.get(site)?.owner === to && before.loginOf(from) !== after.loginOf(to))
            .map((site) => `login ${sign === "lost" ? before.loginOf(from) : after.loginOf(to)} ${site}`);
        const allowed = (sign: "lost" | "gained") =>
          new Set(renames.flatMap((rename) => byRename(rename, sign)).filter((grant) => !grant.includes("undefined")));
        assert.deepEqual(
          grants(lost, before),
          without(had, has).filter((grant) => !allowed("lost").has(grant)),
        );
        assert.deepEqual(
          grants(gained, after),
          without(has, had).filter((grant) => !allowed("gained").has(grant)),
        );
        const sum = (changes: AccessChange[]) => changes.reduce((total, change) => total + grantsOf(change), 0);
        assert.deepEqual([sum(lost), sum(gained)], [counts.lost + counts.ended, counts.gained]);
        for (const { causes, who, sites } of [...lost, ...gained]) {
          assert.ok(causes.length > 0 && who.length > 0 && sites.length > 0);
        }
      }),
      runs(1000),
    );
  });
});
