import assert from "node:assert/strict";
import { PartialFailure } from "../../provider/resources/PartialFailure";
import { isKnown, pick, same, UNKNOWN } from "../../provider/resources/values";

describe("a value", () => {
  it("is known unless Pulumi's sign for unknown ones is in it, at whatever depth", () => {
    for (const known of [undefined, null, "", 0, false, [], {}, [1, { a: "b" }], { a: [{ b: null }] }]) {
      assert.equal(isKnown(known), true, JSON.stringify(known));
    }
    for (const unknown of [UNKNOWN, [UNKNOWN], { a: UNKNOWN }, { a: [1, { b: UNKNOWN }] }]) {
      assert.equal(isKnown(unknown), false, JSON.stringify(unknown));
    }
  });

  it("is the same as another one by what it says, not by how it is written", () => {
    const pairs: [unknown, unknown][] = [
      ["a", "a"],
      [undefined, null],
      [
        { a: 1, b: { c: [1, 2], d: undefined } },
        { b: { c: [1, 2] }, a: 1 },
      ],
      [[], []],
    ];
    for (const [left, right] of pairs) assert.equal(same(left, right), true, JSON.stringify([left, right]));
  });

  it("is different from another one where it says anything else", () => {
    const pairs: [unknown, unknown][] = [
      ["a", "A"],
      ["1", 1],
      ["", undefined],
      [false, undefined],
      [{}, undefined],
      [
        [1, 2],
        [2, 1],
      ],
      [["a"], { 0: "a" }],
      [{ a: 1 }, { a: 1, b: 2 }],
    ];
    for (const [left, right] of pairs) assert.equal(same(left, right), false, JSON.stringify([left, right]));
  });

  it("that is not known is the same as nothing, not even as itself", () => {
    assert.equal(same(UNKNOWN, UNKNOWN), false);
    assert.equal(same({ a: UNKNOWN }, { a: UNKNOWN }), false);
  });

  it("is picked under the keys that are asked for, if it is there", () => {
    const values = { a: 0, b: "", c: false, d: null, e: undefined, f: [], g: "not asked for" };
    assert.deepEqual(pick(values, ["a", "b", "c", "d", "e", "f", "missing"]), { a: 0, b: "", c: false, f: [] });
  });
});

describe("a partial failure", () => {
  it("has what Pulumi records and prints: id, properties, and the message as the only reason", () => {
    const failure = new PartialFailure("site:a.example", { applied: false }, new Error("the verify failed"));
    assert.equal(failure.id, "site:a.example");
    assert.deepEqual(failure.properties, { applied: false });
    assert.deepEqual(failure.reasons, ["the verify failed"]);
    assert.equal(failure.stack, "the verify failed");
  });
});
