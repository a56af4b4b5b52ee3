/** What holds a wait up has a name when the wait begins, not after its whole time. */
import assert from "node:assert/strict";
import { configureServers, endServers } from "../../provider/aegir/servers";
import { aegirClient } from "../../provider/resources/AegirClient";
import { shellAccount } from "../../provider/resources/ShellAccount";
import { siteOwnership } from "../../provider/resources/SiteOwnership";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import { newProviderProcess } from "../support/newProviderProcess";
import { until } from "../support/until";

const server = "main";
const site = "www.acme.example";
const other = "shop.acme.example";

describe("a wait that is held up", () => {
  let aegir: SmallAegir;
  let printed: string[];
  const log = console.log;

  async function start(options: SmallAegirOptions = {}): Promise<void> {
    aegir = await SmallAegir.start(options);
    const configuration = aegir.configuration();
    configureServers(JSON.stringify({ main: { ...configuration, waits: { pollSeconds: 0.01 } } }));
    aegir.addSites([{ site }, { site: other }]);
    await aegirClient.create({ name: "Acme Corp", internalName: "acme", server });
  }

  beforeEach(() => {
    printed = [];
    console.log = (line: string) => printed.push(line);
  });
  afterEach(async () => {
    console.log = log;
    newProviderProcess();
    await endServers();
    await aegir.stop();
  });

  const own = (domain = site) => siteOwnership.create({ site: domain, client: "acme", server });
  const held = () => printed.filter((line) => line.includes("is held up"));

  /** A verify whose process was killed more than a minute ago. */
  async function killVerify(domain: string): Promise<number> {
    aegir.faults.nextVerify(domain, "killed");
    const task = aegir.panel.addTask(domain, "verify");
    await until(() => aegir.frontEnd.task(task)?.status === -1);
    aegir.frontEnd.updateTask(task, { executed: aegir.clock.now() - 600 });
    return task;
  }

  for (const domain of [other, site]) {
    const whose = domain === site ? "its own site" : "another site";
    it(`queue: a dead task of ${whose} is named at once as what holds the queue, and the wait goes on when it is deleted`, async () => {
      await start();
      const task = await killVerify(domain);
      const owning = own();
      await until(() => held().length > 0);
      assert.match(
        held()[0]!,
        new RegExp(`is held up: task ${task} \\(verify of ${domain}\\) has been processing for 1\\d min`),
      );
      assert.match(held()[0]!, new RegExp(`no process runs it: it holds the queue until .*node/${task}/delete`));
      aegir.frontEnd.deleteNode(task);
      assert.equal((await owning).outs.applied, true);
      assert.equal(held().length, 1, "said once for one wait");
    });
  }

  it("queue: one dead task of five does not stop a plain Aegir, and is still named", async () => {
    await start({ flavour: "upstream" });
    await killVerify(other);
    assert.equal((await own()).outs.applied, true);
    assert.equal(held().length, 1);
  });

  it("disk: above 90 % BOA's queue does not run, which is named when the wait begins", async () => {
    await start();
    aegir.faults.diskPercent = 93;
    const owning = own();
    await until(() => held().length > 0);
    assert.match(held()[0]!, /the verify of www\.acme\.example is held up: the disk of \/ is 93 % full/);
    aegir.faults.diskPercent = 60;
    assert.equal((await owning).outs.applied, true);
  });

  it("disk: above 90 % BOA makes no shell account, which is named when the wait begins", async () => {
    await start({ cronSeconds: 60 });
    await own();
    aegir.faults.diskPercent = 93;
    const making = shellAccount.create({ client: "acme", server });
    await until(() => held().length > 0);
    assert.match(held()[0]!, /the login o1\.acme is held up: the disk of \/ is 93 % full, and BOA runs no tasks/);
    aegir.faults.diskPercent = 60;
    assert.equal((await making).outs.username, "o1.acme");
    assert.equal(held().length, 1);
  });

  it("queue: a paused queue and a lock file of BOA are named when the wait begins", async () => {
    await start();
    aegir.faults.lockFiles.add("/run/boa_run.pid");
    const owning = own();
    await until(() => held().length > 0);
    assert.match(held()[0]!, /is held up: BOA holds the queue \(\/run\/boa_run\.pid\)/);
    aegir.faults.lockFiles.clear();
    await owning;
  });

  it("queue: a wait that nothing holds up prints nothing", async () => {
    await start();
    await own();
    assert.deepEqual(held(), []);
  });
});
