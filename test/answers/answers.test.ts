/** Questions about pictures of access: every way, and what is nearest where there is none. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { whatIsReached, whoReaches, whyReached } from "../../provider/answers/answers";
import { findSite, People, similarSites } from "../../provider/answers/find";
import {
  accessClient,
  type Binding,
  EffectiveAccess,
  lastingBinding,
  personByName,
} from "../../provider/review/EffectiveAccess";
import { picture, TODAY } from "../review/pictures";
import { newKey } from "../support/keys";
import { runs, seed } from "../support/random";

const anna = newKey().public;
const access = picture([
  `{ name: Acme Corp, internalName: acme, sites: [www.acme.example, shop.acme.example], email: it@acme.example, shellAccount: {}, users: [{ name: anna, keys: ["${anna} anna@laptop"] }, { name: bob, expires: 2026-12-31, reason: relaunch }, { name: carol, expires: 2026-11-01 }] }`,
  `{ name: Beta GmbH, internalName: beta, sites: [beta.example], users: [carol, { name: ina, createUser: { email: IT@beta.example } }] }`,
  `{ name: Gamma, internalName: gamma, sites: [gamma.example], email: ina@gamma.example, users: [{ name: ina.g, createUser: { email: Ina.G@gamma.example } }] }`,
  `{ name: Empty, internalName: empty, users: [erin] }`,
]);
const site = (domain: string) => findSite(access, domain) ?? assert.fail(domain);
const person = (asked: string, of = access) => {
  const users = new People(of).find(asked);
  assert.ok(users.length > 0, asked);
  return users;
};

describe(`Questions about access (seed ${seed})`, () => {
  it("who: separates the panel from a key of one's own, and names the shared login", () => {
    const { people, login } = whoReaches(access, site("shop.acme.example"));
    assert.deepEqual(
      people.map(({ person, ways }) => [person.name, ...ways.map(({ kind, expires }) => [kind, expires])]),
      [
        ["anna", ["panel", undefined], ["key", undefined]],
        ["bob", ["panel", "2026-12-31"]],
        ["it@acme.example", ["panel", undefined]],
      ],
    );
    assert.deepEqual(login, { client: "acme", login: "o1.acme", passwordEnds: undefined });
  });

  it("who: gives each way the line of the manifest that declares it", () => {
    const { site: found, people } = whoReaches(access, site("www.acme.example"));
    assert.equal(found.declaredAt?.line, 3);
    for (const way of people.flatMap(({ ways }) => ways)) {
      assert.deepEqual([way.entry?.file, way.entry?.line, way.isDeclared], ["access.yaml", 3, true]);
    }
  });

  it("what: lists the clients of a person with all their sites, and what has ended", () => {
    const { clients, notReached } = whatIsReached(access, person("carol"));
    assert.deepEqual(
      clients.map(({ client, sites }) => [client, sites]),
      [["beta", ["beta.example"]]],
    );
    assert.deepEqual(
      notReached.map((each) => each.kind === "ended" && [each.client, each.day, each.at?.line]),
      [["acme", "2026-11-01", 3]],
    );
  });

  it("why: says what is nearest where there is no way", () => {
    const kinds = (who: string, domain: string) =>
      whyReached(access, person(who), site(domain)).notReached.map(({ kind }) => kind);
    assert.deepEqual(kinds("carol", "www.acme.example"), ["ended", "actsFor"]);
    assert.deepEqual(kinds("bob", "beta.example"), ["actsFor"]);
    assert.deepEqual(kinds("bob", "www.acme.example"), []);
  });

  it("why: finds the way of a person whom a client names by its mail address", () => {
    const both = picture([
      `{ name: Acme Corp, internalName: acme, sites: [www.acme.example], email: Ina@acme.example }`,
      `{ name: Beta GmbH, internalName: beta, sites: [beta.example], users: [ina] }`,
    ]);
    const ina = personByName("ina", { email: "ina@ACME.example" });
    const known = new EffectiveAccess({
      asOf: TODAY,
      people: [ina],
      clients: both.clients.values(),
      sites: both.sites.values(),
    });
    for (const asked of ["INA", "ina@acme.example"]) {
      const { ways } = whyReached(known, person(asked, known), findSite(known, "www.acme.example")!);
      assert.deepEqual(
        ways.map(({ kind, client }) => [kind, client]),
        [["panel", "acme"]],
        asked,
      );
    }
  });

  it("People: finds a person by name in any capitals, a mail address, and the fingerprint of a key", () => {
    const [key] = access.clients.get("acme")!.bindings.get("user:anna")!.keys!;
    const names = (asked: string) => new People(access).find(asked).map(({ name }) => name);
    assert.deepEqual(names("ANNA"), ["anna"]);
    assert.deepEqual(names("it@BETA.example"), ["ina"]);
    assert.deepEqual(names(key!.fingerprint), ["anna"]);
    for (const unknown of ["ann", "", "SHA256:", key!.fingerprint.slice(0, -1), "@"]) {
      assert.deepEqual(names(unknown), []);
    }
  });

  it("People: finds a person by the key of the record first, which is how a manifest refers to the person", () => {
    const records = picture(
      ["{ name: Acme Corp, internalName: acme, sites: [www.acme.example], users: [bob, guest] }"],
      ["people:", "  bob: { name: Robert }", "  guest: { name: bob.old, email: guest@acme.example }"],
    );
    const names = (asked: string) => new People(records).find(asked).map(({ name }) => name);
    assert.deepEqual([names("BOB"), names("robert"), names("bob.old")], [["Robert"], ["Robert"], ["bob.old"]]);
    assert.deepEqual(new People(records).similar("gest"), ["guest"]);
  });

  it("why: names each chain of teams, from the one that lists the person to the one that the client lists", () => {
    const nested = picture(
      ["{ name: Acme Corp, internalName: acme, sites: [www.acme.example], users: [{ team: all }, bob] }"],
      ["teams:", "  all: [core, bob, shop]", "  core: [web]", "  web: [alice, bob]", "  shop: [web]"],
    );
    const chains = (who: string) =>
      whyReached(nested, person(who, nested), findSite(nested, "www.acme.example")!).ways.map(({ teams }) => teams);
    const [web = []] = chains("alice");
    assert.ok(["core", "shop"].includes(web[1] ?? ""), String(web));
    assert.deepEqual(
      [chains("alice"), chains("bob")],
      [[["web", web[1], "all"]], [[], ["all"], ["web", web[1], "all"]]],
    );
  });

  it("findSite: takes a domain in any form, and suggests related ones for another", () => {
    assert.equal(findSite(access, " WWW.Acme.Example. ")?.site, "www.acme.example");
    assert.equal(findSite(access, "acme.example"), undefined);
    assert.deepEqual(similarSites(access, "acme.example").slice(0, 2), ["shop.acme.example", "www.acme.example"]);
    assert.deepEqual(similarSites(access, "wwww.acme.example")[0], "www.acme.example");
    assert.deepEqual(similarSites(access, "nothing-like-it.invalid"), []);
    assert.deepEqual(new People(access).similar("bbo"), ["bob"]);
  });

  it("ways: a user who is blocked in the panel still gets in with a key", () => {
    const blocked = personByName("anna", { blocked: true });
    const keys = [{ type: "ssh-ed25519", fingerprint: "SHA256:x", comment: "" }];
    const bindings = new Map<string, Binding>([[blocked.key, { ...lastingBinding(blocked), keys }]]);
    const live = new EffectiveAccess({
      asOf: TODAY,
      clients: [accessClient("acme", "Acme", { bindings })],
      sites: [{ site: "a.example", owner: "acme", takeOverFrom: undefined, protect: false }],
    });
    const why = whyReached(live, [blocked], live.sites.get("a.example")!);
    assert.deepEqual(
      why.ways.map(({ kind }) => kind),
      ["key"],
    );
    assert.deepEqual(
      whoReaches(live, why.site).people.map(({ person }) => person.name),
      ["anna"],
    );
  });

  it("ways: administrators reach every site, also one without an owner", () => {
    const root = personByName("root", { administrator: true });
    const live = new EffectiveAccess({
      asOf: TODAY,
      people: [root, personByName("bob")],
      clients: [],
      sites: [{ site: "a.example", owner: undefined, takeOverFrom: undefined, protect: false }],
    });
    const orphan = live.sites.get("a.example")!;
    assert.equal(whatIsReached(live, [root]).administers, 1);
    assert.deepEqual(
      whyReached(live, [root], orphan).ways.map(({ kind }) => kind),
      ["administrator"],
    );
    assert.deepEqual(
      whyReached(live, person("bob", live), orphan).notReached.map(({ kind }) => kind),
      ["withoutOwner", "actsFor"],
    );
  });

  it("who, what and why: agree with each other, and with a model that looks at lines", () => {
    const names = ["ann", "ben", "cat", "dan"];
    const clients = fc.array(
      fc.record({
        sites: fc.nat(3),
        users: fc.uniqueArray(
          fc.record({ name: fc.constantFrom(...names), day: fc.option(fc.constantFrom("2026-11-23", "2026-11-24")) }),
          { selector: ({ name }) => name, maxLength: 4 },
        ),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(clients, (drawn) => {
        const lines = drawn.map(({ sites, users }, index) => {
          const domains = Array.from({ length: sites }, (_, at) => `s${at}.c${index}.example`).join(", ");
          const entries = users.map(({ name, day }) => (day === null ? name : `{ name: ${name}, expires: ${day} }`));
          return `{ name: C${index}, internalName: c${index}, sites: [${domains}], users: [${entries.join(", ")}] }`;
        });
        const drawnAccess = picture(lines);
        const drawnPeople = new People(drawnAccess);
        for (const [index, { sites, users }] of drawn.entries()) {
          for (const at of Array.from({ length: sites }).keys()) {
            const domain = findSite(drawnAccess, `s${at}.c${index}.example`)!;
            const expected = users.filter(({ day }) => day !== "2026-11-23").map(({ name }) => name);
            const who = whoReaches(drawnAccess, domain).people.map(({ person }) => person.name);
            assert.deepEqual(who, expected.sort());
            for (const name of names.filter((each) => drawnPeople.find(each).length > 0)) {
              const found = drawnPeople.find(name);
              const why = whyReached(drawnAccess, found, domain);
              const { clients } = whatIsReached(drawnAccess, found);
              assert.equal(why.ways.length > 0, expected.includes(name));
              assert.equal(why.notReached.length > 0, !expected.includes(name));
              assert.equal(
                clients.some((each) => each.sites.includes(domain.site)),
                expected.includes(name),
              );
            }
          }
        }
      }),
      runs(300),
    );
  });
});
