import { ManualClock } from "../aegir/Clock";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import { onEveryEngine, onTheLifecycles } from "../scenarios/everyEngine";
import { longRun } from "../support/random";
import { asRoot, describeScenarios, others, promises } from "./scenarios.suite";
import { smallAegirFixture } from "./SmallAegirFixture";
import { describeWorker } from "./worker.suite";

for (const flavour of ["boa", "upstream"] as const) {
  describeWorker(`the small Aegir (${flavour})`, async () => {
    // Its queue stands still: what a task does is arranged by the suite.
    const aegir = await SmallAegir.start({ flavour, clock: new ManualClock() });
    aegir.addSites([{ site: "tt1.example.com" }, { site: "tt2.example.com" }]);
    aegir.panel.addPlatform("tt-platform");
    return {
      connection: aegir.drush,
      prefix: "tt",
      fixture: smallAegirFixture(aegir, "tt"),
      disposable: true,
      stop: () => aegir.stop(),
    };
  });
  const name = `the small Aegir (${flavour})`;
  const start = async (login: Partial<SmallAegirOptions> = {}) => {
    const aegir = await SmallAegir.start({ flavour, ...login });
    aegir.addSites([{ site: "tt1.example.com" }, { site: "tt2.example.com" }]);
    aegir.panel.addPlatform("tt-platform");
    // What must stay as it is, one site of the default owner among it, without which its login would come and go.
    aegir.panel.addClient({ name: "Bystander Ltd", internalName: "bystander" });
    aegir.addSites([{ site: "bystander.example.com", owner: "bystander" }, { site: "default.example.com" }]);
    const { counts } = aegir;
    return {
      configuration: aegir.configuration(),
      prefix: "tt",
      fixture: smallAegirFixture(aegir, "tt"),
      disposable: true,
      counts: () => ({
        bootstraps: counts.workerStarts,
        writes: counts.writes,
        rejectedLogins: counts.authentications.rejected,
      }),
      owners: () => aegir.ownerHistory,
      stop: () => aegir.stop(),
    };
  };
  // Engines play against one flavour; what the flavours differ in is the server's. Every day they play the promises.
  const onEngines = flavour === "boa" ? (longRun ? [...promises, ...others] : promises) : [];
  const onLifecycles = [...promises, ...others].filter((part) => !onEngines.includes(part));
  if (onEngines.length > 0) describeScenarios(name, () => start(), onEveryEngine, onEngines);
  if (onLifecycles.length > 0) describeScenarios(name, () => start(), onTheLifecycles, onLifecycles);
  if (flavour === "boa") {
    const root = { user: "root", owner: "o1", accountsUser: "root" } as const;
    describeScenarios(`${name}, reached as root`, () => start(root), onTheLifecycles, asRoot);
  }
}
