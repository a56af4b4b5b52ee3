/** Runs a suite on the in-process engine, and on the real CLI where it is found; skipped, and counted so, where not. */
import type { Engine } from "../engine/Engine";
import { findEngines } from "../engine/engines";
import { skip } from "../support/skip";

export function onEveryEngine(title: string, suite: (engine: () => Engine) => void): void {
  for (const kind of ["in-process", "cli"] as const) {
    describe(`${title}, on the ${kind === "cli" ? "Pulumi CLI" : "in-process engine"}`, () => {
      let found: Engine | undefined;
      before(async function () {
        found = (await findEngines()).find((engine) => engine.kind === kind);
        if (!found) skip(this, "what runs on the Pulumi CLI", "npm install --global pulumi");
      });
      suite(() => found!);
    });
  }
}
