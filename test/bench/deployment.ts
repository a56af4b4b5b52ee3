/**
 * `npm run bench:deployment`: how long `pulumi up` takes for 300, 1,000 and 5,000 sites that get another owner, beside what
 * Pulumi itself needs for as many dynamic resources that do nothing. The worker is the real one, on a real PHP and MariaDB;
 * the engine is the Pulumi CLI if there is one. AEGIR_BENCH_SITES=300,1000 chooses other numbers.
 */
import { join } from "node:path";
import { DrupalFrontEnd } from "../drupal/DrupalFrontEnd";
import type { Engine } from "../engine/Engine";
import { listEngines } from "../engine/engines";
import { expectOk, ScenarioStack } from "../scenarios/ScenarioStack";

const NUMBERS = (process.env["AEGIR_BENCH_SITES"] ?? "300,1000,5000").split(",").map(Number);

/** The engine's own state after each step costs more than all else, and is the same for both. */
const env = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };

async function main(): Promise<void> {
  const engine = listEngines().at(-1)!;
  console.log(`\`up\` on ${engine.name}, in seconds: of dynamic resources that do nothing, and of as many sites\n`);
  for (const number of NUMBERS) {
    const floor = await secondsOfNothing(engine, number);
    const { first, again } = await secondsOfSites(engine, number);
    const shown = [floor, first, again].map((seconds) => seconds.toFixed(1).padStart(7));
    console.log(
      `${String(number).padStart(6)} resources  nothing ${shown[0]}  sites ${shown[1]} (${(first / floor).toFixed(2)} times)  sites, nothing to do ${shown[2]}`,
    );
  }
}

async function secondsOfNothing(engine: Engine, number: number): Promise<number> {
  const stack = await ScenarioStack.of(engine, { program: join(__dirname, "floor"), servers: {} });
  try {
    return await secondsOfUp(stack, { FLOOR_RESOURCES: String(number) });
  } finally {
    stack.remove();
  }
}

async function secondsOfSites(engine: Engine, number: number): Promise<{ first: number; again: number }> {
  const sites = Array.from({ length: number }, (_, index) => `site${index}.example`);
  const front = await DrupalFrontEnd.start({ sites });
  const stack = await ScenarioStack.of(engine, { servers: { main: { connection: front.drush } } });
  try {
    stack.declare([
      { type: "AegirClient", name: "acme", args: { name: "Acme Corp", internalName: "acme" } },
      ...sites.map((site) => ({
        type: "SiteOwnership" as const,
        name: site,
        args: { site, client: "${acme.internalName}", waitFor: "recorded" },
      })),
    ]);
    return { first: await secondsOfUp(stack), again: await secondsOfUp(stack) };
  } finally {
    stack.remove();
    await front.stop();
  }
}

async function secondsOfUp({ stack }: ScenarioStack, more: Record<string, string> = {}): Promise<number> {
  const start = performance.now();
  expectOk(await stack.up({ env: { ...env, ...more } }));
  return (performance.now() - start) / 1000;
}

void main();
