import { ManualClock } from "../aegir/Clock";
import { SmallAegir } from "../aegir/SmallAegir";
import { SmallAegirBackstage } from "./SmallAegirBackstage";
import { describeWorker } from "./worker";

for (const flavour of ["boa", "upstream"] as const) {
  describeWorker(`the small Aegir (${flavour})`, async () => {
    // Its queue stands still: what a task does is arranged by the suite.
    const aegir = await SmallAegir.start({ flavour, clock: new ManualClock() });
    aegir.addSites([{ site: "tt1.example.com" }, { site: "tt2.example.com" }]);
    aegir.panel.addPlatform("tt-platform");
    return {
      connection: aegir.drush,
      prefix: "tt",
      backstage: new SmallAegirBackstage(aegir, "tt"),
      disposable: true,
      stop: () => aegir.stop(),
    };
  });
}
