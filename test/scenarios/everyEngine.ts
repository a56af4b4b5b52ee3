/** Runs a suite on engines, or on the life cycles alone; skipped, and counted so, where an engine is not found. */
import type { Engine } from "../engine/Engine";
import { listEngines } from "../engine/engines";
import { LifecycleEngine } from "../faults/LifecycleEngine";
import { secondProvider } from "../faults/secondProvider";
import { skip } from "../support/skip";
import type { Opener } from "./ScenarioStack";

const engines: Record<Engine["kind"], string> = { "in-process": "in-process engine", cli: "Pulumi CLI" };

/** On the in-process engine, and on the real CLI: for what an engine has a part in. A test may take so many minutes. */
export function onEveryEngine(title: string, suite: (engine: () => Engine) => void, minutes = 2): void {
  onEngine("in-process", title, suite, minutes);
  onEngine("cli", title, suite, minutes);
}

/**
 * Where an engine does no more than to call one operation of a resource after the other: on the life cycles alone, and
 * on the real CLI. `another` is an engine whose provider knows nothing of the first one's.
 */
export function onTheLifecycles(title: string, suite: (engine: () => Opener, another: () => Opener) => void): void {
  describe(`${title}, on the life cycles`, () =>
    suite(
      () => new LifecycleEngine(),
      () => new LifecycleEngine(secondProvider()),
    ));
  onEngine("cli", title, (engine) => suite(engine, engine), 2);
}

function onEngine(kind: Engine["kind"], title: string, suite: (engine: () => Engine) => void, minutes: number): void {
  describe(`${title}, on the ${engines[kind]}`, function () {
    this.timeout(minutes * 60_000);
    let found: Engine | undefined;
    before(function () {
      found = listEngines().find((engine) => engine.kind === kind);
      if (!found) skip(this, "what runs on the Pulumi CLI", "npm install --global pulumi");
    });
    suite(() => found!);
  });
}
