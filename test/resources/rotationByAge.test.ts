/** A password that is rotated whenever it has become old: not twice, not all at once, and never without an active site. */
import assert from "node:assert/strict";
import { everyDaysProblems, isWithin, windowProblems } from "../../provider/naming/RotationByAge";
import { without } from "../../provider/resources/values";
import { RunningClock } from "../aegir/Clock";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import { LifecycleStack, type Run } from "../faults/LifecycleStack";
import { InProcessProvider } from "../faults/Provider";
import type { Declaration } from "../scenarios/program";
import { until } from "../support/until";
import { check, configure, diff, stacks } from "./offline";

const DAY = 86_400;
/** Of the passwords to begin with, in days. */
const AGE = 81.5;

/** A window that begins so many hours from now, and lasts two. */
function windowIn(hours: number): string {
  const time = (later: number) => new Date(Date.now() + later * 3_600_000).toISOString().slice(11, 16);
  return `${time(hours)}-${time(hours + 2)}`;
}

describe("a rotation by age", () => {
  let aegir: SmallAegir;
  let clock: RunningClock;
  let stack: LifecycleStack;
  let accounts: object = {};
  let waits: object = {};

  /** Clients whose logins have a password that is AGE days old. */
  async function start(clients: string[], options: SmallAegirOptions = {}): Promise<void> {
    clock = new RunningClock(60, -AGE * DAY);
    aegir = await SmallAegir.start({ cronSeconds: 5, clock, ...options });
    accounts = {};
    waits = {};
    aegir.addSites(clients.map((client) => ({ site: siteOf(client) })));
    for (const client of clients) {
      aegir.panel.addClient({ name: client, internalName: client });
      aegir.panel.setOwner(siteOf(client), client);
    }
    aegir.runQueue();
    aegir.runCron();
    clock.skip(AGE * DAY);
    stack = new LifecycleStack(() => InProcessProvider.start(servers()));
  }

  const siteOf = (client: string) => `www.${client}.example`;
  const servers = () => {
    const { waits: quick, accounts: own, ...rest } = aegir.configuration();
    return { main: { ...rest, accounts: { ...own, ...accounts }, waits: { ...quick, ...waits } } };
  };
  const login = (client: string, rotation?: unknown): Declaration => ({
    type: "ShellAccount",
    name: `account:${client}`,
    args: { client, ...(rotation !== undefined && { rotation }) },
  });
  /** By login; without that of the default owner, whose sites may come and go. */
  const passwords = () => without(aegir.tables().passwordFiles, "o1.octopus123456");
  const rotatedSince = (before: Record<string, string>) =>
    Object.keys(before).filter((name) => passwords()[name] !== before[name]);
  const lines = ({ printed }: Run, words: string) => printed.filter((line) => line.includes(words));
  async function up(declared: Declaration[], options = {}): Promise<Run> {
    stack.declared = declared;
    return stack.up({ continueOnError: true, ...options });
  }
  async function expectUp(declared: Declaration[]): Promise<Run> {
    const run = await up(declared);
    assert.deepEqual(run.failures, []);
    return run;
  }

  afterEach(() => aegir.stop());

  it("is shown by an offline preview with the age, made once by the next deployment, and then done", async () => {
    await start(["acme"]);
    const young = login("acme", { everyDays: 85 });
    await expectUp([young]);
    const before = passwords();
    assert.deepEqual((await expectUp([young])).same, ["account:acme"]);
    await aegir.down();
    stack.declared = [login("acme", { everyDays: 80 })];
    const preview = await stack.preview();
    assert.equal(lines(preview, "account:o1.acme: its password is 81 days old and will be rotated").length, 1);
    await aegir.up();
    assert.deepEqual(rotatedSince(before), []);
    assert.deepEqual((await expectUp(stack.declared)).done, ["update account:acme"]);
    assert.deepEqual(rotatedSince(before), ["o1.acme"]);
    const rotated = passwords();
    assert.deepEqual((await expectUp(stack.declared)).same, ["account:acme"]);
    assert.deepEqual((await up(stack.declared, { refresh: true })).same, ["account:acme"]);
    assert.deepEqual(rotatedSince(rotated), []);
  });

  it("adopts an old password, says so, and leaves its rotation to the next deployment", async () => {
    await start(["acme"]);
    const before = passwords();
    const declared = [login("acme", { everyDays: 80 })];
    const adopted = await expectUp(declared);
    assert.equal(lines(adopted, "adopted as it is, and the next deployment rotates it").length, 1);
    assert.deepEqual(rotatedSince(before), []);
    await expectUp(declared);
    assert.deepEqual(rotatedSince(before), ["o1.acme"]);
  });

  it("outside its window is not a change, and is announced with the window", async () => {
    await start(["acme"]);
    const before = passwords();
    const window = windowIn(3);
    await expectUp([login("acme", { everyDays: 80, window })]);
    const waiting = await expectUp(stack.declared);
    assert.deepEqual(waiting.same, ["account:acme"]);
    assert.equal(
      lines(waiting, `its password is 81 days old; it will be rotated by a deployment between ${window}`).length,
      1,
    );
    await expectUp([login("acme", { everyDays: 80, window: windowIn(-1) })]);
    assert.deepEqual(rotatedSince(before), ["o1.acme"]);
  });

  it("is made of so many logins of a server in one run as its configuration says, and of the rest in the next runs", async () => {
    const clients = ["acme", "beta", "gamma", "delta", "nova"];
    await start(clients);
    accounts = { rotationsPerRun: 2 };
    const declared = clients.map((client) => login(client, { everyDays: 80 }));
    await expectUp(declared);
    const counts: number[] = [];
    for (let run = 0; run < 4; run++) {
      const before = passwords();
      const { done, same, printed } = await expectUp(declared);
      counts.push(rotatedSince(before).length);
      assert.equal(done.length, counts.at(-1));
      const postponed = printed.filter((line) => line.includes("waits for the next run"));
      assert.equal(postponed.length, clients.length - counts.reduce((sum, count) => sum + count, 0));
      assert.equal(done.length + same.length, clients.length);
    }
    assert.deepEqual(counts, [2, 2, 1, 0]);
  });

  it("that fails in every run takes no place of the others, and is made as soon as it can be", async () => {
    const clients = ["acme", "beta", "gamma", "nova"];
    await start(clients);
    accounts = { rotationsPerRun: 1 };
    const declared = clients.map((client) => login(client, { everyDays: 80 }));
    await expectUp(declared);
    const sharing = [
      ["ac_me", "more.acme.example"],
      ["be_ta", "more.beta.example"],
    ] as const;
    for (const [internalName, site] of sharing) {
      aegir.addSites([{ site }]);
      aegir.panel.addClient({ name: internalName, internalName });
      aegir.panel.setOwner(site, internalName);
    }
    aegir.runQueue();
    const night = async () => {
      const before = passwords();
      const { failures } = await up(declared, { refresh: true });
      return [...rotatedSince(before), ...failures.map(({ name }) => `${name} failed`)];
    };
    const failed = ["account:acme failed", "account:beta failed"];
    assert.deepEqual(await night(), failed.slice(0, 1));
    assert.deepEqual(await night(), failed);
    assert.deepEqual(await night(), ["o1.gamma", ...failed]);
    assert.deepEqual(await night(), ["o1.nova", ...failed]);
    for (const [, site] of sharing) aegir.panel.setOwner(site, "gamma");
    aegir.runQueue();
    assert.deepEqual(await night(), ["o1.acme"]);
    assert.deepEqual(await night(), ["o1.beta"]);
    assert.deepEqual(await night(), []);
  });

  it("of which the checkpoint was lost is not repeated: the password is read back", async () => {
    await start(["acme"]);
    const declared = [login("acme", { everyDays: 80 })];
    await expectUp(declared);
    const lose = stack.checkpoint();
    await expectUp(declared);
    const rotated = passwords();
    lose();
    const again = await expectUp(declared);
    assert.equal(lines(again, "the rotation has happened already").length, 1);
    assert.deepEqual(rotatedSince(rotated), []);
    assert.deepEqual((await expectUp(declared)).same, ["account:acme"]);
  });

  it("that BOA does not finish is recorded, and the next deployment waits on instead of rotating again", async () => {
    await start(["acme"]);
    const declared = [login("acme", { everyDays: 80 })];
    await expectUp(declared);
    waits = { accountMinutes: 0.005 };
    aegir.faults.lockFiles.add("/run/boa_run.pid");
    const { failures } = await up(declared);
    assert.deepEqual(
      failures.map(({ name }) => name),
      ["account:acme"],
    );
    assert.equal(aegir.counts.unlinks, 1);
    assert.equal(stack.state.get("account:acme")!.outputs["password"], null);
    assert.equal(stack.state.get("account:acme")!.outputs["passwordSetAt"], null);
    aegir.faults.lockFiles.clear();
    waits = {};
    await expectUp(declared);
    assert.equal(aegir.counts.unlinks, 1);
    assert.equal(stack.state.get("account:acme")!.outputs["password"], passwords()["o1.acme"]!.trim());
    assert.deepEqual((await expectUp(declared)).same, ["account:acme"]);
  });

  it("is refused without an active site, and stops no other change", async () => {
    await start(["acme", "beta"]);
    const declared = [login("acme", { everyDays: 80 }), login("beta", { everyDays: 80 })];
    await expectUp(declared);
    aegir.faults.lockFiles.add("/run/manage_ltd_users.pid");
    aegir.panel.setOwner(siteOf("acme"), "beta");
    aegir.runQueue();
    const before = passwords();
    const running = up(declared);
    await until(() => aegir.counts.unlinks === 1);
    aegir.faults.lockFiles.clear();
    const { failures } = await running;
    assert.deepEqual(
      failures.map(({ name }) => name),
      ["account:acme"],
    );
    assert.match(failures[0]!.message, /the client acme has no active site/);
    assert.ok(rotatedSince(before).includes("o1.beta"));
    assert.equal(aegir.counts.unlinks, 1, "the file of acme was not deleted");
  });

  it("counts from the day on which the holder has changed the password, where root sees it", async () => {
    await start(["acme"], { user: "root", owner: "o1" });
    accounts = { connection: undefined };
    const declared = [login("acme", { everyDays: 80 })];
    await expectUp(declared);
    aegir.shellAccounts.changePassword("o1.acme", "chosen by the holder");
    const before = passwords();
    const run = await expectUp(declared);
    assert.equal(lines(run, "its user has changed the password").length, 1);
    assert.deepEqual(rotatedSince(before), []);
    assert.equal(stack.state.get("account:acme")!.outputs["passwordChangedByHolder"], true);
    assert.deepEqual((await expectUp(declared)).same, ["account:acme"]);
  });

  it("takes the place of a label without a new password, and gives it back to a new label", async () => {
    await start(["acme"]);
    await expectUp([login("acme", "2026-07")]);
    const before = passwords();
    await expectUp([login("acme", { everyDays: 85 })]);
    await expectUp([login("acme", { everyDays: 84 })]);
    assert.deepEqual(rotatedSince(before), []);
    await expectUp([login("acme", "2026-08")]);
    assert.deepEqual(rotatedSince(before), ["o1.acme"]);
  });
});

describe("what a preview says of a password", () => {
  const at = (days: number) => new Date(Date.now() + days * DAY * 1000).toISOString();
  const olds = { client: "acme", server: "main", username: "o1.acme", fingerprint: "0123456789abcdef" };
  /** @param left days */
  const printed = (left: number, more: object = {}, rotation?: unknown) => {
    configure(stacks.oneServer);
    const recorded = {
      ...{ ...olds, passwordSetAt: at(left - 90), passwordChangedByHolder: null, rotation, ...more },
      passwordExpiresAt: `${at(left + 1).slice(0, 10)}T00:00:00Z`,
    };
    const result = diff("ShellAccount", "account:o1.acme", recorded, { client: "acme", server: "main", rotation });
    assert.equal(result.changes, false);
    return result.printed;
  };

  it("is nothing until two weeks before its end", () => {
    assert.deepEqual(printed(15), []);
    const [line, ...rest] = printed(14);
    assert.deepEqual(rest, []);
    const day = at(14).slice(0, 10);
    assert.ok(line?.startsWith(`account:o1.acme: its password works until ${day} (14 days left)`), line);
  });

  it("is the day on which it ended, with the doubt where a change by its user cannot be seen", () => {
    assert.match(
      printed(-3)[0]!,
      new RegExp(`its password ended on ${at(-3).slice(0, 10)}, unless its user has changed it`),
    );
    assert.doesNotMatch(printed(-3, { passwordChangedByHolder: false })[0]!, /unless/);
  });

  it("is nothing where a rotation by age comes before its end", () => {
    assert.deepEqual(printed(12, {}, { everyDays: 80 }), []);
    assert.equal(printed(12, {}, { everyDays: 103 }).length, 1);
  });
});

describe("the inputs of a rotation by age", () => {
  const reasons = (rotation: unknown) => {
    configure(stacks.oneServer);
    return check("ShellAccount", { client: "acme", rotation }).failures.map(({ reason }) => reason);
  };

  it("are refused by check, each with what to write", () => {
    assert.deepEqual(reasons({ everyDays: 80 }), []);
    assert.deepEqual(reasons({ everyDays: 89, window: "22:00-04:00" }), []);
    assert.match(reasons({ everyDays: 90 })[0]!, /passwords last 90 days on this server/);
    assert.match(reasons({ everyDays: 0 })[0]!, /rotation\.everyDays/);
    assert.match(reasons({})[0]!, /rotation\.everyDays is missing/);
    assert.match(reasons({ everyDays: 80, window: "2-5" })[0]!, /"02:00-05:00"/);
    assert.match(reasons(80)[0]!, /must be a string or an object, got a number/);
  });

  it("have a window of two different times, which may go over midnight", () => {
    for (const window of ["24:00-02:00", "02:00-02:00", "02:00", "02:00-05:00 UTC"]) {
      assert.equal(windowProblems(window).length, 1, window);
    }
    const at = (time: string) => new Date(`2026-12-01T${time}:00Z`);
    const within = (window: string, ...times: string[]) => times.filter((time) => isWithin(window, at(time)));
    assert.deepEqual(within("02:00-05:00", "01:59", "02:00", "04:59", "05:00"), ["02:00", "04:59"]);
    assert.deepEqual(within("22:00-04:00", "21:59", "22:00", "00:00", "03:59", "04:00"), ["22:00", "00:00", "03:59"]);
  });

  it("are fewer days than a password lasts on the server", () => {
    assert.deepEqual(everyDaysProblems(29, 30), []);
    assert.match(everyDaysProblems(30, 30)[0]!, /Write at most 20/);
  });
});
