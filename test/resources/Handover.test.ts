/** A site changes hands while its tasks run, fail, are cancelled, retried and late: what Aegir's queue does to an owner. */
import assert from "node:assert/strict";
import { configureServers, endServers } from "../../provider/aegir/servers";
import { aegirClient } from "../../provider/resources/AegirClient";
import { shellAccount } from "../../provider/resources/ShellAccount";
import { siteOwnership } from "../../provider/resources/SiteOwnership";
import { RunningClock } from "../aegir/Clock";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import { newProviderProcess } from "../support/newProviderProcess";

const site = "www.acme.example";
const server = "main";
const ENDED = [1, 2, 3];

describe("a site changes hands", () => {
  let aegir: SmallAegir;

  async function start(options: SmallAegirOptions = {}, waits: object = {}): Promise<void> {
    aegir = await SmallAegir.start(options);
    const configuration = aegir.configuration();
    configureServers(JSON.stringify({ main: { ...configuration, waits: { pollSeconds: 0.005, ...waits } } }));
    aegir.addSites([{ site }]);
    await aegirClient.create({ name: "Acme Corp", internalName: "acme", server });
  }
  afterEach(async () => {
    newProviderProcess();
    await endServers();
    await aegir.stop();
  });

  const own = async () => (await siteOwnership.create({ site, client: "acme", server })).outs;
  const row = () => aegir.tables().sites.find((found) => found.site === site)!;
  const status = (nid: number) => aegir.frontEnd.task(nid)?.status;
  const verifies = () => aegir.frontEnd.tasksOf(row().nid).filter(({ type }) => type === "verify");

  it("when a task that puts the old owner back does so again and again: the repair has a bound (trap 11)", async () => {
    await start();
    aegir.faults.nextVerify(site, "oldOwner", 100);
    await assert.rejects(
      own(),
      /www\.acme\.example is recorded as owned by octopus123456, but that is not effective: after 4 verifies it is still not effective for acme/,
    );
    assert.equal(verifies().length, 1 + 4);
  });

  it("when a task began just before the write, unseen: it is waited for, and what it undid is done again (trap 11)", async () => {
    await start({ queue: { everySeconds: 15 } });
    // Its process has loaded the site, and has not yet said that it runs.
    const loaded = aegir.frontEnd.loadSite(row().nid)!;
    const executed = aegir.clock.now();
    const owning = own();
    await until(() => row().owner === "acme");
    const task = aegir.panel.addTask(site, "login-reset");
    aegir.frontEnd.updateTask(task, { status: -1, executed });
    await until(() => row().links.includes("acme"));
    assert.equal(await Promise.race([owning, later(300)]), "later", "the ownership is not believed yet");
    aegir.frontEnd.saveSite(loaded, { verify: false });
    aegir.frontEnd.updateTask(task, { status: 1 });
    assert.equal(row().owner, "octopus123456");
    assert.equal((await owning).applied, true);
    assert.deepEqual([row().owner, row().links], ["acme", ["acme"]]);
  });

  for (const flavour of ["boa", "upstream"] as const) {
    it(`when a verify is cancelled that carries the time of an older run: status 3 does not count as success then (${flavour}) (trap 12)`, async () => {
      await start({ flavour });
      aegir.faults.nextVerify(site, "failure");
      const failed = aegir.panel.addTask(site, "verify");
      await until(() => status(failed) === 2);
      aegir.panel.pauseQueue();
      const retried = aegir.panel.retryTask(failed);
      assert.ok(aegir.frontEnd.task(retried)?.executed, "as Aegir copies it");
      const owning = own();
      await until(() => row().owner === "acme");
      aegir.panel.cancelTask(retried);
      aegir.panel.resumeQueue();
      const { applied, verifyTask } = await owning;
      assert.equal(applied, true);
      assert.notEqual(verifyTask, retried);
      assert.deepEqual(row().links, ["acme"]);
    });

    it(`when its verify fails and a person retries it: the retry is followed, and none is queued besides (${flavour}) (trap 25)`, async () => {
      let looks = Infinity;
      const looksAtTasks = () => aegir.counts.requests.tasks ?? 0;
      const report = (line: string) => {
        if (line === `verify of ${site}: failed`) looks = looksAtTasks();
      };
      await start({ flavour, report, queue: { everySeconds: 3, taskSeconds: 24 } }, { pollSeconds: 0.2 });
      aegir.faults.nextVerify(site, "failure");
      aegir.faults.answerDelay = 100;
      const before = verifies().length;
      const owning = own();
      // The failure is on its way to who waits for the verify, and the retry comes before the next question.
      await until(() => looksAtTasks() > looks);
      const retried = aegir.panel.retryTask(verifies().at(-1)!.nid);
      const { applied, verifyTask } = await owning;
      assert.deepEqual([applied, verifyTask], [true, retried]);
      assert.equal(verifies().length - before, flavour === "boa" ? 2 : 1);
    });
  }

  it("and a verify that fails shows the last lines of its log (trap 13)", async () => {
    await start();
    aegir.faults.nextVerify(site, "failure");
    await assert.rejects(
      own(),
      /its verify \(task \d+\) failed: Drupal installation or verification failed: settings\.php is not writable\. \| An error occurred at function: drush_provision_drupal_provision_verify; octopus123456 can still reach its files/,
    );
  });

  it("and a link that no verify removes is named, with the place where it is (trap 13)", async () => {
    await start();
    await own();
    aegir.leaveLink("beta", site);
    await assert.rejects(
      own(),
      /clients\/ links it under acme, beta; beta can still reach its files .*Remove \/data\/disk\/o1\/clients\/beta\/www\.acme\.example by hand/,
    );
  });

  for (const [how, offset] of [
    ["behind", -400_000_000],
    ["ahead", 400_000_000],
  ] as const) {
    it(`on a server whose clock is years ${how}: times are compared with its own alone (trap 27)`, async () => {
      await start({ clock: new RunningClock(60, offset) });
      assert.equal((await own()).applied, true);
      assert.deepEqual(row().links, ["acme"]);
    });
  }

  it("although it is disabled, and counts; once it is deleted it does not (trap 24)", async () => {
    await start();
    await own();
    const disable = aegir.panel.addTask(site, "disable");
    await until(() => ENDED.includes(status(disable)!));
    const { outs } = await aegirClient.create({ name: "Acme Corp", internalName: "acme", server });
    assert.equal((await shellAccount.create({ client: "acme", server })).outs.username, "o1.acme");
    await assert.rejects(aegirClient.delete("client:acme", outs), /still has sites www\.acme\.example/);
    const remove = aegir.panel.addTask(site, "delete");
    await until(() => ENDED.includes(status(remove)!));
    await aegirClient.delete("client:acme", outs);
    assert.ok(!aegir.tables().clients.some(({ internalName }) => internalName === "acme"));
  });
});

/** Waits for a condition of the small Aegir, whose time runs by itself. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await later(5);
}

function later(milliseconds: number): Promise<"later"> {
  return new Promise((resolve) => setTimeout(() => resolve("later"), milliseconds));
}
