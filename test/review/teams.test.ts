/** Effective access of people and teams, beside a model that asks of every person and every client on its own. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseManifest } from "../../provider/manifest";
import { checksumOf } from "../../provider/review/checksum";
import { differenceOf } from "../../provider/review/Difference";
import { type EffectiveAccess, personByName } from "../../provider/review/EffectiveAccess";
import { accessOfManifest } from "../../provider/review/fromManifest";
import { grantsText, readGrants } from "../../provider/review/Grants";
import { jsonReview } from "../../provider/review/jsonReview";
import { runs, seed } from "../support/random";

const TODAY = "2026-11-24";
const PEOPLE = ["p0", "p1", "p2", "p3", "p4"];
const TEAMS = ["t0", "t1", "t2", "t3"];
const DAYS = ["2026-11-23", "2026-11-24", "2026-12-31", "2027-06-30"];

interface Organisation {
  hasRecords: boolean;
  /** By person. */
  ends: (string | undefined)[];
  /** By team: people, and teams of lower numbers, so that no team is in itself. */
  teams: string[][];
  clients: Entry[][];
}

/** What a client lists: a person or a team. */
interface Entry {
  name: string;
  expires: string | undefined;
}

const day = fc.option(fc.constantFrom(...DAYS), { nil: undefined, freq: 2 });
const organisations: fc.Arbitrary<Organisation> = fc.record({
  hasRecords: fc.boolean(),
  ends: fc.tuple(...PEOPLE.map(() => day)),
  teams: fc.tuple(...TEAMS.map((_, at) => fc.subarray([...PEOPLE, ...TEAMS.slice(0, at)]))),
  clients: fc.array(
    fc.uniqueArray(fc.record({ name: fc.constantFrom(...PEOPLE, ...TEAMS), expires: day }), {
      selector: ({ name }) => name,
    }),
    { maxLength: 4 },
  ),
});

function textOf({ hasRecords, ends, teams, clients }: Organisation): string {
  return JSON.stringify({
    version: 1,
    ...(hasRecords && { people: Object.fromEntries(PEOPLE.map((person, at) => [person, { ends: ends[at] }])) }),
    teams: Object.fromEntries(TEAMS.map((team, at) => [team, teams[at]])),
    clients: clients.map((entries, at) => ({
      name: `Client ${at}`,
      internalName: `c${at}`,
      sites: [`site${at}.example`],
      users: entries.map(({ name, expires }) => (TEAMS.includes(name) ? { team: name, expires } : { name, expires })),
    })),
  });
}

const accessOf = (text: string): EffectiveAccess =>
  accessOfManifest(parseManifest(text, "access.yaml", { asOf: TODAY }));

/** By client and person: the last day, or `always`; nothing of whoever has none left. */
function model({ hasRecords, ends, teams, clients }: Organisation): Record<string, string> {
  const contains = (name: string, person: string): boolean =>
    name === person || (teams[TEAMS.indexOf(name)]?.some((member) => contains(member, person)) ?? false);
  const all = clients.flatMap((entries, client) =>
    PEOPLE.map((person, at) => {
      const days = entries.filter(({ name }) => contains(name, person)).map(({ expires }) => expires ?? "9999");
      const last = [days.sort().at(-1) ?? "0000", (hasRecords ? ends[at] : undefined) ?? "9999"].sort()[0]!;
      return [`c${client} ${person}`, last === "9999" ? "always" : last] as const;
    }),
  );
  return Object.fromEntries(all.filter(([, last]) => last >= TODAY));
}

function grants(access: EffectiveAccess): Record<string, string> {
  return Object.fromEntries(
    [...access.clients.values()].flatMap(({ internalName, bindings }) =>
      [...bindings.values()].flatMap(({ person, expires, ended }) =>
        ended ? [] : [[`${internalName} ${person.name}`, expires ?? "always"] as const],
      ),
    ),
  );
}

/** The same people in the same clients, without a team: as many entries as lead to a person, merged into one. */
function flattened(organisation: Organisation): Organisation {
  const found = model({ ...organisation, hasRecords: false });
  const clients = organisation.clients.map((_, client) =>
    PEOPLE.flatMap((name) => {
      const last = found[`c${client} ${name}`];
      return last === undefined ? [] : [{ name, expires: last === "always" ? undefined : last }];
    }),
  );
  return { ...organisation, teams: TEAMS.map(() => []), clients };
}

describe(`People and teams in effective access (seed ${seed})`, () => {
  it("teams: effective access equals that of a model which asks of every person and client", () => {
    fc.assert(
      fc.property(organisations, (drawn) => {
        assert.deepEqual(grants(accessOf(textOf(drawn))), model(drawn));
      }),
      runs(1000),
    );
  });

  it("teams: splitting names into teams changes no grant, no exported text and no line of a review", () => {
    fc.assert(
      fc.property(organisations, (drawn) => {
        const [before, after] = [accessOf(textOf(flattened(drawn))), accessOf(textOf(drawn))];
        const { lost, gained, advisories } = differenceOf(before, after);
        assert.deepEqual([lost, gained, advisories], [[], [], []]);
        assert.equal(grantsText(after), grantsText(before));
        const running = (access: EffectiveAccess) => grantsText(readGrants(grantsText(access), TODAY));
        assert.equal(running(after), running(before));
      }),
      runs(500),
    );
  });

  it("teams: each change has one cause, and a team only where it is one", () => {
    fc.assert(
      fc.property(organisations, organisations, (one, other) => {
        const [before, after] = [one, other].map((drawn) => accessOf(textOf(drawn)));
        for (const { who, causes } of differenceOf(before!, after!).gained) {
          for (const cause of causes) {
            if (cause.kind !== "joinedTeam" && cause.kind !== "teamBound") continue;
            for (const each of who) {
              assert.ok(each.kind === "person" && after!.teams.get(cause.team)?.has(each.person.key));
              assert.equal(before!.teams.get(cause.team)?.has(each.person.key) && cause.kind === "joinedTeam", false);
            }
          }
        }
      }),
      runs(500),
    );
  });

  it("teams: the JSON of a review has the team of each cause", () => {
    const text = (team: string, clients: string) => `{ version: 1, teams: { web: [${team}] }, clients: [${clients}] }`;
    const client = (name: string, users: string) =>
      `{ name: ${name}, internalName: ${name}, sites: [${name}.example], users: [${users}] }`;
    const [base, head] = [
      text("alice, bob", [client("a", "{ team: web }"), client("b", "{ team: web }"), client("c", "zoe")].join(", ")),
      text(
        "bob, carol",
        [client("a", "{ team: web }"), client("b", "zoe"), client("c", "zoe, { team: web }")].join(", "),
      ),
    ].map(accessOf);
    const review = jsonReview({ difference: differenceOf(base!, head!), refusals: [], allowed: [] }) as Record<
      "lost" | "gained",
      { who: { name: string }[]; causes: { kind: string; team?: string; clients: string[] }[] }[]
    >;
    const told = (changes: typeof review.lost) =>
      changes.flatMap(({ who, causes }) =>
        causes.map(({ kind, team, clients }) =>
          [who.map(({ name }) => name).join(), kind, team, clients.join()].join(" "),
        ),
      );
    assert.deepEqual(told(review.gained).sort(), [
      "bob,carol teamBound web c",
      "carol joinedTeam web a",
      "zoe bound  b",
    ]);
    assert.deepEqual(told(review.lost).sort(), ["alice leftTeam web a", "alice,bob teamUnbound web b"]);
    assert.ok(base!.teams.get("web")?.has(personByName("alice").key));
    assert.notEqual(checksumOf(base!), checksumOf(head!));
  });
});
