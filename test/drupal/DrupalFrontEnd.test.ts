/** The double does what was seen on a real front end (docs/aegir.md), and the resources live on it as they do there. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { configureServers, endServers } from "../../provider/aegir/servers";
import { aegirClient } from "../../provider/resources/AegirClient";
import { shellAccount } from "../../provider/resources/ShellAccount";
import { siteOwnership } from "../../provider/resources/SiteOwnership";
import { newProviderProcess } from "../support/newProviderProcess";
import { connect, execute } from "../support/PlainClient";
import { until } from "../support/until";
import { DrupalFrontEnd, needDrupalFrontEnd } from "./DrupalFrontEnd";

const site = "www.acme.example";
const server = "main";

describe("the small double of Drupal", () => {
  let front: DrupalFrontEnd;

  before(needDrupalFrontEnd);
  before(async () => {
    front = await DrupalFrontEnd.start({ sites: [site, "other.example"] });
  });
  after(() => front?.stop());

  /** What PHP prints that ends with `echo json_encode(...)`. */
  const php = async (code: string) => JSON.parse(await front.evaluate(code)) as unknown;
  const owner = (domain = site) =>
    front.sql.value(
      "SELECT c.uname FROM node n JOIN hosting_site s ON s.vid = n.vid JOIN hosting_client c ON c.nid = s.client WHERE n.title = ?",
      [domain],
    );

  describe("saves clients as Aegir does", () => {
    const client = (properties: string) =>
      `$c = (object) array('type' => 'client', 'uid' => 1, 'status' => 1, 'language' => 'und', ${properties}); node_save($c);`;
    const errorOf = (code: string) =>
      `try { ${code} echo json_encode(NULL); } catch (PDOException $e) { echo json_encode($e->errorInfo[1]); }`;
    const boundTo = `echo json_encode(db_query('SELECT user FROM {hosting_client_user} WHERE client = :c', array(':c' => $c->nid))->fetchCol())`;
    let count = 0;
    const fresh = () => `'title' => 'Client', 'uname' => 'quirk${++count}'`;

    it("cleans the internal name and cuts it to 16 characters", async () => {
      assert.equal(
        await php(
          `${client("'title' => 'x', 'uname' => 'Has_Under-score.and_more', 'email' => ''")} echo json_encode($c->uname)`,
        ),
        "has_underscorean",
      );
    });

    it("takes an internal name once, and no new revision ever", async () => {
      const names = fresh();
      const made = client(`${names}, 'email' => ''`);
      assert.equal(await php(errorOf(made)), null);
      assert.equal(await php(errorOf(made)), 1062);
      const again = `${client(`${fresh()}, 'email' => ''`)} $c->users = array(); $c->new_user = ''; $c->revision = TRUE; node_save($c);`;
      assert.equal(await php(errorOf(again)), 1062);
    });

    it("makes a user without an address if none is given, and binds no user to a known one", async () => {
      assert.deepEqual(
        await php(
          `${client(fresh())} echo json_encode(db_query('SELECT name, mail FROM {users} WHERE uid = :u', array(':u' => $c->uid))->fetchAssoc())`,
        ),
        { name: `quirk${count}`, mail: null },
      );
      assert.deepEqual(await php(`${client(`${fresh()}, 'email' => 'admin@example.com'`)} ${boundTo}`), []);
      assert.deepEqual(await php(`${client(`${fresh()}, 'email' => '', 'new_user' => ''`)} ${boundTo}`), ["0"]);
    });

    it("throws for a second binding or for no user, but accepts no user for a new client", async () => {
      const bind = (name: string) =>
        `$c->users = array(); $c->revision = FALSE; $c->new_user = '${name}'; node_save($c);`;
      const made = client(`${fresh()}, 'email' => ''`);
      assert.equal(await php(errorOf(`${made} ${bind("admin")} ${bind("admin")}`)), 1062);
      assert.equal(await php(errorOf(`${client(`${fresh()}, 'email' => ''`)} ${bind("nobody")}`)), 1048);
      assert.deepEqual(await php(`${client(`${fresh()}, 'email' => '', 'new_user' => 'nobody'`)} ${boundTo}`), []);
    });
  });

  describe("saves sites as Aegir does", () => {
    const load = `$s = node_load(db_query("SELECT nid FROM {node} WHERE title = 'other.example'")->fetchField());`;
    const tasks = `db_query('SELECT COUNT(*) FROM {hosting_task} WHERE rid = :nid AND task_status = 0', array(':nid' => $s->nid))->fetchField()`;

    it("queues one more verify at every save, and gives it to the owner of before", async () => {
      const [before, after, gids] = (await php(
        `${load} $before = ${tasks}; node_save($s); $s->client = 'admin'; node_save($s); $after = ${tasks};
         $task = db_query('SELECT MAX(nid) FROM {hosting_task}')->fetchField();
         $gids = db_query('SELECT gid FROM {node_access} WHERE nid = :nid ORDER BY gid', array(':nid' => $task))->fetchCol();
         $s->client = HOSTING_DEFAULT_CLIENT; node_save($s);
         echo json_encode(array($before, $after, $gids))`,
      )) as [string, string, string[]];
      assert.equal(Number(after) - Number(before), 2);
      const octopus = await front.sql.value("SELECT nid FROM hosting_client WHERE uname = 'octopus123456'");
      assert.deepEqual(gids.map(Number), [1, octopus]);
    });

    it("takes the nid of a platform for an owner, and what it does not know for client 1", async () => {
      const saved = await php(
        `${load} $platform = db_query("SELECT nid FROM {node} WHERE type = 'platform'")->fetchField();
         $owners = array();
         foreach (array($platform, 'nobody') as $client) { $s->client = $client; node_save($s); $owners[] = db_query('SELECT client FROM {hosting_site} WHERE vid = :vid', array(':vid' => $s->vid))->fetchField() == $client ? 'taken' : $s->client; }
         $s->client = HOSTING_DEFAULT_CLIENT; node_save($s);
         echo json_encode($owners)`,
      );
      assert.deepEqual(saved, ["taken", "1"]);
    });
  });

  describe("runs Drush as Drush does", () => {
    const ended = async (command: string, connection = front.drush) => {
      const client = await connect(connection);
      const { code: exitCode, stdout: output } = await execute(client, command);
      client.end();
      return { exitCode, output };
    };

    it("prints an uncaught error to standard output, and takes exit for a crash", async () => {
      const uncaught = await ended(`drush @hostmaster php-eval "throw new Exception('broken');"`);
      assert.equal(uncaught.exitCode, 1);
      assert.match(uncaught.output, /broken/);
      assert.equal((await ended(`drush @hostmaster php-eval "exit(0);"`)).exitCode, 1);
      assert.equal((await ended("drush @elsewhere php-eval 'echo 1;'")).exitCode, 1);
    });

    it("stops its bootstrap in silence without a database", async () => {
      await front.stopDatabase();
      try {
        const code = `"echo function_exists('node_save') ? 1 : 0;"`;
        assert.deepEqual(await ended(`drush @hostmaster php-eval ${code}`), { exitCode: 0, output: "0" });
      } finally {
        await front.startDatabase();
      }
    });

    it("lets o1.ftp have its files and no command", async () => {
      const { output } = await ended("drush --version");
      assert.match(output, /^ Drush Version {3}: {2}8\./);
      assert.doesNotMatch((await ended("drush --version", front.accounts)).output, /Drush/);
    });
  });

  describe("carries the resources", () => {
    const own = () => siteOwnership.create({ site, client: "acme", server });

    beforeEach(async () => {
      configureServers(JSON.stringify({ main: front.configuration() }));
      await front.sql.rows("UPDATE hosting_task SET task_status = 1 WHERE task_status = 0");
      await aegirClient.create({ name: "Acme Corp", internalName: "acme", server });
    });
    afterEach(async () => {
      front.failVerifies(site, false);
      newProviderProcess();
      front.startQueue();
      await siteOwnership.create({ site, client: "octopus123456", takeOverFrom: "acme", server });
      await front.stopQueue();
      newProviderProcess();
      await endServers();
    });

    it("a client, its site and its login, from the first verify to a new password", async () => {
      front.startQueue();
      const { outs } = await own();
      await front.stopQueue();
      assert.equal(outs.applied, true);
      assert.deepEqual([await owner(), front.linksOf(site)], ["acme", ["acme"]]);

      front.runCron();
      const account = await shellAccount.create({ client: "acme", server });
      assert.equal(account.outs.password, front.shellAccounts.get("o1.acme")?.password);
      const rotating = shellAccount.update(account.id, account.outs, { client: "acme", rotation: "2", server });
      await until(() => !front.passwordFileNames().includes("o1.acme"));
      front.runCron();
      const rotated = await rotating;
      assert.notEqual(rotated.outs.password, account.outs.password);
      assert.equal(rotated.outs.password, front.shellAccounts.get("o1.acme")?.password);
    });

    it("a verify that fails leaves the old client's files to it, and says why (trap 13)", async () => {
      front.failVerifies(site, true);
      front.startQueue();
      await assert.rejects(
        own(),
        /its verify \(task \d+\) failed: .*settings\.php is not writable.*octopus123456 can still/,
      );
      await front.stopQueue();
      assert.deepEqual([await owner(), front.linksOf(site)], ["acme", ["octopus123456"]]);
    });

    it("a task that runs is waited for before the owner is written", async () => {
      const release = front.holdTasks(site);
      await front.evaluate(
        `hosting_add_task(db_query("SELECT nid FROM {node} WHERE title = '${site}'")->fetchField(), 'verify')`,
      );
      front.startQueue();
      await front.taskRuns(site);
      const owning = own();
      // Nothing tells that it has looked and waits; a write in this time would be seen, and lost to the task.
      await setTimeout(300);
      assert.equal(await owner(), "octopus123456");
      release();
      await owning;
      await front.stopQueue();
      assert.deepEqual([await owner(), front.linksOf(site)], ["acme", ["acme"]]);
    });

    it("an owner that a task puts back, because it had loaded the site before, is written again (trap 11)", async () => {
      const release = front.holdTasks(site, "loaded");
      await front.evaluate(
        `hosting_add_task(db_query("SELECT nid FROM {node} WHERE title = '${site}'")->fetchField(), 'verify')`,
      );
      front.startQueue();
      await until(() => front.processes("hosting-task").length > 0);
      // As the server tells time, the owner is written later than the task began.
      const second = () => Math.floor(Date.now() / 1000);
      const begun = second();
      await until(() => second() > begun);
      const owning = own();
      await until(async () => (await owner()) === "acme");
      release();
      await until(async () => (await owner()) === "octopus123456");
      const { outs } = await owning;
      await front.stopQueue();
      assert.equal(outs.applied, true);
      assert.deepEqual([await owner(), front.linksOf(site)], ["acme", ["acme"]]);
    });
  });
});
