import assert from "node:assert/strict";
import { AegirFixture, QUEUE_SECONDS, TASK_SECONDS } from "./AegirFixture";
import { fullSeed } from "./seed";

const SITE = "acme.example.com";

describe("the small Aegir's task queue", () => {
  const fixture = new AegirFixture({ seed: fullSeed });
  const links = (domain: string) => fixture.site(domain).links;

  it("starts one task a run, oldest first, and one of each site", async () => {
    const { panel } = fixture.aegir;
    const first = panel.addTask(SITE, "verify");
    const second = panel.addTask(SITE, "verify");
    const third = panel.addTask("beta.example.com", "verify");
    const worker = await fixture.worker();
    const ahead = async () => {
      const { tasks } = await worker.ok("tasks", { nids: [first, second, third] });
      return tasks.map(({ ahead }) => ahead);
    };
    assert.deepEqual(await ahead(), [0, 1, 2]);
    fixture.clock.advance(QUEUE_SECONDS);
    assert.deepEqual(await ahead(), [null, 1, 2]);
    const { queue } = await worker.ok("tasks", { nids: [] });
    assert.deepEqual(queue, {
      queued: 2,
      processing: 1,
      lastRun: fixture.clock.now(),
      obstacles: [],
      disks: [{ path: "/", percent: 40 }],
    });
    fixture.clock.advance(3 * QUEUE_SECONDS);
    assert.deepEqual(await ahead(), [null, null, null]);
  });

  // docs/aegir.md#task-outcome
  it("shows when a task's process started, and gives it its status a moment after the site", () => {
    const task = fixture.aegir.panel.setOwner(SITE, "Beta GmbH");
    fixture.clock.advance(QUEUE_SECONDS);
    const started = fixture.clock.now();
    assert.deepEqual([fixture.task(task).status, fixture.task(task).executed], [-1, started]);
    fixture.clock.advance(TASK_SECONDS);
    assert.deepEqual([fixture.site(SITE).verified, fixture.task(task).status], [started + TASK_SECONDS, -1]);
    fixture.clock.advance(1);
    assert.deepEqual([fixture.task(task).status, fixture.task(task).executed], [1, started]);
  });

  // docs/aegir.md#site-links
  it("moves the link with a verify that succeeds or warns", async () => {
    const worker = await fixture.worker();
    for (const [outcome, status, client, link] of [
      ["success", 1, "Beta GmbH", "beta"],
      ["warning", 3, "Empty Ltd", "empty"],
    ] as const) {
      fixture.aegir.faults.nextVerify(SITE, outcome);
      const task = fixture.aegir.panel.setOwner(SITE, client);
      fixture.passTask();
      assert.equal(fixture.task(task).status, status);
      assert.deepEqual(links(SITE), [link]);
      const { tasks } = await worker.ok("tasks", { nids: [task] });
      assert.deepEqual(
        tasks[0]?.log.map(({ type }) => type),
        outcome === "warning" ? ["warning"] : [],
      );
    }
  });

  // docs/aegir.md#task-outcome
  it("leaves the link with the old owner when a verify fails, and the new one in the table", async () => {
    fixture.aegir.faults.nextVerify(SITE, "failure");
    const task = fixture.aegir.panel.setOwner(SITE, "Beta GmbH");
    fixture.passTask();
    assert.deepEqual([fixture.task(task).status, fixture.site(SITE).verified], [2, 0]);
    assert.deepEqual([fixture.site(SITE).owner, links(SITE)], ["beta", ["acme"]]);
    const { tasks } = await (await fixture.worker()).ok("tasks", { nids: [task] });
    assert.deepEqual(
      tasks[0]?.log.map(({ type }) => type),
      ["error", "failed"],
    );
  });

  // docs/aegir.md#task-outcome
  it("gives a cancelled task status 3, no time and a warning", async () => {
    const { panel, faults } = fixture.aegir;
    const byHand = panel.setOwner(SITE, "Beta GmbH");
    panel.cancelTask(byHand);
    faults.nextVerify(SITE, "cancelled");
    const inTime = panel.addTask(SITE, "verify");
    fixture.passTask();
    const { tasks } = await (await fixture.worker()).ok("tasks", { nids: [byHand, inTime] });
    for (const { status, executed, log } of tasks) {
      assert.deepEqual([status, executed, log[0]?.type], [3, null, "warning"]);
    }
    assert.deepEqual(links(SITE), ["acme"]);
  });

  // docs/aegir.md#running-tasks
  it("writes back the owner that a task began with, without a word", () => {
    const { panel } = fixture.aegir;
    panel.addTask(SITE, "login-reset");
    fixture.clock.advance(QUEUE_SECONDS);
    panel.setOwner(SITE, "Beta GmbH");
    assert.equal(fixture.site(SITE).owner, "beta");
    fixture.clock.advance(TASK_SECONDS);
    assert.equal(fixture.site(SITE).owner, "acme");
    assert.deepEqual(
      fixture.aegir.ownerHistory.filter(({ site }) => site === SITE).map(({ owner }) => owner),
      ["acme", "beta", "acme"],
    );
  });

  it("writes back the old owner on demand, link included", () => {
    fixture.aegir.faults.nextVerify(SITE, "oldOwner");
    const task = fixture.aegir.panel.setOwner(SITE, "Beta GmbH");
    fixture.passTask();
    assert.deepEqual([fixture.task(task).status, fixture.site(SITE).owner, links(SITE)], [1, "acme", ["acme"]]);
  });

  // docs/aegir.md#site-links
  it("finds a stale link only when the new one was not there", () => {
    const { panel } = fixture.aegir;
    assert.deepEqual(links("stale.example.com"), ["acme", "beta"]);
    panel.addTask("stale.example.com", "verify");
    fixture.passTask();
    assert.deepEqual(links("stale.example.com"), ["acme", "beta"]);
    // Beta's link is there already, so acme's is not looked for.
    panel.setOwner("stale.example.com", "Beta GmbH");
    fixture.passTask();
    assert.deepEqual(links("stale.example.com"), ["acme", "beta"]);
    // The first that is found goes, the other stays.
    panel.setOwner("stale.example.com", "Empty Ltd");
    fixture.passTask();
    assert.deepEqual(links("stale.example.com"), ["beta", "empty"]);
  });

  it("installs a queued site, and makes no link for an owner that is gone", () => {
    fixture.aegir.panel.addSite({ site: "fresh.example.com" });
    assert.deepEqual([fixture.site("fresh.example.com").status, links("fresh.example.com")], [0, []]);
    fixture.passTask();
    assert.deepEqual([fixture.site("fresh.example.com").status, links("fresh.example.com")], [1, ["octopus123456"]]);

    fixture.aegir.panel.addTask("dangling.example.com", "verify");
    fixture.passTask();
    // The save at its end moved it to client 1; the links were left alone.
    assert.deepEqual([fixture.site("dangling.example.com").owner, links("dangling.example.com")], ["admin", ["gone"]]);
  });

  it("keeps the link of a disabled site, and removes a deleted one's under its current owner alone", () => {
    const { panel } = fixture.aegir;
    panel.addTask("stale.example.com", "disable");
    fixture.passTask();
    assert.deepEqual([fixture.site("stale.example.com").status, links("stale.example.com").length], [-1, 2]);
    panel.addTask("stale.example.com", "enable");
    fixture.passTask();
    assert.equal(fixture.site("stale.example.com").status, 1);
    panel.addTask("stale.example.com", "delete");
    fixture.passTask();
    const { sites, links: directories } = fixture.aegir.tables();
    assert.equal(sites.find(({ site }) => site === "stale.example.com")?.status, -2);
    assert.equal(directories["acme"]?.includes("stale.example.com"), false);
    assert.equal(directories["beta"]?.includes("stale.example.com"), true);
    // BOA's cron purges links that lead nowhere (docs/aegir.md#shell-accounts).
    fixture.aegir.runCron();
    assert.equal(fixture.aegir.tables().links["beta"]?.includes("stale.example.com"), false);
  });

  // docs/aegir.md#queue
  it("runs nothing while it is paused or BOA holds it, and says so as far as Drupal sees it", async () => {
    const { panel, faults } = fixture.aegir;
    const task = panel.addTask(SITE, "verify");
    const worker = await fixture.worker();
    const obstacles = async () => (await worker.ok("tasks", { nids: [] })).queue.obstacles;
    panel.pauseQueue();
    fixture.passTask();
    assert.equal(fixture.task(task).status, 0);
    assert.deepEqual(await obstacles(), ["the task queue is disabled (hosting_queue_tasks_enabled)"]);
    panel.resumeQueue();
    faults.lockFiles.add("/run/boa_wait.pid");
    fixture.passTask();
    assert.equal(fixture.task(task).status, 0);
    assert.deepEqual(await obstacles(), ["BOA holds the queue (/run/boa_wait.pid)"]);
    faults.lockFiles.clear();
    faults.lockFiles.add("/root/.proxy.cnf");
    fixture.passTask();
    assert.deepEqual([fixture.task(task).status, await obstacles()], [0, []]);
    faults.lockFiles.clear();
    fixture.passTask();
    assert.equal(fixture.task(task).status, 1);
  });

  it("runs everything at once by hand, clock or no clock", () => {
    const task = fixture.aegir.panel.setOwner(SITE, "Beta GmbH");
    const before = fixture.clock.now();
    fixture.aegir.runQueue();
    assert.deepEqual([fixture.task(task).status, links(SITE), fixture.clock.now()], [1, ["beta"], before]);
  });
});
