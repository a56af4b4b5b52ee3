import * as assert from "node:assert/strict";
import { type Engine, type Outcome, type Step } from "./Engine";
import { expectGolden } from "./golden";

const engine: Engine = { name: "an engine", kind: "in-process", open: () => Promise.reject(new Error("not needed")) };

function outcome(...steps: Partial<Step>[]): Outcome {
  const type = "pulumi-nodejs:dynamic/records:Record";
  return {
    ok: true,
    steps: steps.map((step) => ({ op: "same", urn: "", type, name: "", diffs: [], outcome: "done", ...step })),
    changes: {},
    diagnostics: "",
    output: "",
    outputs: {},
  };
}

describe("a golden step list", () => {
  // The file says: deletions of leaf and other-leaf, then of trunk, then of alone and root.
  const wave0: Partial<Step>[] = [
    { op: "delete", name: "leaf", wave: 0 },
    { op: "delete", name: "other-leaf", wave: 0 },
  ];
  const wave1: Partial<Step>[] = [{ op: "delete", name: "trunk", wave: 1 }];
  const wave2: Partial<Step>[] = [
    { op: "delete", name: "alone", wave: 2 },
    { op: "delete", name: "root", wave: 2 },
  ];

  it("is met by deletions of one wave in any order", () => {
    expectGolden("destroy-order", engine, outcome(...wave0, ...wave1, ...wave2));
    expectGolden("destroy-order", engine, outcome(...[...wave0].reverse(), ...wave1, ...[...wave2].reverse()));
  });

  it("is not met by another wave, another outcome, or a step too few", () => {
    const moved = [...wave0, { ...wave1[0], wave: 2 }, ...wave2.map((step) => ({ ...step, wave: 1 }))];
    const failed = [...wave0, { ...wave1[0], outcome: "failed" as const }, ...wave2];
    for (const steps of [moved, failed, [...wave0, ...wave2]]) {
      assert.throws(() => expectGolden("destroy-order", engine, outcome(...steps)), /does not do in "destroy-order"/);
    }
  });

  it("has to be there", () => {
    assert.throws(() => expectGolden("no-such-scenario", engine, outcome()), /record it from the real CLI/);
  });
});
