/** Which users have not used the panel: on the server's clock, by whole days. */
import assert from "node:assert/strict";
import { manifestOfInventory } from "../../provider/inventory/manifestOfInventory";
import { unusedAccess } from "../../provider/inventory/unused";
import { rendered } from "../../provider/text/Phrase";
import type { UserFacts } from "../../provider/worker/facts";
import { inventoryOf } from "./liveServer";

const at = (moment: string) => Date.parse(`${moment}Z`) / 1000;

/** A server that was read on 2026-11-24, with what is said of its users besides. */
function server(users: Record<string, Partial<UserFacts>>) {
  const clients = [
    { internalName: "acme", name: "Acme", sites: ["a.example", "b.example"], users: Object.keys(users) },
    { internalName: "beta", name: "Beta", sites: ["c.example"], users: ["alice"].filter((name) => name in users) },
  ];
  const inventory = inventoryOf(clients);
  return {
    ...inventory,
    takenAt: at("2026-11-24T00:00:01"),
    users: inventory.users.map((user) => ({ ...user, created: at("2020-01-01T00:00:00"), ...users[user.name] })),
  };
}

const found = (users: Record<string, Partial<UserFacts>>, days: number) =>
  unusedAccess(server(users), days).map(({ finding, says, clients }) => [
    finding,
    rendered(says, (name) => name),
    clients,
  ]);

describe("Unused access", () => {
  it("unused: names the person, the clients, the sites and the day of the last use", () => {
    const alice = { lastLogin: at("2026-03-01T10:00:00"), lastAccess: at("2026-08-25T23:59:59") };
    assert.deepEqual(found({ alice, bob: { created: at("2026-01-31T12:00:00") } }, 91), [
      [
        "unused-user:alice",
        "alice last used the panel on 2026-08-25, 91 days ago, and may act for 2 clients with 3 sites:",
        ["acme", "beta"],
      ],
      [
        "unused-user:bob",
        "bob has never logged in to the panel (created on 2026-01-31), and may act for 1 client with 2 sites:",
        ["acme"],
      ],
    ]);
    assert.deepEqual(
      found({ alice }, 92).map(([finding]) => finding),
      [],
    );
  });

  it("unused: counts a user who was created lately as new, and one whose creation is unknown as unused", () => {
    const [newcomer, ancient] = [{ created: at("2026-11-21T00:00:00") }, { created: null }];
    const ids = (days: number) => found({ newcomer, ancient }, days).map(([finding]) => finding);
    assert.deepEqual(ids(4), ["unused-user:ancient"]);
    assert.deepEqual(ids(3), ["unused-user:newcomer", "unused-user:ancient"]);
  });

  it("unused: an access without a login is what an administrator did to the user", () => {
    assert.equal(found({ bob: { lastAccess: at("2026-11-23T00:00:00") } }, 90).length, 1);
  });

  it("unused: counts a use in the future of the server's clock as a use", () => {
    const ahead = at("2030-01-01T00:00:00");
    assert.deepEqual(found({ bob: { lastLogin: ahead, lastAccess: ahead } }, 1), []);
  });

  it("unused: leaves out blocked users, users without a client and user 1, and names administrators", () => {
    const administrator = { administrator: true };
    const all = server({ blocked: { active: false }, chief: administrator, first: administrator });
    const users = all.users.map((user) => (user.name === "first" ? { ...user, uid: 1 } : user));
    const more = [
      { ...users[1]!, uid: 90, name: "operator", clients: [] },
      { ...users[1]!, uid: 91, name: "clerk", administrator: false, clients: ["admin"] },
      { ...users[1]!, uid: 92, name: "nobody", administrator: false, clients: [] },
    ];
    const unused = unusedAccess({ ...all, users: [...users, ...more] }, 90);
    assert.deepEqual(
      unused.map(({ finding, clients }) => [finding, clients]),
      [
        ["unused-administrator:chief", ["acme"]],
        ["unused-administrator:operator", []],
        ["unused-administrator:clerk", ["admin"]],
      ],
    );
    assert.match(rendered(unused[1]!.says, String), /, and is an administrator, who sees 3 sites\.$/);
  });

  it("unused: a dump marks the user at each client for a decision, and without days does not", () => {
    const inventory = server({ alice: { lastLogin: at("2026-01-31T12:00:00") }, bob: {} });
    const marked = manifestOfInventory(inventory, undefined, false, unusedAccess(inventory, 90));
    const lines = marked.split("\n");
    assert.equal(
      lines.filter((line) => line === "      - alice # decide: last used the panel on 2026-01-31").length,
      2,
    );
    assert.ok(
      lines.some((line) => line.startsWith("      - bob # decide: has never logged in to the panel (created on 2")),
    );
    assert.doesNotMatch(manifestOfInventory(inventory), /panel on|logged in/);
  });
});
