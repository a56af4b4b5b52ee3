import assert from "node:assert/strict";
import { foundIn } from "./canary";

describe("The search for secrets", () => {
  const secret = 'canary "\\ ä/?>~';
  const found = (text: string) => foundIn(["nothing here", text], [["it", secret]]);

  it("finds one in every form in which it may lie somewhere", () => {
    for (const before of ["", "a", "ab", "abc"]) {
      for (const after of ["", "x", "xy"]) {
        const text = `${before}${secret}${after}`;
        const json = JSON.stringify({ text });
        for (const form of [
          ...[text, json, JSON.stringify(json), Buffer.from(text).toString("latin1"), encodeURIComponent(text)],
          ...(["hex", "base64", "base64url"] as const).map((encoding) => Buffer.from(text).toString(encoding)),
        ]) {
          assert.deepEqual(found(`... ${form} ...`), ["it"], form);
        }
      }
    }
  });

  it("finds nothing where there is none", () => {
    assert.deepEqual(found(`canary ä ${Buffer.from("canary").toString("base64")}`), []);
  });
});
