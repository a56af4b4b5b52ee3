/** What only a real database can judge: several writers at once, locks, deadlocks, restarts, and a death around a commit. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { AegirServer } from "../../provider/aegir/AegirServer";
import { retryUntilCertain } from "../../provider/aegir/retryUntilCertain";
import { ServerConfiguration } from "../../provider/aegir/ServerConfiguration";
import {
  type Answer,
  type Verb,
  type VerbArguments,
  type VerbResult,
  WORKER_ARGUMENTS,
} from "../../provider/worker/protocol";
import { WorkerRefusal } from "../../provider/worker/WorkerRefusal";
import { RawWorker, run } from "../conformance/RawWorker";
import { cleaningUp } from "../support/cleaningUp";
import { until } from "../support/until";
import { DrupalFrontEnd, needDrupalFrontEnd } from "./DrupalFrontEnd";
import { type Sql, SqlError } from "./Sql";

const ONE = "one.example";
const TWO = "two.example";
/** The database lock of the worker (PROTOCOL.md, "State"). */
const LOCK = "aegir_access:hostmaster";

describe("the worker and its database", () => {
  let front: DrupalFrontEnd;
  let sql: Sql;
  const deployments: AegirServer[] = [];
  const others: Sql[] = [];
  const nids: Record<string, number> = {};
  let octopus: number;
  let acme: number;

  before(needDrupalFrontEnd);
  before(async () => {
    front = await DrupalFrontEnd.start({ sites: [ONE, TWO] });
    sql = front.sql;
    for (const site of [ONE, TWO]) {
      nids[site] = Number(await sql.value("SELECT nid FROM node WHERE type = 'site' AND title = ?", [site]));
    }
    octopus = Number(await sql.value("SELECT nid FROM hosting_client WHERE uname = 'octopus123456'"));
    const first = deployment();
    const making = first.worker.call("createClient", { internalName: "acme", name: "Acme", user: null });
    acme = (await making).result.client.nid;
    await first.end();
    await giveCertificate(ONE);
    // Every change of an owner, as committed, in order: one that is lost or made twice breaks the chain.
    await sql.rows("CREATE TABLE moves (id int AUTO_INCREMENT PRIMARY KEY, nid int, `from` int, `to` int)");
    await sql.rows(
      "CREATE TRIGGER moved AFTER UPDATE ON hosting_site FOR EACH ROW BEGIN IF OLD.client <> NEW.client THEN INSERT INTO moves (nid, `from`, `to`) VALUES (NEW.nid, OLD.client, NEW.client); END IF; END",
    );
  });
  after(() => front?.stop());

  beforeEach(reset);

  async function reset(): Promise<void> {
    ({ sql } = front);
    await sql.rows("UPDATE hosting_site SET client = ? WHERE nid IN (?, ?)", [octopus, nids[ONE], nids[TWO]]);
    await sql.rows("UPDATE hosting_ssl_cert SET client = ? WHERE ssl_key = ?", [octopus, ONE]);
    await sql.rows("UPDATE hosting_task SET task_status = 1 WHERE task_status = 0");
    await sql.rows("DELETE FROM moves");
  }

  afterEach(async () => {
    await Promise.all(others.splice(0).map((connection) => connection.end()));
    await Promise.all(deployments.splice(0).map((server) => server.end()));
  });

  /** A deployment of its own, with a connection and a worker of its own. */
  function deployment(): AegirServer {
    const server = new AegirServer("main", ServerConfiguration.parse(front.configuration()));
    deployments.push(server);
    return server;
  }

  /** Somebody else's connection to the database. */
  async function connect(): Promise<Sql> {
    const connection = await front.connect();
    others.push(connection);
    return connection;
  }

  /** A certificate of its owner, with a name like the site's. */
  async function giveCertificate(site: string): Promise<void> {
    await sql.rows("INSERT INTO hosting_ssl_cert (ssl_key, client) VALUES (?, ?)", [site, octopus]);
    await sql.rows(
      "INSERT INTO hosting_ssl_site SELECT s.vid, s.nid, 1, LAST_INSERT_ID() FROM node n JOIN hosting_site s ON s.vid = n.vid WHERE n.nid = ?",
      [nids[site]],
    );
  }

  const certificate = () => sql.value("SELECT client FROM hosting_ssl_cert WHERE ssl_key = ?", [ONE]);
  const owner = async (site = ONE) =>
    Number(await sql.value("SELECT client FROM hosting_site WHERE nid = ?", [nids[site]]));
  const moves = async (site = ONE) =>
    (await sql.rows("SELECT `from`, `to` FROM moves WHERE nid = ? ORDER BY id", [nids[site]])).map((row) => [
      row["from"],
      row["to"],
    ]);
  const queued = async (site = ONE) =>
    Number(
      await sql.value(
        "SELECT COUNT(*) FROM hosting_task t JOIN node n ON n.vid = t.vid WHERE t.rid = ? AND t.task_status = 0",
        [nids[site]],
      ),
    );

  /** Gives the site to the client, as a resource does: observes, and writes if that is missing. */
  function move(server: AegirServer, site: string, to: "acme" | null): Promise<void> {
    return retryUntilCertain(server.label, `moving ${site}`, async () => {
      const { ownerNid, nid } = await server.sites.require(site);
      if (ownerNid !== (to === null ? octopus : acme)) {
        await server.worker.call("setOwner", { nid, from: ownerNid, to });
      }
    });
  }

  /** Waits until a transaction waits for a row. (`innodb_trx` answers what it answered last, when it is asked often.) */
  const rowIsWaitedFor = () =>
    until(async () => {
      const [row] = await sql.rows("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'");
      return Number(row?.["Value"]) > 0;
    });

  /** A transaction whose death costs the database more than a worker's, so that a deadlock is the worker's. */
  async function heavyTransaction(): Promise<Sql> {
    const connection = await connect();
    await connection.rows("CREATE TABLE IF NOT EXISTS ballast (id int AUTO_INCREMENT PRIMARY KEY)");
    await connection.rows("START TRANSACTION");
    await connection.rows(`INSERT INTO ballast VALUES ${Array.from({ length: 500 }, () => "()").join(", ")}`);
    return connection;
  }

  const lockSite = (connection: Sql, ifItWaits = "") =>
    connection.rows(
      `SELECT s.client FROM node n JOIN hosting_site s ON s.vid = n.vid WHERE n.nid = ? FOR UPDATE ${ifItWaits}`,
      [nids[ONE]],
    );

  async function refusal(answer: Promise<unknown>): Promise<WorkerRefusal> {
    const error = await answer.then(
      () => assert.fail("it was done"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof WorkerRefusal, String(error));
    return error;
  }

  describe("with a task that is processing", () => {
    /** A verify that says that it runs, since so many seconds. */
    async function running(server: AegirServer, seconds: number): Promise<number> {
      const { task } = (await server.worker.call("queueVerify", { nid: nids[ONE]! })).result;
      await sql.rows(
        "UPDATE hosting_task t JOIN node n ON n.vid = t.vid SET t.task_status = -1, t.executed = UNIX_TIMESTAMP() - ? WHERE t.nid = ?",
        [seconds, task.nid],
      );
      return task.nid;
    }
    afterEach(() => sql.rows("UPDATE hosting_task SET task_status = 1 WHERE task_status = -1"));

    const obstacles = async (server: AegirServer) =>
      (await server.worker.call("tasks", { nids: [] })).result.queue.obstacles.filter((each) =>
        each.startsWith("task"),
      );

    it("names it as what holds the queue when no process runs it", async () => {
      const server = deployment();
      const task = await running(server, 600);
      const [said, ...more] = await obstacles(server);
      assert.deepEqual(more, []);
      assert.match(
        said!,
        new RegExp(`^task ${task} \\(verify of ${ONE}\\) has been processing for 1\\d min, and no process runs it`),
      );
    });

    it("does not name one that has just started, nor one whose process runs", async () => {
      const server = deployment();
      const young = await running(server, 20);
      assert.deepEqual(await obstacles(server), []);
      await sql.rows("UPDATE hosting_task SET executed = executed - 600 WHERE nid = ? AND task_status = -1", [young]);
      const endless = ["-e", "setInterval(() => {}, 1e6); console.log()", "hosting-task", `${young}`];
      const process = spawn(globalThis.process.execPath, endless, { stdio: ["ignore", "pipe", "ignore"] });
      try {
        await once(process.stdout, "data");
        assert.deepEqual(await obstacles(server), []);
      } finally {
        process.kill();
      }
      await once(process, "exit");
      assert.equal((await obstacles(server)).length, 1);
    });

    it("says how full the disks are", async () => {
      const { disks } = (await deployment().worker.call("tasks", { nids: [] })).result.queue;
      assert.ok(disks.length > 0);
      for (const { path, percent } of disks) assert.ok(path.startsWith("/") && percent > 0 && percent <= 100, path);
    });
  });

  describe("with two deployments at once", () => {
    it("loses none of 300 writes on different sites", async () => {
      const answered = await Promise.all(
        [ONE, TWO].map(async (site) => {
          const server = deployment();
          for (let turn = 0; turn < 150; turn++) {
            await move(server, site, turn % 2 === 0 ? "acme" : null);
            assert.equal(await owner(site), turn % 2 === 0 ? acme : octopus);
          }
          return site;
        }),
      );
      for (const site of answered) {
        const expected = Array.from({ length: 150 }, (_, turn) => (turn % 2 === 0 ? [octopus, acme] : [acme, octopus]));
        assert.deepEqual(await moves(site), expected);
        assert.equal(await queued(site), 1);
      }
    });

    it("carries out on one site exactly the writes that it answers, one after the other", async () => {
      const written: number[] = [];
      await Promise.all(
        [deployment(), deployment(), deployment()].map(async (server) => {
          for (let turns = 0; turns < 30;) {
            const { ownerNid, nid } = await server.sites.require(ONE);
            try {
              await server.worker.call("setOwner", { nid, from: ownerNid, to: ownerNid === acme ? null : "acme" });
              written.push(ownerNid);
              turns++;
            } catch (error) {
              assert.ok(error instanceof WorkerRefusal && ["changed", "deadlock"].includes(error.code), String(error));
            }
          }
        }),
      );
      const made = await moves();
      assert.equal(made.length, written.length);
      made.forEach(([from], index) => assert.equal(from, index % 2 === 0 ? octopus : acme));
      assert.equal(await owner(), written.length % 2 === 0 ? octopus : acme);
      assert.equal(await queued(), 1);
    });
  });

  describe("with a person in the panel", () => {
    it("waits for a save that is under way, and then refuses to go by what it saw before", async () => {
      const { worker } = deployment();
      await worker.server();
      const person = await connect();
      await person.rows("START TRANSACTION");
      await person.rows("UPDATE hosting_site SET client = 1 WHERE nid = ?", [nids[ONE]]);
      const writing = refusal(worker.call("setOwner", { nid: nids[ONE]!, from: octopus, to: "acme" }));
      await rowIsWaitedFor();
      await person.rows("COMMIT");
      const { code, detail } = await writing;
      assert.deepEqual([code, detail["found"]], ["changed", 1]);
      assert.deepEqual(await moves(), [[octopus, 1]]);
    });

    it("deletes no client that is being given a site, but waits, and refuses", async () => {
      const { worker } = deployment();
      const { result } = await worker.call("createClient", { internalName: "leaving", name: "Leaving", user: null });
      const panel = await connect();
      await panel.rows("START TRANSACTION");
      await panel.rows("UPDATE hosting_site SET client = ? WHERE nid = ?", [result.client.nid, nids[ONE]]);
      const remove = () =>
        worker.call("deleteClient", { internalName: "leaving", dropBindings: false, dropPlatforms: false });
      const refused = assert.rejects(remove(), (error: WorkerRefusal) => {
        assert.deepEqual([error.code, error.detail["sites"]], ["refused", [ONE]]);
        return true;
      });
      await Promise.race([rowIsWaitedFor(), refused]);
      await panel.rows("COMMIT");
      await refused;
      await sql.rows("UPDATE hosting_site SET client = ? WHERE nid = ?", [octopus, nids[ONE]]);
      await remove();
    });

    it("takes nothing back that is written while it writes, and has nothing taken back", async () => {
      const server = deployment();
      const person = await connect();
      await sql.rows("UPDATE hosting_site SET last_cron = 0 WHERE nid = ?", [nids[ONE]]);
      const counting = (async () => {
        for (let turn = 0; turn < 200; turn++) {
          await person.rows("UPDATE hosting_site SET last_cron = last_cron + 1 WHERE nid = ?", [nids[ONE]]);
        }
      })();
      for (let turn = 0; turn < 51; turn++) await move(server, ONE, turn % 2 === 0 ? "acme" : null);
      await counting;
      assert.equal(await sql.value("SELECT last_cron FROM hosting_site WHERE nid = ?", [nids[ONE]]), 200);
      assert.equal((await moves()).length, 51);
      assert.equal(await owner(), acme);
    });

    it("lets other nodes be saved in full at the same time", async () => {
      const server = deployment();
      await server.worker.server();
      const saving = front.evaluate(
        `$saved = 0;
         for ($turn = 0; $turn < 60; $turn++) {
           try { $site = node_load(${nids[TWO]}, NULL, TRUE); $site->cron_key = "turn$turn"; node_save($site); $saved++; }
           catch (PDOException $deadlock) { $turn--; }
         }
         echo $saved`,
      );
      for (let turn = 0; turn < 61; turn++) await move(server, ONE, turn % 2 === 0 ? "acme" : null);
      assert.equal(await saving, "60");
      assert.equal(await sql.value("SELECT cron_key FROM hosting_site WHERE nid = ?", [nids[TWO]]), "turn59");
      assert.equal((await moves()).length, 61);
      // One a save, as Aegir has it (docs/aegir.md#verify-tasks); the worker's own is one.
      assert.deepEqual([await queued(TWO), await queued(ONE)], [60, 1]);
    });

    it("writes again what a form that was open meanwhile has put back (trap 11)", async () => {
      // The form has loaded the site, and saves what it has loaded.
      const { client, channel } = await run(front.drush, `drush @hostmaster ${WORKER_ARGUMENTS}`);
      channel.stderr.resume();
      const form = `$site = node_load(${nids[ONE]}); echo "loaded\\n"; fgets(STDIN); node_save($site);`;
      channel.write(`${Buffer.from(form).toString("base64")}\n`);
      assert.equal(String((await once(channel, "data"))[0]), "loaded\n");

      const server = deployment();
      const handing = server.sites.handOver({
        site: ONE,
        to: "acme",
        waitFor: "effective",
        from: { kind: "declared", takeOverFrom: undefined, recorded: undefined },
      });
      await until(async () => (await owner()) === acme);
      channel.end("\n");
      await once(channel, "close");
      client.end();
      assert.equal(await owner(), octopus);
      front.startQueue();
      await handing;
      await front.stopQueue();
      assert.deepEqual(await moves(), [
        [octopus, acme],
        [acme, octopus],
        [octopus, acme],
      ]);
      assert.deepEqual(front.linksOf(ONE), ["acme"]);
    });
  });

  const attempt = (worker: RawWorker) => worker.ask("setOwner", { nid: nids[ONE], from: octopus, to: "acme" });

  /** The answer is "deadlock", nothing was written, and neither lock nor transaction is left for the next request. */
  async function assertGivenUp(worker: RawWorker, answer: Answer, message: RegExp): Promise<void> {
    assert.ok(!answer.ok);
    assert.deepEqual([answer.error.code, answer.error.fatal], ["deadlock", false]);
    assert.match(answer.error.message, message);
    assert.deepEqual(await moves(), []);
    assert.equal(await sql.value("SELECT IS_FREE_LOCK(?)", [LOCK]), 1);
    await lockSite(sql, "NOWAIT");
    assert.ok((await attempt(worker)).ok);
    assert.deepEqual(await moves(), [[octopus, acme]]);
    assert.equal(await queued(), 1);
    await lockSite(sql, "NOWAIT");
  }

  describe("when it waits in vain", () => {
    let worker: RawWorker;
    let answer: Answer;
    let refused: unknown;
    let holder = 0;

    // One waits 15 s for a row and holds the database lock, for which another one waits 10 s.
    before(async () => {
      await reset();
      worker = await RawWorker.greeted(front.drush);
      const other = await connect();
      await other.rows("START TRANSACTION");
      await lockSite(other);
      const writing = attempt(worker);
      await rowIsWaitedFor();
      holder = Number(await sql.value("SELECT IS_USED_LOCK(?)", [LOCK]));
      refused = await move(deployment(), ONE, "acme").catch((error: unknown) => error);
      answer = await writing;
      await other.rows("ROLLBACK");
      assert.deepEqual(await moves(), [], "neither has written");
    });
    after(() => worker?.end());

    // Without accounts, as this database runs, it knows no host.
    it("shows who holds the database lock", () => {
      assert.ok(refused instanceof Error);
      assert.match(
        refused.message,
        new RegExp(`Another writer holds the database lock ".*", connection ${holder} from .* for \\d+ s`),
      );
    });

    it("answers a row that it waited 15 s for as a deadlock, and goes on", () =>
      assertGivenUp(worker, answer, /\b1205\b/));
  });

  describe("when the database gives it up", () => {
    const afterTest = cleaningUp();
    let worker: RawWorker;

    beforeEach(async () => (worker = await RawWorker.greeted(front.drush)));
    afterEach(() => worker.end());

    it("answers a deadlock as one and goes on", async () => {
      const other = await heavyTransaction();
      await other.rows("SELECT * FROM hosting_client WHERE uname = 'acme' FOR UPDATE");
      // It has the site, and waits for the client.
      const writing = attempt(worker);
      await rowIsWaitedFor();
      await lockSite(other);
      await other.rows("ROLLBACK");
      await assertGivenUp(worker, await writing, /\b1213\b/);
    });

    it("answers a deadlock inside the save of a task, whose savepoint it takes along, as one, and goes on", async () => {
      const other = await heavyTransaction();
      // The gap at the end of the tasks: the worker has written the owner by the time it wants in.
      await other.rows("SELECT * FROM hosting_task WHERE vid > 1000000 FOR UPDATE");
      const writing = attempt(worker);
      await rowIsWaitedFor();
      await lockSite(other);
      await other.rows("ROLLBACK");
      await assertGivenUp(worker, await writing, /\b1305\b.*savepoint_1/);
    });

    it("reports a row that was changed since its first read as changed, where the database isolates snapshots, and goes on", async () => {
      // MariaDB's default from 11.6.2 on.
      await sql.rows("SET GLOBAL innodb_snapshot_isolation = ON");
      afterTest(() => sql.rows("SET GLOBAL innodb_snapshot_isolation = OFF"));
      await worker.end();
      worker = await RawWorker.greeted(front.drush);
      const person = await connect();
      await person.rows("START TRANSACTION");
      await person.rows("UPDATE node SET changed = changed + 1 WHERE nid = ?", [acme]);
      const writing = attempt(worker);
      await rowIsWaitedFor();
      await person.rows("COMMIT");
      await assertGivenUp(worker, await writing, /\b1020\b/);
    });

    it("makes the write in the next attempt of a resource", async () => {
      const other = await heavyTransaction();
      await other.rows("SELECT * FROM hosting_task WHERE vid > 1000000 FOR UPDATE");
      const moving = move(deployment(), ONE, "acme");
      await rowIsWaitedFor();
      await lockSite(other);
      await other.rows("ROLLBACK");
      await moving;
      assert.deepEqual(await moves(), [[octopus, acme]]);
    });
  });

  describe("when it restarts", () => {
    it("ends the worker, which says so, and serves the next one", async () => {
      const worker = await RawWorker.greeted(front.drush);
      const server = deployment();
      await server.worker.server();
      const { bootstraps } = front;
      await front.stopDatabase();
      await front.startDatabase();
      ({ sql } = front);
      const answer = await worker.ask("createClient", { internalName: "beta", name: "Beta", user: null });
      assert.ok(!answer.ok);
      assert.deepEqual(
        [answer.error.code, answer.error.detail, answer.error.fatal],
        ["internal", { reason: "database" }, true],
      );
      assert.equal((await worker.ended).exitCode, 0);
      assert.equal(await sql.value("SELECT COUNT(*) FROM hosting_client WHERE uname = 'beta'"), 0);

      await move(server, ONE, "acme");
      assert.equal(front.bootstraps, bootstraps + 1);
      assert.deepEqual(await moves(), [[octopus, acme]]);
    });

    it("says that it is down as long as it is", async () => {
      const server = deployment();
      await server.worker.server();
      await front.stopDatabase();
      try {
        await assert.rejects(
          move(server, ONE, "acme"),
          /Nothing was done\. The database of the front end @hostmaster does not answer/,
        );
      } finally {
        await front.startDatabase();
      }
    });
  });

  describe("when the worker dies", () => {
    /** The process of the only worker. */
    function pid(): number {
      const [only, ...others] = front.processes();
      assert.ok(only !== undefined && others.length === 0);
      return only;
    }
    const inCommit = () =>
      until(async () => {
        const state =
          "SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'COMMIT' AND state LIKE 'Waiting for%'";
        return Number(await sql.value(state)) === 1;
      });

    async function requireOneMove(): Promise<void> {
      assert.deepEqual(await moves(), [[octopus, acme]]);
      assert.equal(await queued(), 1);
      assert.equal(await certificate(), acme);
    }

    beforeEach(() => until(() => front.processes().length === 0));

    it("before its commit, nothing is done, and the next one does it", async () => {
      const other = await connect();
      await other.rows("START TRANSACTION");
      await lockSite(other);
      const moving = move(deployment(), ONE, "acme");
      await rowIsWaitedFor();
      process.kill(pid(), "SIGKILL");
      await other.rows("ROLLBACK");
      await moving;
      await requireOneMove();
    });

    it("during its commit, the next one waits for it to end, and sees that it is done", async () => {
      const moving = stoppedInCommit();
      const other = await moving.backup;
      process.kill(pid(), "SIGKILL");
      await until(() => front.processes().length === 1);
      await other.rows("BACKUP STAGE END");
      await moving.done;
      await requireOneMove();
    });

    it("after its commit and before its answer, the next one sees that it is done", async () => {
      const moving = stoppedInCommit();
      const other = await moving.backup;
      const worker = pid();
      process.kill(worker, "SIGSTOP");
      await other.rows("BACKUP STAGE END");
      await until(async () => (await owner()) === acme);
      process.kill(worker, "SIGKILL");
      await moving.done;
      await requireOneMove();
    });

    it("by a commit of which it cannot know whether it was done, it has given no answer", async () => {
      const worker = await RawWorker.greeted(front.drush);
      const other = await connect();
      await holdCommits(other);
      worker.send("setOwner", { nid: nids[ONE], from: octopus, to: "acme" });
      await inCommit();
      const connection = await sql.value("SELECT id FROM information_schema.processlist WHERE info = 'COMMIT'");
      await sql.rows(`KILL CONNECTION ${connection}`);
      await other.rows("BACKUP STAGE END");
      await worker.ended;
      assert.deepEqual(
        worker.answers.map(({ id }) => id),
        [1],
        "to hello alone",
      );
    });

    async function holdCommits(backup: Sql): Promise<void> {
      for (const stage of ["START", "FLUSH", "BLOCK_DDL", "BLOCK_COMMIT"]) await backup.rows(`BACKUP STAGE ${stage}`);
    }

    /** A move whose worker stands in its commit, because a backup lets nobody commit until it ends. */
    function stoppedInCommit(): { done: Promise<void>; backup: Promise<Sql> } {
      const server = deployment();
      const started = server.worker.server().then(() => connect());
      const backup = started.then(async (other) => {
        await holdCommits(other);
        return other;
      });
      const done = backup.then(() => move(server, ONE, "acme"));
      done.catch(() => undefined);
      return { done, backup: backup.then((other) => inCommit().then(() => other)) };
    }

    it("because its connection is cut, it goes too, and what it held is free", async () => {
      const { client, channel } = await run(front.drush, `drush @hostmaster ${WORKER_ARGUMENTS}`);
      channel.write(
        `${Buffer.from(`db_query("SELECT GET_LOCK('${LOCK}', 0)"); echo "held\\n"; fgets(STDIN);`).toString("base64")}\n`,
      );
      assert.equal(String((await once(channel, "data"))[0]), "held\n");
      assert.equal(await sql.value("SELECT IS_FREE_LOCK(?)", [LOCK]), 0);
      client.destroy();
      await until(() => front.processes().length === 0);
      await until(async () => (await sql.value("SELECT IS_FREE_LOCK(?)", [LOCK])) === 1);
    });
  });

  describe("in a long session", () => {
    let worker: RawWorker;
    afterEach(() => worker.end());

    it("sees what was changed behind its back since its last request (trap 28)", async () => {
      worker = await RawWorker.greeted(front.drush);
      await worker.ok("setOwner", { nid: nids[ONE], from: octopus, to: "acme" });
      await worker.ok("renameClient", { internalName: "acme", from: "Acme", to: "Acme Corp" });
      await sql.rows("UPDATE hosting_site SET client = 1, db_name = 'moved' WHERE nid = ?", [nids[ONE]]);
      await sql.rows(
        "UPDATE node n JOIN node_revision r ON r.vid = n.vid SET n.title = 'Acme', r.title = 'Acme' WHERE n.nid = ?",
        [acme],
      );
      const { site } = await worker.ok("setOwner", { nid: nids[ONE], from: 1, to: "acme" });
      assert.equal(site.owner?.name, "Acme");
      const gids = await sql.rows("SELECT gid FROM node_access WHERE nid = ? ORDER BY gid", [nids[ONE]]);
      assert.deepEqual(
        gids.map(({ gid }) => gid),
        [1, acme],
      );
      assert.equal(await sql.value("SELECT db_name FROM hosting_site WHERE nid = ?", [nids[ONE]]), "moved");
      await worker.ok("renameClient", { internalName: "acme", from: "Acme", to: "Acme" });

      await front.setVariable("hosting_default_client", acme);
      try {
        assert.equal((await worker.ok("inventory", {})).server.defaultClient?.nid, acme);
        assert.equal((await worker.ok("setOwner", { nid: nids[TWO], from: octopus, to: null })).site.ownerNid, acme);
      } finally {
        await front.setVariable("hosting_default_client", octopus);
      }
    });

    it("never lets the database override what settings.php sets", async () => {
      front.setSettings({ hosting_default_client: acme });
      try {
        worker = await RawWorker.start(front.drush);
        const server = await worker.ok("hello", { protocol: 1, marker: worker.marker });
        assert.equal(server.defaultClient?.nid, acme);
        await front.setVariable("hosting_client_prefix", "x");
        const { server: later } = await worker.ok("inventory", {});
        assert.deepEqual([later.defaultClient?.nid, later.clientPrefix], [acme, "x"]);
      } finally {
        front.setSettings({});
        await front.setVariable("hosting_client_prefix", "");
      }
    });

    it("makes no user of a new client although the server would, and leaves the server's variables alone (traps 6, 31)", async () => {
      const variables = await sql.rows("SELECT name, CAST(value AS CHAR) AS value FROM variable ORDER BY name");
      assert.ok(variables.some(({ name, value }) => name === "hosting_client_register_user" && value === "b:1;"));
      const users = await sql.value("SELECT COUNT(*) FROM users");
      worker = await RawWorker.greeted(front.drush);
      await worker.ok("createClient", { internalName: "gamma", name: "Gamma", user: null });
      assert.equal(await sql.value("SELECT COUNT(*) FROM users"), users);
      assert.deepEqual(front.mails, []);
      assert.deepEqual(
        await sql.rows("SELECT name, CAST(value AS CHAR) AS value FROM variable ORDER BY name"),
        variables,
      );

      const panel = (name: string) =>
        `node_save((object) array('type' => 'client', 'uid' => 1, 'status' => 1, 'language' => 'und', 'title' => '${name}', 'uname' => '${name}', 'email' => '${name}@example.com'))`;
      await front.evaluate(panel("delta"));
      assert.equal(await sql.value("SELECT COUNT(*) FROM users"), Number(users) + 1);
      assert.deepEqual(
        front.mails.map(({ to }) => to),
        ["delta@example.com"],
      );
    });

    it("mails a welcome after the commit, and only to whom it was asked for", async () => {
      const before = front.mails.length;
      worker = await RawWorker.greeted(front.drush);
      const user = { name: "erin", mail: "erin@example.com", welcomeMail: true };
      const { user: made } = await worker.ok("createClient", { internalName: "epsilon", name: "Epsilon", user });
      assert.deepEqual([made?.created, made?.mailed], [true, true]);
      const [mail, ...others] = front.mails.slice(before);
      assert.deepEqual(
        [mail?.id, mail?.to, others.length],
        ["hosting_client_hosting-client-register-welcome", "erin@example.com", 0],
      );
      assert.equal(mail?.params["!username"], "erin");
      await worker.ok("ensureUser", {
        client: "epsilon",
        user: { name: "finn", mail: "finn@example.com", welcomeMail: false },
      });
      assert.equal(front.mails.length, before + 1);
    });
  });

  describe("on a server that grows", () => {
    /** How many rows the database sends for each of these requests, by the worker's verb. */
    async function rowsRead(worker: RawWorker): Promise<Record<string, number>> {
      const sent = async () => Number((await sql.rows("SHOW GLOBAL STATUS LIKE 'Rows_sent'"))[0]?.["Value"]);
      const read: Record<string, number> = {};
      async function ask<V extends Verb>(verb: V, args: VerbArguments<V>): Promise<VerbResult<V>> {
        const before = await sent();
        const result = await worker.ok(verb, args);
        read[verb] = (read[verb] ?? 0) + (await sent()) - before;
        return result;
      }
      const user = { name: "greta", mail: "greta@example.com", welcomeMail: false };
      await ask("client", { internalName: "acme", name: "Acme" });
      await ask("clientReference", { internalName: "acme" });
      await ask("createClient", { internalName: "passing", name: "Passing", user });
      await ask("renameClient", { internalName: "passing", from: "Passing", to: "Passing by" });
      await ask("ensureUser", { client: "passing", user });
      await ask("bind", { client: "acme", user: "greta", createUser: null });
      await ask("user", { name: "greta" });
      await ask("unbind", { client: "acme", user: "greta" });
      await ask("unbind", { client: "passing", user: "greta" });
      await ask("deleteClient", { internalName: "passing", dropBindings: false, dropPlatforms: false });
      await ask("setOwner", { nid: nids[ONE]!, from: octopus, to: "acme" });
      const { task } = await ask("queueVerify", { nid: nids[ONE]! });
      await ask("tasks", { nids: [task.nid] });
      await ask("site", { site: ONE });
      await ask("setOwner", { nid: nids[ONE]!, from: acme, to: null });
      return read;
    }

    let platform: number;
    let worker: RawWorker;
    before(async () => {
      platform = Number(await sql.value("SELECT nid FROM node WHERE type = 'platform' AND title = 'drupal-open'"));
    });
    beforeEach(async () => {
      worker = await RawWorker.greeted(front.drush);
      await sql.rows("INSERT INTO hosting_platform_client_access (pid, cid) VALUES (?, ?)", [platform, acme]);
    });
    afterEach(async () => {
      await worker.end();
      await sql.rows("DELETE FROM hosting_platform_client_access WHERE pid = ?", [platform]);
    });

    /** Queues 50 tasks of another site, and adds 50 clients, each with a user, a site with a certificate and access to the platform. */
    async function grow(): Promise<void> {
      await front.fillQueue(50);
      await front.evaluate(
        `$first = db_query('SELECT MAX(nid) FROM {node}')->fetchField();
         for ($i = $first; $i < $first + 50; $i++) {
           $node = array('uid' => 1, 'status' => 1, 'language' => 'und');
           $client = (object) ($node + array('type' => 'client', 'title' => "Other $i", 'uname' => "other$i", 'email' => "other$i@example.com"));
           node_save($client);
           $site = (object) ($node + array('type' => 'site', 'title' => "other$i.example", 'client' => $client->nid, 'platform' => ${platform}));
           node_save($site);
           $cid = db_insert('hosting_ssl_cert')->fields(array('ssl_key' => "other$i.example", 'client' => $client->nid))->execute();
           db_insert('hosting_ssl_site')->fields(array('vid' => $site->vid, 'nid' => $site->nid, 'ssl_enabled' => 1, 'ssl_key' => $cid))->execute();
           db_insert('hosting_platform_client_access')->fields(array('pid' => ${platform}, 'cid' => $client->nid))->execute();
         }`,
      );
    }

    /** Queues a verify of a site, as the panel does, but in a transaction that may be open. */
    async function addVerify(by: Sql, site: string): Promise<void> {
      await by.rows("INSERT INTO node (type, title, uid) VALUES ('task', 'Verify', 1)");
      await by.rows("SET @nid = LAST_INSERT_ID()");
      await by.rows("INSERT INTO node_revision (nid, log) VALUES (@nid, '')");
      await by.rows("UPDATE node SET vid = LAST_INSERT_ID() WHERE nid = @nid");
      await by.rows(
        "INSERT INTO hosting_task (nid, vid, task_type, rid, task_status) SELECT nid, vid, 'verify', ?, 0 FROM node WHERE nid = @nid",
        [nids[site]!],
      );
    }

    it("reads no more for what is queued, owned and declared elsewhere", async () => {
      await rowsRead(worker);
      const before = await rowsRead(worker);
      await grow();
      assert.deepEqual(await rowsRead(worker), before);
    });

    it("looks at no more rows for one site when thousands of tasks of others are queued", async () => {
      async function visited(): Promise<number[]> {
        const worker = await RawWorker.greeted(front.drush);
        // The first look reads all tasks.
        await worker.ok("site", { site: ONE });
        const rows = [await front.rowsVisited()];
        await worker.ok("setOwner", { nid: nids[ONE]!, from: octopus, to: "acme" });
        rows.push(await front.rowsVisited());
        await worker.ok("queueVerify", { nid: nids[ONE]! });
        rows.push(await front.rowsVisited());
        await worker.ok("site", { site: ONE });
        rows.push(await front.rowsVisited());
        await worker.ok("setOwner", { nid: nids[ONE]!, from: acme, to: null });
        await worker.end();
        return rows.slice(1).map((count, index) => count - rows[index]!);
      }
      await front.fillQueue(2_000);
      await visited();
      const before = await visited();
      await front.fillQueue(6_000);
      const after = await visited();
      for (const [index, count] of after.entries()) {
        assert.ok(count <= before[index]! + 20, `${before.join()} and ${after.join()}`);
      }
    });

    it("sees a task of a site that was queued after it has looked at all of them, or in an older transaction", async () => {
      const worker = await RawWorker.greeted(front.drush);
      const open = await front.connect();
      await open.rows("START TRANSACTION");
      await addVerify(open, ONE);
      await addVerify(sql, TWO);
      assert.deepEqual((await worker.ok("site", { site: ONE })).sites[0]?.tasks, []);
      await open.rows("COMMIT");
      await addVerify(sql, ONE);
      assert.equal((await worker.ok("site", { site: ONE })).sites[0]?.tasks.length, 2);
      await worker.end();
    });

    it("answers about one site, client and task as about all of them", async () => {
      await grow();
      const { task } = await worker.ok("queueVerify", { nid: nids[ONE]! });
      await front.fillQueue(1);
      const { sites, clients } = await worker.ok("inventory", {});
      const [site] = (await worker.ok("site", { site: ONE })).sites;
      assert.deepEqual(
        site,
        sites.find(({ nid }) => nid === nids[ONE]),
      );
      assert.deepEqual(site?.links, front.linksOf(ONE));
      assert.deepEqual(site?.tasks, [task]);
      const { client } = await worker.ok("client", { internalName: "acme" });
      assert.deepEqual(
        client,
        clients.find(({ nid }) => nid === acme),
      );
      assert.equal(client?.platforms[0]?.clients, 51);
      const { tasks, queue } = await worker.ok("tasks", { nids: [task.nid] });
      assert.equal(tasks[0]?.ahead, queue.queued - 2);
    });
  });

  it("moves a site where the module hosting_ssl is not installed", async () => {
    await sql.rows("RENAME TABLE hosting_ssl_cert TO elsewhere_cert, hosting_ssl_site TO elsewhere_site");
    try {
      const worker = await RawWorker.greeted(front.drush);
      const moved = await worker.ok("setOwner", { nid: nids[ONE], from: octopus, to: "acme" });
      assert.equal(moved.certificateLeft, null);
      assert.equal(await owner(), acme);
      await worker.end();
    } finally {
      await sql.rows("RENAME TABLE elsewhere_cert TO hosting_ssl_cert, elsewhere_site TO hosting_ssl_site");
    }
  });

  it("keeps a name out that the table cannot store, as a refusal", async () => {
    const worker = await RawWorker.greeted(front.drush);
    const failure = await worker.failure("createClient", {
      internalName: "emoji",
      name: "Emoji \u{1f600}",
      user: null,
    });
    assert.equal(failure.code, "refused");
    await assert.rejects(sql.rows("INSERT INTO node (title) VALUES (REPEAT('x', 256))"), SqlError);
    const long = await worker.failure("createClient", { internalName: "long", name: "x".repeat(256), user: null });
    assert.equal(long.code, "refused");
    await worker.end();
  });
});
