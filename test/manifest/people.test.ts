import assert from "node:assert/strict";
import { type ManifestUser, parseManifest } from "../../provider/manifest";
import { newKey } from "../support/keys";

const TODAY = "2026-12-01";

const key = newKey().public;
const organisation = `version: 1
allowRemovals: { until: 2026-12-24, reason: TICKET-12, users: [bob, Carol] }
people:
  alice: { email: alice@acme.example, keys: [${key} laptop], owner: dave }
  bob: { name: Bob Builder, email: bob@agency.example, welcomeMail: true, external: true, ends: 2027-03-31, expectedUid: 9 }
  carol: {}
  dave: { ends: 2026-11-30 }
  eve: {}
teams:
  web: [bob, alice, dave]
  everybody: [web, carol]
clients:
  - name: Acme Corp
    internalName: acme
    sites: [www.acme.example]
    shellAccount: true
    users:
      - { team: web, expires: 2027-01-31, reason: TICKET-12 }
      - alice
      - { team: everybody, expires: 2027-06-30, reason: TICKET-13 }
`;

const read = (text = organisation, asOf = TODAY) => parseManifest(text, "access.yaml", { asOf });
const waysOf = ({ ways }: ManifestUser) =>
  ways.map(({ team, expires, reason, line }) => [team, expires, reason, line].filter((part) => part !== undefined));

describe("People and teams of a manifest", () => {
  it("people: are read in the order of their names, each with a key that is equal for one user", () => {
    const { people, allowRemovals } = read();
    assert.deepEqual(
      people.map(({ id, name, key: of, line }) => [id, name, of, line]),
      [
        ["bob", "Bob Builder", "bob builder", 5],
        ["alice", "alice", "alice", 4],
        ["carol", "carol", "carol", 6],
        ["dave", "dave", "dave", 7],
        ["eve", "eve", "eve", 8],
      ],
    );
    const [bob, alice] = people;
    assert.deepEqual([bob!.external, bob!.ends, alice!.external, alice!.owner], [true, "2027-03-31", false, "dave"]);
    assert.deepEqual([bob!.email, alice!.keys], ["bob@agency.example", [`${key} laptop`]]);
    assert.deepEqual(allowRemovals?.users, ["Bob Builder", "Carol"]);
  });

  it("teams: hold the people of the teams in them, without those who have ended", () => {
    const { teams } = read();
    assert.deepEqual(
      teams.map(({ name, members, teams: inside }) => [name, members, inside]),
      [
        ["everybody", ["alice", "bob builder", "carol"], ["web"]],
        ["web", ["alice", "bob builder"], []],
      ],
    );
    assert.deepEqual(read(organisation, "2026-11-30").teams[1]!.members, ["alice", "bob builder", "dave"]);
  });

  it("teams: a person is bound once, with every way, until the last of them or the person ends", () => {
    const [acme] = read().clients;
    assert.deepEqual(
      acme!.users.map((user) => [user.name, user.expires, user.reason, ...waysOf(user)]),
      [
        [
          ...["Bob Builder", "2027-03-31", "TICKET-13"],
          ...[
            ["everybody", "2027-06-30", "TICKET-13", 20],
            ["web", "2027-01-31", "TICKET-12", 18],
          ],
        ],
        [
          ...["alice", undefined, undefined],
          ...[[19], ["everybody", "2027-06-30", "TICKET-13", 20], ["web", "2027-01-31", "TICKET-12", 18]],
        ],
        ["carol", "2027-06-30", "TICKET-13", ["everybody", "2027-06-30", "TICKET-13", 20]],
      ],
    );
    assert.deepEqual(
      acme!.expired.map((user) => [user.name, user.expires, waysOf(user).length]),
      [["dave", "2026-11-30", 2]],
    );
  });

  it("teams: a way that has ended is left out, and the person with the last one", () => {
    const on = (day: string) => {
      const { users, expired } = read(organisation, day).clients[0]!;
      return [users.map((user) => `${user.name} ${user.ways.length}`), expired.map(({ name }) => name)];
    };
    assert.deepEqual(on("2027-02-01"), [["Bob Builder 1", "alice 2", "carol 1"], ["dave"]]);
    assert.deepEqual(on("2027-04-01"), [
      ["alice 2", "carol 1"],
      ["Bob Builder", "dave"],
    ]);
    assert.deepEqual(on("2027-07-01"), [["alice 1"], ["Bob Builder", "carol", "dave"]]);
  });

  it("people: say how the user is made, which uid it has and which keys, in every client", () => {
    const [bob, alice, carol] = read().clients[0]!.users;
    assert.deepEqual(bob!.createUser, { email: "bob@agency.example", welcomeMail: true });
    assert.deepEqual([bob!.expectedUid, bob!.keys, alice!.keys], [9, [], [`${key} laptop`]]);
    assert.deepEqual(alice!.createUser, { email: "alice@acme.example", welcomeMail: false });
    assert.equal(carol!.createUser, undefined);
  });

  it("teams: without people they list the names of panel users, and entries say what is theirs", () => {
    const text = `version: 1
teams: { web: [alice, Bob B] }
clients:
  - { name: A, internalName: a, users: [{ team: web }] }
  - { name: B, internalName: b, users: [{ name: alice, createUser: { email: alice@acme.example } }] }
`;
    const { people, teams, clients } = read(text);
    assert.deepEqual([people, teams[0]!.members], [[], ["alice", "bob b"]]);
    assert.deepEqual(
      clients[0]!.users.map(({ name, key: of, createUser }) => [name, of, createUser?.email]),
      [
        ["Bob B", "bob b", undefined],
        ["alice", "alice", "alice@acme.example"],
      ],
    );
  });

  it("people: an end within 14 days is warned of once, and so is that of a team's entry", () => {
    const { warnings } = read(
      organisation
        .replace("2027-03-31", "2026-12-10")
        .replace("2027-01-31", "2026-12-12")
        .replace("[web, carol]", "[web]"),
    );
    assert.deepEqual(
      warnings.map(({ line, code }) => [line, code]),
      [
        [5, "expiresSoon"],
        [7, "expired"],
        [18, "expiresSoon"],
      ],
    );
  });

  it("people: names that could be taken for others mean the same in what is on the main branch", () => {
    const text = organisation.replaceAll("eve", "\u0430lice").replace("[web, carol]", "[web, \u0430lice]");
    const { teams } = parseManifest(text, "access.yaml", { asOf: TODAY, deployed: true });
    assert.deepEqual(teams[0]!.members, ["<U+0430>lice", "alice", "bob builder"]);
  });
});
