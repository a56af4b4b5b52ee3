import * as assert from "node:assert/strict";
import { parsePath, withIgnoredChanges } from "./ignoreChanges";
import { Secret } from "./PropertyValue";

describe("ignoreChanges", () => {
  const old = { name: "old", tags: { owner: "old", "a b": "old" }, rules: [{ port: 1 }, { port: 2 }], gone: "old" };
  const next = { name: "new", tags: { owner: "new", "a b": "new" }, rules: [{ port: 8 }, { port: 9 }], added: "new" };

  it("takes a property, a part of one, an element, or all elements", () => {
    assert.deepEqual(withIgnoredChanges(next, old, ["name"]).inputs, { ...next, name: "old" });
    assert.deepEqual(withIgnoredChanges(next, old, ['tags["a b"]']).inputs, {
      ...next,
      tags: { owner: "new", "a b": "old" },
    });
    assert.deepEqual(withIgnoredChanges(next, old, ["rules[0].port"]).inputs, {
      ...next,
      rules: [{ port: 1 }, { port: 9 }],
    });
    assert.deepEqual(withIgnoredChanges(next, old, ["rules[*].port"]).inputs, { ...next, rules: old.rules });
  });

  it("takes away what was added, and puts back what is gone", () => {
    const { inputs, invalid } = withIgnoredChanges(next, old, ["added", "gone"]);
    assert.deepEqual(inputs, { name: next.name, tags: next.tags, rules: next.rules, gone: "old" });
    assert.deepEqual(invalid, []);
  });

  it("names a path that exists on one side only", () => {
    assert.deepEqual(withIgnoredChanges(next, old, ["rules[7].port", "added.deep"]).invalid, [
      "rules[7].port",
      "added.deep",
    ]);
  });

  it("keeps secrets secret", () => {
    const { inputs } = withIgnoredChanges({ a: new Secret({ b: "new" }) }, { a: new Secret({ b: "old" }) }, ["a.b"]);
    assert.deepEqual(inputs, { a: new Secret({ b: "old" }) });
  });

  it("understands the three ways to write a step of a path", () => {
    assert.deepEqual(parsePath('a.b[0]["c \\"d\\""][*]'), ["a", "b", 0, 'c "d"', "*"]);
  });
});
