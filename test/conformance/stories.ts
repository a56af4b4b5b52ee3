/**
 * What the resources promise (design.md, sections 2 and 6), as stories that a Pulumi program tells to any server. What is
 * then so is read through second channels: the server's tables and links, the wire, a login over SFTP.
 */
import type { Engine } from "../engine/Engine";
import { findEngines } from "../engine/engines";
import { tellOddServers } from "./stories/oddServers";
import { tellPromises } from "./stories/promises";
import { tellResources } from "./stories/resources";
import { StoryStage, type StoryServer } from "./stories/StoryStage";

export type { StoryServer };

export interface StoryOptions {
  /** Both, where they are, if absent. */
  engines?: readonly Engine["kind"][];
  /** How long one story may take: 2 if absent. */
  minutes?: number;
}

export function describeStories(name: string, start: () => Promise<StoryServer>, options: StoryOptions = {}): void {
  for (const kind of options.engines ?? (["in-process", "cli"] as const)) {
    describe(`the stories of ${name}, on the ${kind === "cli" ? "Pulumi CLI" : "in-process engine"}`, function () {
      this.timeout((options.minutes ?? 2) * 60_000);
      const stage = new StoryStage();
      let begun = false;
      before(async function () {
        const engine = (await findEngines()).find((found) => found.kind === kind);
        if (!engine) return this.skip();
        begun = true;
        await stage.begin(await start(), engine);
      });
      after(() => (begun ? stage.end() : undefined));

      tellPromises(stage);
      tellResources(stage);
      tellOddServers(stage);
    });
  }
}
