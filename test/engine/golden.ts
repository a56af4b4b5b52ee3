/**
 * Step lists recorded from the real CLI, one file per scenario in `golden/`, to which every engine is held everywhere:
 * `{ recordedWith: "pulumi v3.248.0", steps: [{ op, type, name, outcome }] }`. To record, run the tests with
 * AEGIR_RECORD_GOLDEN=1 where `pulumi` is on the PATH.
 *
 * A list is comparable if the operation ran with `parallel: 1`. One thing stays free even then: the engine begins the
 * deletions of one wave (`Step.wave`: they do not depend on each other) in an order that is random in the CLI, so they
 * are sorted here by name and type. Nothing else is.
 */
import * as assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Engine, Outcome, Step } from "./Engine";

type GoldenStep = Pick<Step, "op" | "type" | "name" | "outcome">;

interface Golden {
  recordedWith: string;
  steps: GoldenStep[];
}

/** @param name of the scenario, for example `rename-of-a-client-that-owns-sites` */
export function expectGolden(name: string, engine: Engine, outcome: Outcome): void {
  const path = join(__dirname, "golden", `${name}.json`);
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
  const sorted: Step[] = [];
  for (const step of steps) {
    let position = sorted.length;
    for (; position > 0; position--) {
      const earlier = sorted[position - 1];
      if (earlier === undefined || !areInOneWave(earlier, step) || nameKey(earlier) <= nameKey(step)) {
        break;
      }
    }
    sorted.splice(position, 0, step);
  }
  return sorted.map(({ op, type, name, outcome }) => ({ op, type, name, outcome }));
}

function areInOneWave(left: Step, right: Step): boolean {
  return left.wave !== undefined && left.wave === right.wave;
}

function nameKey({ name, type, op }: Step): string {
  return `${name} ${type} ${op}`;
}

function line({ op, type, name, outcome }: GoldenStep): string {
  return `${op} ${type} ${name} ${outcome}`;
}
