/** Rows 34 to 41 of the fault matrix: somebody else writes. */
import assert from "node:assert/strict";
import { WORKER_ARGUMENTS } from "../../provider/worker/protocol";
import { workerSource } from "../../provider/worker/source";
import { INSTANCE } from "../aegir/SmallAegir";
import { ProviderProcess } from "../dynamic/ProviderProcess";
import { bound, client, owned } from "../scenarios/Scenario";
import { until } from "../support/until";
import { access, eachFaultRun, type FaultRun, SITE } from "./FaultRun";
import { LifecycleStack, type Run } from "./LifecycleStack";

const nova = client("nova", "Nova Ltd");
const luna = client("luna", "Luna Ltd");

describe("someone else writes", () => {
  const faultRun = eachFaultRun();
  const owner = (t: FaultRun) => t.aegir.tables().sites.find(({ site }) => site === SITE)?.owner;
  const failure = (run: Run): string => run.failures[0]?.message ?? `nothing failed: ${run.done.join(", ")}`;

  /** Another stack, in a provider process of its own, as from another pipeline. */
  function otherStack(t: FaultRun): { stack: LifecycleStack; kill: () => Promise<void> } {
    let provider: ProviderProcess | undefined;
    const start = async () => (provider = await ProviderProcess.withServers(t.configuration()));
    const stack = new LifecycleStack(start, "test/other");
    return { stack, kill: () => provider!.kill() };
  }

  it("row 34: two stacks at work on one server do not disturb each other", async () => {
    const t = faultRun();
    const other = otherStack(t).stack;
    other.declared = [luna, bound("luna", "alice"), owned("shop.nova.example", "luna")];
    t.stack.declared = [nova, bound("nova", "alice"), owned(SITE, "nova")];
    const runs = await Promise.all([other.up(), t.up()]);
    assert.deepEqual(
      runs.flatMap(({ failures }) => failures),
      [],
    );
    t.stack.declared.push(...other.declared);
    for (const [name, recorded] of other.state) t.stack.state.set(name, recorded);
    await t.check();
  });

  it("row 34: of two stacks that want one site the second is refused, naming the owner that it found", async () => {
    const t = faultRun();
    t.stack.declared = [nova, luna];
    await t.expectUp();
    const { stack: other } = otherStack(t);
    other.declared = [owned(SITE, "luna")].map((one) => ({ ...one, args: { ...one.args, client: "luna" } }));
    t.stack.declared.push(owned(SITE, "nova"));
    const first = t.aegir.faults.holdRequest("setOwner", "begun");
    const winning = t.up();
    await first.reached;
    const losing = other.up();
    const looked = t.aegir.counts.requests.site ?? 0;
    await until(() => (t.aegir.counts.requests.site ?? 0) > looked);
    first.release();
    assert.equal((await winning).ok, true);
    assert.match(failure(await losing), new RegExp(`${SITE} belongs to another client, nova .*takeOverFrom: "nova"`));
    await t.check();
  });

  it("row 34: a writer that holds the lock for too long is named, with its connection, host and seconds", async () => {
    const t = faultRun();
    t.aegir.faults.holdDatabaseLock(4711, "deploy.example.com");
    const run = await t.up();
    assert.match(failure(run), /, connection 4711 from deploy\.example\.com for/);
    t.aegir.faults.releaseDatabaseLock();
    await t.check(run);
  });

  it("row 35: the lock of a deployment that was killed goes with its connection", async () => {
    const t = faultRun();
    t.stack.declared = [nova];
    const { stack: other, kill } = otherStack(t);
    other.declared = [luna];
    const holding = t.aegir.faults.holdRequest("createClient", "begun");
    const dying = other.up();
    await holding.reached;
    const waiting = t.up();
    const begun = t.aegir.counts.requests.createClient ?? 0;
    await until(() => (t.aegir.counts.requests.createClient ?? 0) > begun);
    await kill();
    assert.equal((await dying).ok, false);
    assert.equal((await waiting).ok, true);
    await t.check();
    // Nothing but a lock of the database's own, which no crash can leave behind.
    assert.match(workerSource(), /GET_LOCK/);
    assert.doesNotMatch(workerSource(), /\bflock\b|\block_acquire\b|\bvariable_set\b/);
  });

  it("row 36: what a person has changed since is shown with what was expected, and not overwritten", async () => {
    const t = faultRun();
    await t.expectUp([nova, luna, owned(SITE, "nova")]);
    t.aegir.panel.saveClient("nova", { title: "Panel Ltd" });
    t.stack.declared = [client("nova", "Program Ltd"), luna, owned(SITE, "nova")];
    const renaming = await t.up();
    assert.match(failure(renaming), /name of the client nova changed .*: expected "Nova Ltd", found "Panel Ltd"/);
    t.assertExplains("client:nova", failure(renaming));

    t.aegir.panel.saveClient("nova", { title: "Nova Ltd" });
    t.aegir.panel.setOwner(SITE, "Beta GmbH");
    t.aegir.runQueue();
    t.stack.declared = [nova, luna, owned(SITE, "luna")];
    const moving = await t.up();
    assert.match(failure(moving), /owner of www\.nova\.example changed .*: expected nova, found beta/);
    assert.equal(owner(t), "beta");
    await t.check(moving, { refresh: true });
  });

  it("row 36: the same within the moment between a look and the write", async () => {
    const t = faultRun();
    await t.expectUp([nova, luna, owned(SITE, "nova")]);
    const renaming = t.aegir.faults.holdRequest("renameClient", "begun");
    t.stack.declared = [client("nova", "Program Ltd"), luna, owned(SITE, "nova")];
    const running = t.up();
    await renaming.reached;
    t.aegir.panel.saveClient("nova", { title: "Panel Ltd" });
    renaming.release();
    assert.match(failure(await running), /: expected "Nova Ltd", found "Panel Ltd"/);

    const moving = t.aegir.faults.holdRequest("setOwner", "begun");
    t.stack.declared = [{ ...nova, args: { ...nova.args, name: "Panel Ltd" } }, luna, owned(SITE, "luna")];
    const again = t.up();
    await moving.reached;
    t.aegir.panel.setOwner(SITE, "Beta GmbH");
    moving.release();
    assert.match(failure(await again), /: expected nova, found beta/);
    t.aegir.runQueue();
    await t.check(await again, { refresh: true });
  });

  it("row 36: a destroy leaves a site alone that another client owns by now, and a client that was given one", async () => {
    const t = faultRun();
    await t.expectUp([nova, luna, owned(SITE, "nova")]);
    t.aegir.panel.setOwner(SITE, "Beta GmbH");
    t.aegir.panel.setOwner("shop.nova.example", "Luna Ltd");
    t.aegir.runQueue();
    t.stack.declared = [nova];
    const run = await t.up({ continueOnError: true });
    assert.match(failure(run), /the client luna still has sites shop\.nova\.example/);
    assert.deepEqual(run.done, [`delete site:${SITE}`]);
    assert.equal(owner(t), "beta");
    t.aegir.panel.setOwner("shop.nova.example", "Beta GmbH");
    t.aegir.runQueue();
    await t.check(run);
    assert.equal(owner(t), "beta");
  });

  it("row 36: a site that was given to another client stays there when it is no longer declared, though a refresh saw it", async () => {
    const t = faultRun();
    await t.expectUp([nova, luna, owned(SITE, "nova")]);
    t.aegir.panel.setOwner(SITE, "Beta GmbH");
    t.aegir.runQueue();
    assert.equal((await t.refresh()).ok, true);
    await t.expectUp([nova, luna]);
    assert.equal(owner(t), "beta");
    await t.check();
  });

  it("row 36: a site that was given away is this stack's again as soon as it is declared for whom the refresh found", async () => {
    const t = faultRun();
    await t.expectUp([nova, luna, owned(SITE, "nova")]);
    t.aegir.panel.setOwner(SITE, "Luna Ltd");
    t.aegir.runQueue();
    t.stack.declared = [nova, luna, owned(SITE, "luna")];
    const { writes } = t.aegir.counts;
    await t.expectUp(t.stack.declared, { refresh: true });
    assert.equal(t.aegir.counts.writes, writes);
    await t.check();
    await t.expectUp([nova, luna]);
    assert.equal(owner(t), "octopus123456");
  });

  it("row 37: a client of another name is refused, showing both, until onExisting adopts it", async () => {
    const t = faultRun();
    t.aegir.panel.addClient({ name: "Nova Holding", internalName: "nova" });
    t.stack.declared = [nova];
    const run = await t.up();
    assert.match(failure(run), /the server has "Nova Holding", the stack declares "Nova Ltd".*onExisting: "adopt"/);
    t.stack.declared = [client("nova", "Nova Ltd", { onExisting: "adopt" })];
    await t.check(run);
  });

  it("row 37: another client's site is refused, naming it, until takeOverFrom names it too", async () => {
    const t = faultRun();
    t.aegir.panel.setOwner(SITE, "Beta GmbH");
    t.aegir.runQueue();
    const run = await t.up();
    assert.match(failure(run), /belongs to another client, beta \("Beta GmbH"\).*takeOverFrom: "beta"/);
    t.stack.declared = access().map((one) =>
      one.type === "SiteOwnership" ? { ...one, args: { ...one.args, takeOverFrom: "beta" } } : one,
    );
    await t.check(run);
  });

  it("row 38: what was deleted is gone only if the server says so, and is made again", async () => {
    const t = faultRun();
    await t.expectUp([luna, bound("luna", "alice"), nova]);
    t.aegir.panel.unbind("luna", "alice");
    t.aegir.panel.deleteClient("luna");
    // As often as it is asked.
    for (let nth = 1; nth <= 20; nth++) t.aegir.faults.onRequest("inventory", nth === 1 ? "fatal" : "killBefore", nth);
    const failed = await t.refresh();
    assert.deepEqual(failed.done, []);
    assert.equal(t.notLookedAt(failed).length, 3);
    t.aegir.faults.forgetPlans();
    assert.deepEqual((await t.refresh()).done, ["gone client:luna"]);
    assert.equal(t.stack.state.get("binding:luna:alice")?.outputs["unbound"], true);
    await t.check();
  });

  it("row 39: a login that BOA's cron removes is seen as gone, and comes back with its site", async () => {
    const t = faultRun();
    await t.expectUp();
    t.aegir.panel.setOwner(SITE, "Beta GmbH");
    t.aegir.runQueue();
    await until(() => t.aegir.runCron() && t.password() === undefined);
    const refreshed = await t.refresh();
    assert.deepEqual(refreshed.done, ["gone account:nova"]);
    assert.equal(t.stack.state.get(`site:${SITE}`)?.outputs["client"], "beta");
    await t.check(undefined, { refresh: true });
  });

  it("row 40 cannot occur: no account is made or changed here, BOA's cron alone does that", async () => {
    const t = faultRun();
    // All that is ever sent: one constant command line, and file operations that look, read and remove.
    assert.equal(WORKER_ARGUMENTS, '--user=1 php-eval "eval(base64_decode(fgets(STDIN)));"');
    assert.doesNotMatch(workerSource(), /\b(useradd|usermod|userdel|chpasswd|passwd)\b/);
    // What is seen of a cron that cannot make one is a wait with an end, and its likely reasons.
    t.aegir.faults.lockFiles.add("/run/manage_ltd_users.pid");
    t.servers = { main: { ...t.configuration().main, waits: { pollSeconds: 0.02, accountMinutes: 0.01 } } };
    const run = await t.up();
    assert.match(failure(run), new RegExp(`^waited 0\\.01 min, and ${INSTANCE}\\.nova has no password file`));
    t.aegir.faults.lockFiles.clear();
    await t.check(run);
  });

  it("row 41: a user or a client that vanishes on the way is named, and nothing is half bound", async () => {
    const t = faultRun();
    t.aegir.panel.addUser({ name: "dora", mail: "dora@nova.example" });
    t.stack.declared = [nova, bound("nova", "dora")];
    const binding = t.aegir.faults.holdRequest("bind", "begun");
    const running = t.up();
    await binding.reached;
    t.aegir.panel.deleteUser("dora");
    binding.release();
    const run = await running;
    assert.match(failure(run), /there is no panel user dora to bind to nova .*createUser/);
    assert.ok(!t.aegir.tables().bindings.some((row) => row.client === "nova"));
    t.assertExplains("binding:nova:dora", failure(run));

    t.stack.declared = [nova, owned(SITE, "nova")];
    const taking = t.aegir.faults.holdRequest("setOwner", "begun");
    const again = t.up();
    await taking.reached;
    t.aegir.panel.deleteClient("nova");
    taking.release();
    assert.match(failure(await again), /no client with the internal name "nova"/);
    assert.equal(owner(t), "octopus123456");
    await t.check(await again, { refresh: true });
  });
});
