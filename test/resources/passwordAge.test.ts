/** How old a password is and when it ends, as the outputs of a ShellAccount say it. */
import assert from "node:assert/strict";
import { readStatuses } from "../../provider/aegir/PasswordAge";
import { configureServers, endServers } from "../../provider/aegir/servers";
import { shellAccount } from "../../provider/resources/ShellAccount";
import { without } from "../../provider/resources/values";
import { RunningClock } from "../aegir/Clock";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";

const server = "main";
const site = "www.acme.example";
const DAY = 86_400;

describe("the age of a password", () => {
  let aegir: SmallAegir;
  let clock: RunningClock;

  async function start(options: SmallAegirOptions = {}, accounts: object = {}): Promise<void> {
    clock = new RunningClock(60, -DAY);
    aegir = await SmallAegir.start({ cronSeconds: 5, clock, ...options });
    configure(accounts);
    aegir.addSites([{ site }]);
    aegir.panel.addClient({ name: "Acme Corp", internalName: "acme" });
    aegir.panel.setOwner(site, "Acme Corp");
    aegir.runQueue();
    aegir.runCron();
  }

  /** With these `accounts` besides the usual ones. */
  function configure(accounts: object): void {
    const configuration = aegir.configuration();
    const main = { ...configuration, accounts: { ...configuration.accounts, ...accounts } };
    configureServers(JSON.stringify({ main }));
  }

  const create = async () => (await shellAccount.create({ client: "acme", server })).outs;
  const asRoot: [SmallAegirOptions, object] = [{ user: "root", owner: "o1" }, { connection: undefined }];
  /** Midnight (UTC) after so many days from the server's present day, as an output. */
  const midnight = (days: number) =>
    `${new Date((Math.floor(clock.now() / DAY) + days) * DAY * 1000).toISOString().slice(0, 10)}T00:00:00Z`;

  afterEach(async () => {
    await endServers();
    await aegir.stop();
  });

  for (const [who, how] of [
    ["o1.ftp", [{}, {}]],
    ["root", asRoot],
  ] as [string, [SmallAegirOptions, object]][]) {
    it(`is seen by ${who} from the time of the server's file, in UTC and in whole seconds`, async () => {
      await start(...how);
      const before = clock.now();
      const outs = await create();
      const set = Date.parse(outs.passwordSetAt!) / 1000;
      assert.match(outs.passwordSetAt!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.ok(Math.abs(set - before) < DAY / 2, `${outs.passwordSetAt}, and the server has ${before}`);
      assert.equal(outs.passwordExpiresAt, midnight(91), "the 90th day still counts");
    });
  }

  it("is that of the account for root, where the holder has changed the password", async () => {
    await start(...asRoot);
    assert.equal((await create()).passwordChangedByHolder, false);
    clock.skip(40 * DAY);
    aegir.shellAccounts.changePassword("o1.acme", "chosen by the holder");
    const { props } = await shellAccount.read("account:o1.acme", await create());
    assert.equal(props?.passwordChangedByHolder, true);
    assert.equal(props.passwordSetAt, midnight(0));
    assert.equal(props.passwordExpiresAt, midnight(91));
  });

  it("is that of the file for o1.ftp, which cannot see whether the holder has changed the password", async () => {
    await start();
    const outs = await create();
    clock.skip(40 * DAY);
    aegir.shellAccounts.changePassword("o1.acme", "chosen by the holder");
    const { props } = await shellAccount.read("account:o1.acme", outs);
    assert.equal(props?.passwordChangedByHolder, null);
    assert.deepEqual([props.passwordSetAt, props.passwordExpiresAt], [outs.passwordSetAt, midnight(51)]);
  });

  it("is that of the file for a root whose key is bound to other commands", async () => {
    await start(...asRoot);
    aegir.faults.shell = "nologin";
    configureServers(
      JSON.stringify({
        main: {
          ...aegir.configuration(),
          connection: undefined,
          accounts: {
            instance: "o1",
            connection: aegir.configuration().connection,
          },
        },
      }),
    );
    const outs = await create();
    assert.equal(outs.passwordChangedByHolder, null);
    assert.equal(outs.passwordExpiresAt, midnight(91));
  });

  it("ends after the days that the server's configuration says, where only the file is seen", async () => {
    await start({}, { passwordDays: 30 });
    assert.equal((await create()).passwordExpiresAt, midnight(31));
  });

  it("never shows as a difference, also where the state of an earlier release lacks it", async () => {
    await start();
    const outs = await create();
    const inputs = { client: "acme", server };
    const earlier = without(outs, "passwordSetAt", "passwordExpiresAt", "passwordChangedByHolder");
    for (const olds of [outs, earlier as typeof outs]) {
      const diff = await shellAccount.diff("account:o1.acme", olds, inputs);
      assert.deepEqual(diff, { changes: false, replaces: [] });
    }
  });
});

describe("what `passwd --status --all` prints", () => {
  const status = (output: string) => Object.fromEntries(readStatuses(output));

  it("is read with the dates of every release of shadow", () => {
    const read = { changed: "2026-09-01", mostDays: 90 };
    assert.deepEqual(status("o1.acme P 09/01/2026 0 90 7 -1\no1.beta L 2026-09-01 0 90 7 -1\n"), {
      "o1.acme": read,
      "o1.beta": read,
    });
  });

  it("says of an account without a date no day, and of other lines nothing", () => {
    assert.deepEqual(status("o1.acme NP never 0 99999 7 -1\n"), {
      "o1.acme": { changed: undefined, mostDays: 99999 },
    });
    assert.deepEqual(status("passwd: Permission denied.\n\nBOA: this command is not available\n"), {});
  });
});
