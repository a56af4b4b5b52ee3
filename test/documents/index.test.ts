/** The pages that are written from the titles of tests say what the tests say. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { WITNESSED, witness, type TestTitle } from "../support/TestTitle";
import { allTitles } from "./titles";
import { TRAP_INDEX, trapIndex, unwitnessed } from "./trapIndex";
import { traps } from "./traps";

describe("The index of traps", () => {
  let titles: TestTitle[];
  before(() => {
    titles = allTitles();
  });

  it("is what `npm run index` writes", () => {
    assert.equal(readFileSync(TRAP_INDEX, "utf8"), trapIndex(titles), "run npm run index");
  });

  it("has a test for every trap", () => {
    assert.equal(Object.keys(traps).length, WITNESSED.trap);
    assert.deepEqual(unwitnessed(titles), []);
  });

  it("is led to by every number of what-aegir-does-behind-your-back.md, which leaves no trap out", () => {
    const page = readFileSync(join(dirname(TRAP_INDEX), "what-aegir-does-behind-your-back.md"), "utf8");
    const numbers = [...page.matchAll(/ \((\d+(?:, \d+)*)\)$/gm)].flatMap(([, list]) => list!.split(", ").map(Number));
    assert.deepEqual(
      [...new Set(numbers)].sort((one, other) => one - other),
      Object.keys(traps).map(Number),
    );
  });

  it("does not depend on how often, and in which order, a suite is run", () => {
    assert.equal(trapIndex([...titles, ...titles].reverse()), trapIndex(titles));
  });
});

describe("The title of a test", () => {
  it("names at its end the traps that it shows handled", () => {
    const nothing = { rows: [], cannotOccur: false };
    assert.deepEqual(witness("A (b) c (trap 13)"), { ...nothing, sentence: "A (b) c", traps: [13] });
    assert.deepEqual(witness("a (traps 11, 25)"), { ...nothing, sentence: "a", traps: [11, 25] });
    assert.deepEqual(witness("a (contract, trap 4)"), { ...nothing, sentence: "a (contract, trap 4)", traps: [] });
  });

  it("names at its beginning the row that it plays, or what cannot occur", () => {
    const row = { sentence: "a", traps: [], rows: [17], cannotOccur: false };
    assert.deepEqual(witness("row 17: a"), row);
    assert.deepEqual(witness("row 17: a (trap 3)"), { ...row, traps: [3] });
    assert.deepEqual(witness("row 17 cannot occur: a"), { ...row, cannotOccur: true });
    const trap = { sentence: "a", traps: [31], rows: [], cannotOccur: true };
    assert.deepEqual(witness("trap 31 cannot occur: a"), trap);
  });

  for (const title of [
    "a (trap 33)",
    "row 53: a",
    "row 0: a",
    "a (trap 1, 2)",
    "a (traps 1)",
    "trap 3: a",
    "a (trap 1).",
  ]) {
    it(`is refused where it is almost a witness: ${title.replace(/\d+/g, "N")}`, () => {
      assert.throws(() => witness(title), /There is no|Write "/);
    });
  }
});
