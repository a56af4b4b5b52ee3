/** Where a picture comes from besides a manifest: a live server, a preview of Pulumi, the last deployment. */
import assert from "node:assert/strict";
import {
  accessOfInventory,
  accessOfPreview,
  differenceOf,
  grantsText,
  IncompletePreview,
  jsonReview,
  readGrants,
  reviewOf,
  UnreadableGrants,
} from "../../provider/review";
import { checksumOf } from "../../provider/review/checksum";
import type { EffectiveAccess } from "../../provider/review/EffectiveAccess";
import type { Inventory } from "../../provider/worker/facts";
import { newKey } from "../support/keys";
import { picture, TODAY } from "./pictures";

describe("The access on a live server", () => {
  const reference = (nid: number, internalName: string) => ({ nid, internalName, name: internalName.toUpperCase() });
  const client = (nid: number, internalName: string) => ({
    ...reference(nid, internalName),
    ...{ users: [], sites: [], platforms: [], isDefault: false, isAdmin: nid === 1 },
  });
  const user = (uid: number, name: string, clients: string[], more: object = {}) => ({
    ...{ uid, name, mail: `${name}@x.example`, active: true, roles: [], administrator: false, clients },
    ...more,
  });
  const site = (nid: number, site: string, owner: number | null, hostmaster = false) => ({
    ...{ nid, site, status: 1, ownerNid: owner ?? 0, hostmaster, tasks: [], lastVerify: null, links: [] },
    owner: owner === null ? null : reference(owner, owner === 1 ? "admin" : "acme"),
  });
  const inventory = {
    server: { adminClient: reference(1, "admin") },
    clients: [client(1, "admin"), client(2, "acme")],
    sites: [
      site(10, "a.example", 2),
      site(11, "b.example", 1),
      site(12, "c.example", null),
      site(13, "front.example", 1, true),
    ],
    users: [
      user(1, "root", [], { administrator: true }),
      user(2, "Alice", ["acme"]),
      user(3, "blocked", ["acme"], { active: false }),
      user(4, "clerk", ["admin"]),
      user(5, "nobody", []),
    ],
  } as unknown as Inventory;
  const access = accessOfInventory(inventory, TODAY, "o1");
  const reach = (name: string) => access.reachOfPerson(`user:${name}`).map(({ site }) => site);

  it("access on a live server: each person reaches the sites of their clients, and blocked users reach nothing", () => {
    assert.deepEqual(reach("alice"), ["a.example"]);
    assert.deepEqual([reach("blocked"), reach("nobody"), reach("unheard of")], [[], [], []]);
  });

  it("access on a live server: administrators and users of the admin client see every site except the front end", () => {
    assert.deepEqual(reach("root"), ["a.example", "b.example", "c.example"]);
    assert.deepEqual(reach("clerk"), ["a.example", "b.example", "c.example"]);
  });

  it("access on a live server: shows who reaches a site, and no login for a reserved name", () => {
    assert.deepEqual(
      access.whoReaches("a.example").map(({ name }) => name),
      ["Alice", "clerk", "root"],
    );
    assert.deepEqual(
      access.whoReaches("c.example").map(({ name }) => name),
      ["clerk", "root"],
    );
    assert.deepEqual(
      [access.loginOf("acme"), access.loginName("acme"), access.loginOf("admin")],
      ["acme", "o1.acme", undefined],
    );
  });

  it("access on a live server: knows when people last used the panel, by the server's clock, if the inventory says so", () => {
    const [used, seen] = [Date.parse("2024-02-03T04:05:06Z") / 1000, Date.parse("2024-05-06T07:08:09Z") / 1000];
    const users = [{ ...inventory.users[1]!, created: null, lastLogin: used, lastAccess: null }];
    const lastUse = (more: object) =>
      accessOfInventory({ ...inventory, users, ...more }, TODAY).people.get("user:alice");
    const day = "2024-02-03";
    assert.deepEqual(lastUse({ takenAt: seen })?.lastUse, { day, created: null, asOf: "2024-05-06" });
    assert.deepEqual(lastUse({})?.lastUse, { day, created: null, asOf: TODAY });
    assert.equal(access.people.get("user:alice")?.lastUse, undefined, "which inventories of earlier releases do not");
  });

  it("access on a live server: compares names with a manifest regardless of case", () => {
    const declared = picture(["{ name: Acme, internalName: acme, sites: [a.example], users: [alice] }"]);
    const { lost, gained } = differenceOf(declared, access);
    assert.deepEqual(lost, []);
    assert.ok(!gained.some(({ who }) => who.some((one) => one.kind === "person" && one.person.key === "user:alice")));
  });
});

describe("The access of a preview", () => {
  const type = (name: string) => `pulumi-nodejs:dynamic/aegir:${name}`;
  const state = (name: string, inputs: object) => ({
    type: type(name),
    inputs: { server: "main", __provider: "...", ...inputs },
  });
  const acme = state("AegirClient", { name: "Acme", internalName: "acme" });
  const beta = state("AegirClient", { name: "Beta", internalName: "beta" });
  const bound = (client: string, user: string) => state("ClientUserBinding", { client, user });
  const same = (each: object) => ({ op: "same", oldState: each, newState: each });

  it("access in a preview: reads the inputs before and after, whatever the steps are called", () => {
    const [previewed, ...others] = accessOfPreview(
      {
        steps: [
          { op: "same", oldState: { type: "pulumi:pulumi:Stack" }, newState: { type: "pulumi:pulumi:Stack" } },
          same(acme),
          same(beta),
          same(bound("acme", "alice")),
          { op: "delete", oldState: bound("acme", "bob") },
          {
            op: "update",
            oldState: state("SiteOwnership", { site: "a.example", client: "acme" }),
            newState: state("SiteOwnership", { site: "a.example", client: "beta" }),
          },
        ],
      },
      TODAY,
    );
    assert.deepEqual([previewed?.server, others], ["main", []]);
    const { lost } = differenceOf(previewed!.before, previewed!.after);
    assert.deepEqual(
      lost.map(({ who, causes }) => [who.length, causes.map(({ kind }) => kind)]),
      [
        [2, ["moved"]],
        [1, ["moved", "unbound"]],
      ],
    );
  });

  it("access in a preview: shows a replaced client as a rename, and ignores new logical names", () => {
    const acme2 = state("AegirClient", { name: "Acme", internalName: "acme2" });
    const replaced = ["create-replacement", "replace"].map((op) => ({ op, oldState: acme, newState: acme2 }));
    const [previewed] = accessOfPreview(
      {
        steps: [
          ...replaced,
          { op: "create", newState: bound("acme2", "alice") },
          { op: "delete", oldState: bound("acme", "alice") },
          { op: "delete-replaced", oldState: acme },
        ],
      },
      TODAY,
    );
    const { renames, lost } = differenceOf(previewed!.before, previewed!.after);
    assert.deepEqual([renames, lost], [[{ from: "acme", to: "acme2" }], []]);
  });

  it("access in a preview: refuses a preview that leaves out unchanged resources", () => {
    const steps = [{ op: "delete", oldState: bound("acme", "bob") }];
    assert.throws(
      () => accessOfPreview({ steps, changeSummary: { delete: 1, same: 3 } }, TODAY),
      (error) => error instanceof IncompletePreview && error.message.includes("--show-sames"),
    );
  });

  it("access in a preview: names the keys that a login gains and loses, and keeps those that may be among unknown ones", () => {
    const [stays, goes, comes] = [newKey(), newKey(), newKey()];
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const login = (...authorizedKeys: string[]) => state("ShellAccount", { client: "acme", authorizedKeys });
    const keysOf = (...steps: object[]) => {
      const [previewed] = accessOfPreview({ steps: [same(acme), ...steps] }, TODAY);
      const difference = differenceOf(previewed!.before, previewed!.after);
      const { notes, summary } = jsonReview(reviewOf(difference)) as {
        notes: { kind: string; keys?: { fingerprint: string }[]; text: string }[];
        summary: string;
      };
      const keys = notes.flatMap(({ kind, keys = [] }) => keys.map(({ fingerprint }) => [kind, fingerprint]));
      return { keys, summary, text: notes.map(({ text }) => text).join("\n") };
    };
    const old = login(stays.public, goes.public);
    const exchanged = keysOf({
      op: "update",
      oldState: old,
      newState: login(stays.public, `${comes.public} anna@\u202elaptop`),
    });
    assert.deepEqual(exchanged.keys, [
      ["loginKeysRemoved", goes.fingerprint],
      ["loginKeysAdded", comes.fingerprint],
    ]);
    assert.match(exchanged.summary, /the keys of 1 shell login change/i);
    assert.doesNotMatch(exchanged.text, /\u202e/);
    assert.deepEqual(keysOf({ op: "update", oldState: old, newState: login(comes.public, unknown) }).keys, [
      ["loginKeysAdded", comes.fingerprint],
    ]);
    assert.deepEqual(
      keysOf({ op: "delete", oldState: old })
        .keys.map(([, fingerprint]) => fingerprint)
        .sort(),
      [stays.fingerprint, goes.fingerprint].sort(),
    );
    assert.deepEqual(keysOf(same(old)).keys, []);
  });

  it("access in a preview: keeps servers separate and leaves out unknown values", () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const steps = [
      { op: "create", newState: state("ClientUserBinding", { client: unknown, user: "eve" }) },
      { op: "create", newState: state("AegirClient", { name: "Other", internalName: "other", server: "second" }) },
    ];
    const previewed = accessOfPreview({ steps }, TODAY);
    assert.deepEqual(
      previewed.map(({ server, after }) => [server, [...after.clients.keys()]]),
      [
        ["main", []],
        ["second", ["other"]],
      ],
    );
    assert.throws(() => accessOfPreview([], TODAY), { name: "ZodError" });
  });
});

describe("The grants that a stack exports", () => {
  const access = picture(
    [
      '{ name: "Acme | Corp\\"", internalName: acme, email: it@acme.example, protect: true, keepPeople: true, onDestroy: { sites: leave, undeclaredSites: default-owner, platforms: default-owner }, ' +
        'shellAccount: { rotation: "1" }, sites: [{ site: b.example, protect: true }, a.example], ' +
        "users: [alice, { name: bob, expires: 2026-12-31, reason: x }, { name: eve, expires: 2026-11-01 }] }",
      "{ name: Beta, internalName: beta }",
    ],
    ["server: main", "removalLimit: { percent: 50 }"],
  );

  it("exported grants: read back as written, without ended ones", () => {
    const read = readGrants(grantsText(access), TODAY);
    const { lost, gained, advisories } = differenceOf(read, access);
    assert.deepEqual({ lost, gained, advisories }, { lost: [], gained: [], advisories: [] });
    assert.equal(grantsText(read), grantsText(access));
    assert.deepEqual(read.clients.get("acme")?.releases, ["sites", "platforms"]);
    assert.deepEqual([...read.clients.get("acme")!.bindings.keys()].sort(), [
      "mail:it@acme.example",
      "user:alice",
      "user:bob",
    ]);
    assert.deepEqual([read.server, read.removalLimit], ["main", { percent: 50, atLeast: 10 }]);
  });

  it("exported grants: can be read from a release that called the removal limit brake", () => {
    const text = grantsText(access);
    const earlier = text.replace('"removalLimit"', '"brake"');
    assert.notEqual(earlier, text);
    assert.equal(grantsText(readGrants(earlier, TODAY)), text);
  });

  it("exported grants: carry the fingerprints of keys, and texts of releases without them are read", () => {
    const key = newKey();
    const withKey = picture([
      `{ name: Acme, internalName: acme, sites: [a.example], shellAccount: { rotateOnLeave: true }, users: [carol, { name: bob, keys: [${key.public} bob@laptop] }] }`,
    ]);
    const text = grantsText(withKey);
    assert.ok(text.includes(key.fingerprint) && !text.includes("laptop") && !text.includes(key.public));
    const read = readGrants(text, TODAY);
    assert.equal(grantsText(read), text);
    assert.equal(checksumOf(read), checksumOf(withKey));
    assert.deepEqual(differenceOf(read, withKey).advisories, []);
    const without = picture([
      "{ name: Acme, internalName: acme, sites: [a.example], shellAccount: true, users: [bob, carol] }",
    ]);
    const earlier = readGrants(grantsText(without), TODAY);
    assert.notEqual(checksumOf(earlier), checksumOf(withKey));
    assert.deepEqual(
      differenceOf(earlier, withKey).advisories.map(({ kind }) => kind),
      ["keysAdded"],
    );
  });

  it("exported grants: count each departure after which a password is rotated, once", () => {
    const access = (users: string) =>
      picture([
        `{ name: Acme, internalName: acme, sites: [a.example], shellAccount: { rotateOnLeave: true }, users: [${users}] }`,
      ]);
    const deployed = (users: string, last?: EffectiveAccess) => readGrants(grantsText(access(users), last), TODAY);
    const leaves = (picture: EffectiveAccess) => picture.clients.get("acme")!.shellAccount?.leaves ?? 0;
    const first = deployed("alice, bob, eve");
    const joined = deployed("alice, bob, dora, eve", first);
    const left = deployed("alice, dora", joined);
    assert.deepEqual([first, joined, left].map(leaves), [0, 0, 1]);
    assert.deepEqual([deployed("alice, dora", left), deployed("Alice, dora", left)].map(leaves), [1, 1]);
    assert.equal(leaves(deployed("alice, { name: dora, expires: 2026-11-01 }", left)), 2, "what has expired has left");
  });

  it("exported grants: have one line for each client and do not depend on the day or the order of the file", () => {
    assert.equal(grantsText(access).split("\n").length, 4);
    const clients = ["{ name: A, internalName: a, users: [alice, bob] }", "{ name: B, internalName: b }"];
    assert.equal(grantsText(picture(clients)), grantsText(picture(clients.toReversed(), [], "2030-01-01")));
  });

  it("exported grants: refuses another version or origin", () => {
    const text = grantsText(access);
    for (const wrong of [undefined, "", {}, "x", text.replace("version 1", "version 2"), `${text}\n{`, `${text}\n{}`]) {
      assert.throws(() => readGrants(wrong, TODAY), UnreadableGrants);
    }
  });
});
