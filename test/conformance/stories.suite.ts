/**
 * What the resources promise (design.md, sections 2 and 6), as stories that a Pulumi program tells to any server. What is
 * then so is read through second channels: the server's tables and links, the wire, a login over SFTP.
 */
import { onEveryEngine } from "../scenarios/everyEngine";
import type { Opener } from "../scenarios/ScenarioStack";
import { tellOddServers } from "./stories/oddServers.suite";
import { tellPromises } from "./stories/promises.suite";
import { tellResources } from "./stories/resources.suite";
import { StoryStage, type StoryServer } from "./stories/StoryStage";

export type { StoryServer };

/** @param on the engines that are there, if absent */
export function describeStories(
  name: string,
  start: () => Promise<StoryServer>,
  on: (title: string, suite: (engine: () => Opener) => void) => void = onEveryEngine,
): void {
  on(`the stories of ${name}`, (engine) => {
    const stage = new StoryStage();
    let begun = false;
    before(async () => {
      begun = true;
      await stage.begin(await start(), engine());
    });
    after(() => (begun ? stage.end() : undefined));

    tellPromises(stage);
    tellResources(stage);
    tellOddServers(stage);
  });
}
