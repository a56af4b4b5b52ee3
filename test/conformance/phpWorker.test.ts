import { DrupalFrontEnd, needDrupalFrontEnd } from "../drupal/DrupalFrontEnd";
import { describeWorker } from "./worker";

describe("worker.php under a real php, on a real MariaDB", () => {
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
      backstage: await front.backstage("tt"),
      disposable: true,
      stop: () => front.stop(),
    };
  });
});
