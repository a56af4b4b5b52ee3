/**
 * Step lists recorded from the real CLI, one file per scenario in this folder, to which every engine is held everywhere:
 * `{ recordedWith: "pulumi v3.248.0", steps: [{ op, type, name, outcome }] }`. To record, run the tests with
 * AEGIR_RECORD_GOLDEN=1 where `pulumi` is on the PATH.
 *
 * A list is comparable if the operation ran with `parallel: 1`. Even then two orders are not the engine's to decide, and
 * differ from run to run of the CLI: in which order the SDK registers resources that do not depend on each other, and in
 * which order deletions of one wave (`Step.wave`) begin. So refreshes come first here, then what the program registered,
 * then the deletions, wave by wave, and each of these is sorted by name; the two steps of a replacement stay together. Nothing is lost by this: that a resource is
 * registered after those it depends on is the doing of the program, which waits for their outputs. But what has begun
 * when an operation fails is comparable only if the resources depend on each other.
 */
import * as assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Engine, type Outcome, type Step } from "../Engine";

type GoldenStep = Pick<Step, "op" | "type" | "name" | "outcome">;

interface Golden {
  recordedWith: string;
  steps: GoldenStep[];
}

/** @param name of the scenario, for example `rename-of-a-client-that-owns-sites` */
export function expectGolden(name: string, engine: Engine, outcome: Outcome): void {
  const path = join(__dirname, `${name}.json`);
  const steps = comparable(outcome.steps);
  if (engine.kind === "cli" && process.env["AEGIR_RECORD_GOLDEN"] === "1") {
    mkdirSync(dirname(path), { recursive: true });
    const golden: Golden = { recordedWith: engine.name, steps };
    writeFileSync(path, `${JSON.stringify(golden, undefined, 2)}\n`);
    return;
  }
  assert.ok(
    existsSync(path),
    `there is no ${path}: record it from the real CLI, with AEGIR_RECORD_GOLDEN=1 and \`pulumi\` on the PATH`,
  );
  const golden = JSON.parse(readFileSync(path, "utf8")) as Golden;
  assert.deepEqual(
    steps.map(line),
    golden.steps.map(line),
    `${engine.name} does not do in "${name}" what ${golden.recordedWith} did:\n${outcome.output}`,
  );
}

function comparable(steps: readonly Step[]): GoldenStep[] {
  const order = ({ op, wave, name, type }: Step) =>
    [op === "refresh" ? 0 : wave === undefined ? 1 : 2, wave ?? 0, name, type].join(" ");
  const compare = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);
  return steps
    .toSorted((left, right) => compare(order(left), order(right)))
    .map(({ op, type, name, outcome }) => ({ op, type, name, outcome }));
}

function line({ op, type, name, outcome }: GoldenStep): string {
  return `${op} ${type} ${name} ${outcome}`;
}
