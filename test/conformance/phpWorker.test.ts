import { DrupalFrontEnd, needDrupalFrontEnd } from "../drupal/DrupalFrontEnd";
import { onTheLifecycles } from "../scenarios/everyEngine";
import { FrontEndFixture } from "./FrontEndFixture";
import { describeScenarios, others, promises } from "./scenarios.suite";
import { describeWorker } from "./worker.suite";

describe("the PHP worker under a real php, on a real MariaDB", () => {
  before(needDrupalFrontEnd);

  describeWorker("the small double of Drupal", async () => {
    // Its queue stands still: what a task does is arranged by the suite.
    const front = await DrupalFrontEnd.start({
      sites: ["tt1.example.com", "tt2.example.com"],
      platforms: ["tt-platform"],
    });
    return {
      connection: front.drush,
      prefix: "tt",
      fixture: await FrontEndFixture.start(front.drush, "tt"),
      disposable: true,
      stop: () => front.stop(),
    };
  });

  describeScenarios(
    "the small double of Drupal",
    async () => {
      const front = await DrupalFrontEnd.start({
        sites: ["tt1.example.com", "tt2.example.com", "bystander.example.com"],
        platforms: ["tt-platform"],
      });
      front.startQueue();
      // BOA's account cron has long been there: its first run removes the directories that it never keeps.
      front.runCron();
      const cron = setInterval(() => front.runCron(), 250);
      return {
        configuration: front.configuration(),
        prefix: "tt",
        fixture: await FrontEndFixture.start(front.drush, "tt"),
        disposable: true,
        // The files of the logins are real, the users of the system are not.
        logins: false,
        counts: () => ({ bootstraps: front.bootstraps }),
        stop: () => {
          clearInterval(cron);
          return front.stop();
        },
      };
    },
    onTheLifecycles,
    [...promises, ...others],
  );
});
