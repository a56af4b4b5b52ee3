/**
 * What the resources promise, as scenarios that a Pulumi program plays on any server. The result is read through second
 * channels: the server's tables and links, the wire, a login over SFTP.
 */
import { onEveryEngine } from "../scenarios/everyEngine";
import type { Opener } from "../scenarios/ScenarioStack";
import { describeKeys } from "./scenarios/keys.suite";
import { describeOddServers } from "./scenarios/oddServers.suite";
import { describePromises } from "./scenarios/promises.suite";
import { describeResources } from "./scenarios/resources.suite";
import { ScenarioFixture, type ScenarioServer } from "./scenarios/ScenarioFixture";

export type { ScenarioServer };

export type Part = (scenario: ScenarioFixture) => void;
export const promises: Part[] = [describePromises];
export const others: Part[] = [describeResources, describeOddServers];
/** For a server whose accounts are reached as root. */
export const asRoot: Part[] = [describeKeys];

/**
 * @param on the engines that are there, if absent
 * @param parts all of them, if absent
 */
export function describeScenarios(
  name: string,
  start: () => Promise<ScenarioServer>,
  on: (title: string, suite: (engine: () => Opener) => void) => void = onEveryEngine,
  parts = [...promises, ...others, ...asRoot],
): void {
  on(`the scenarios of ${name}`, (engine) => {
    const scenario = new ScenarioFixture();
    let begun = false;
    before(async () => {
      begun = true;
      await scenario.begin(await start(), engine());
    });
    after(() => (begun ? scenario.end() : undefined));

    for (const describePart of parts) describePart(scenario);
  });
}
