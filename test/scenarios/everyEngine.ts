/** Runs a suite on engines, or on the life cycles alone; skipped, and counted so, where an engine is not found. */
import type { Engine } from "../engine/Engine";
import { findEngines } from "../engine/engines";
import { skip } from "../support/skip";
import { LifecycleEngine } from "../faults/LifecycleEngine";
import type { Opener } from "./ScenarioStack";

const engines: Record<Engine["kind"], string> = { "in-process": "in-process engine", cli: "Pulumi CLI" };

/** On the in-process engine, and on the real CLI: for what an engine has a part in. A test may take so many minutes. */
export function onEveryEngine(title: string, suite: (engine: () => Engine) => void, minutes = 2): void {
  for (const kind of ["in-process", "cli"] as const) {
    describe(`${title}, on the ${engines[kind]}`, function () {
      this.timeout(minutes * 60_000);
      let found: Engine | undefined;
      before(async function () {
        found = (await findEngines()).find((engine) => engine.kind === kind);
        if (!found) skip(this, "what runs on the Pulumi CLI", "npm install --global pulumi");
      });
      suite(() => found!);
    });
  }
}

/** Where an engine would do no more than to call one operation of a resource after the other. */
export function onTheLifecycles(title: string, suite: (engine: () => Opener) => void): void {
  describe(`${title}, on the life cycles`, () => suite(() => new LifecycleEngine()));
}
