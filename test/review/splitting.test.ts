/** Which file says something has no meaning: splitting, joining and reordering files changes nothing. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type Manifest, parseFiles } from "../../provider/manifest";
import { checksumOf } from "../../provider/review/checksum";
import { differenceOf } from "../../provider/review/Difference";
import { accessOfManifest } from "../../provider/review/fromManifest";
import { runs, seed } from "../support/random";
import { TODAY } from "./pictures";

const PEOPLE = ["alice", "bob", "carol", "dave"];
const person = fc.constantFrom(...PEOPLE);
const day = fc.option(fc.constantFrom("2026-11-20", "2026-12-31", "2027-03-31"), { nil: undefined });

/** Entries of the maps and lists of a manifest, each of which can be in any file. */
interface Parts {
  people: [string, object][];
  teams: [string, string[]][];
  clients: object[];
  settings: [string, unknown][];
}

const parts: fc.Arbitrary<Parts> = fc
  .record({
    people: fc.constant(PEOPLE.map((name): [string, object] => [name, { email: `${name}@staff.example` }])),
    teams: fc.uniqueArray(fc.tuple(fc.constantFrom("web", "shop", "all"), fc.uniqueArray(person, { minLength: 1 })), {
      selector: ([name]) => name,
      minLength: 1,
    }),
    clients: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom("acme", "beta", "gamma", "delta", "omega"),
        sites: fc.nat(3),
        users: fc.uniqueArray(fc.record({ name: person, expires: day }), { selector: ({ name }) => name }),
        team: fc.option(fc.nat(2), { nil: undefined }),
        protect: fc.boolean(),
      }),
      { selector: ({ id }) => id, minLength: 1 },
    ),
    percent: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
  })
  .map(({ people, teams, clients, percent }) => ({
    people,
    teams,
    clients: clients.map(({ id, sites, users, team, protect }) => ({
      name: `The ${id}`,
      internalName: id,
      protect,
      sites: Array.from({ length: sites }, (_, index) => `site${index}.${id}.example`),
      users: [...users, ...(team === undefined ? [] : [{ team: teams[team % teams.length]![0] }])],
    })),
    settings: percent === undefined ? [] : [["removalLimit", { percent }] as [string, unknown]],
  }));

/** @param fileOf in which of the files each entry is, by its place in the whole */
function read({ people, teams, clients, settings }: Parts, files: number, fileOf: (index: number) => number): Manifest {
  let index = 0;
  const contents = Array.from({ length: files }, (): Record<string, unknown> => ({ version: 1 }));
  const next = () => contents[fileOf(index++) % files]!;
  for (const [kind, entries] of [
    ["people", people],
    ["teams", teams],
  ] as const) {
    for (const [name, entry] of entries) {
      const file = next();
      file[kind] = { ...(file[kind] as object | undefined), [name]: entry };
    }
  }
  for (const client of clients) {
    const file = next();
    file["clients"] = [client, ...((file["clients"] as object[] | undefined) ?? [])];
  }
  for (const [key, value] of settings) next()[key] = value;
  const named = contents.map((content, file) => ({ file: `access/${file}.yaml`, content: JSON.stringify(content) }));
  return parseFiles("access", named, { asOf: TODAY });
}

describe(`Dividing a manifest into files (seed ${seed})`, () => {
  it("manifest directory: any division into files declares the same access, and its review shows no change", () => {
    fc.assert(
      fc.property(
        parts,
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.nat(5), { minLength: 40 }),
        (all, files, places) => {
          const [before, after] = [
            read(all, 1, () => 0),
            read(all, files, (index) => places[index % places.length]!),
          ].map((manifest) => accessOfManifest(manifest, "o1"));
          const { lost, gained, renames, advisories } = differenceOf(before!, after!);
          assert.deepEqual([lost, gained, renames, advisories], [[], [], [], []]);
          assert.equal(checksumOf(after!), checksumOf(before!));
          assert.deepEqual(after!.removalLimit, before!.removalLimit);
        },
      ),
      runs(300),
    );
  });
});
