/** Rows 13 to 28 of the fault matrix: while a command runs. */
import assert from "node:assert/strict";
import { Drush } from "../../provider/aegir/Drush";
import { DrushWorker } from "../../provider/aegir/DrushWorker";
import { ServerConfiguration } from "../../provider/aegir/ServerConfiguration";
import { resolveConnection } from "../../provider/ssh/credentials";
import { SshConnection } from "../../provider/ssh/SshConnection";
import { SessionBroken } from "../../provider/worker/SessionBroken";
import { RunningClock } from "../aegir/Clock";
import { bound, client } from "../scenarios/Scenario";
import { frame, NOW, type Script, ScriptedServer, workerInput } from "../ssh/ScriptedServer";
import { PlainFiles } from "../support/PlainClient";
import { until } from "../support/until";
import { access, eachFaultRun, FaultRun, SITE } from "./FaultRun";
import type { Run } from "./LifecycleStack";
import { InProcessProvider } from "./Provider";

describe("while a command runs", () => {
  const faultRun = eachFaultRun();
  const failure = (run: Run): string => run.failures[0]?.message ?? `nothing failed: ${run.done.join(", ")}`;

  /** How many bytes go each way when nothing goes wrong. */
  async function traffic(t: FaultRun): Promise<ToxicCounts> {
    await t.expectUp();
    const { passed } = t.proxy;
    const counts = { ...passed };
    await t.destroy();
    return counts;
  }
  type ToxicCounts = FaultRun["proxy"]["passed"];

  /** Spoils the way at each of some places in turn, and looks through the seven points every time. */
  async function spoilt(
    toxic: "limit_data" | "reset_peer",
    direction: "upstream" | "downstream",
    places: (counts: ToxicCounts) => number[],
  ): Promise<void> {
    const t = faultRun();
    let strikes = 0;
    for (const bytes of places(await traffic(t))) {
      t.proxy.add(toxic, direction, { bytes: Math.round(bytes) });
      const run = await t.up();
      assert.equal(t.proxy.strikes, ++strikes, `${toxic} after ${bytes} bytes`);
      t.proxy.heal();
      await t.check(run);
      await t.destroy();
    }
  }

  it("row 13: a reset before the command starts costs at most this run, and nothing is done twice", () =>
    spoilt("reset_peer", "downstream", () => [1, 25, 600, 1300, 1600, 2000]));

  it("row 14: a reset after the effect and before the reply is settled by looking, within the same run", async () => {
    const t = faultRun();
    for (const verb of ["createClient", "bind", "setOwner"] as const) {
      const hold = t.aegir.faults.holdRequest(verb, "committed");
      void hold.reached.then(() => t.proxy.reset());
    }
    assert.equal((await t.up()).ok, true);
    assert.equal(t.aegir.counts.connections["aegir"], 4);
    await t.check();
  });

  it("row 15: a link that goes silent is cut, and what was asked counts as unknown", async () => {
    const t = faultRun();
    const { connection: args, drush, waits } = ServerConfiguration.parse(t.configuration().main);
    assert.ok(args);
    const connection = new SshConnection(args, () => resolveConnection(args, ["main"], {}), { keepaliveSeconds: 0.1 });
    const worker = new DrushWorker(connection, new Drush(args.user, drush), waits);
    const hold = t.aegir.faults.holdRequest("createClient", "committed");
    const asking = worker.call("createClient", { internalName: "nova", name: "Nova Ltd", user: null });
    await Promise.race([hold.reached, asking]);
    t.proxy.add("timeout", "downstream", { milliseconds: 0 });
    await assert.rejects(asking, (error: Error) => {
      assert.ok(error instanceof SessionBroken, String(error));
      assert.equal(error.outcome, "unknown");
      assert.match(
        error.message,
        /is dead: nothing was received for 0\.3\d* s. Whether createClient was done is unknown/,
      );
      t.assertExplains("client:nova", error.message);
      return true;
    });
    hold.release();
    connection.end();
    t.proxy.heal();
    await t.check();
  });

  it("row 16: a payload that is cut on its way is acted on as a whole or not at all", () =>
    spoilt("limit_data", "upstream", ({ upstream }) => [0.05, 0.3, 0.7, 0.93, 0.97].map((part) => upstream * part)));

  it("row 17: a reply that is cut on its way is never taken for an answer", async () => {
    await spoilt("limit_data", "downstream", ({ downstream }) => [0.3, 0.5, 0.7, 0.9].map((part) => downstream * part));
    const t = faultRun();
    await t.expectUp();
    for (const nth of [1, 2]) t.aegir.faults.onRequest("inventory", "halfAnswer", nth);
    const run = await t.refresh();
    assert.match(t.notLookedAt(run)[0]!, /Whether inventory was done is unknown/);
    assert.equal(t.stack.state.size, 5);
    await t.check(run);
  });

  it("row 18: a channel that closes without an exit status counts as failed", async () => {
    const t = faultRun();
    for (const verb of ["createClient", "setOwner"] as const) t.aegir.faults.onRequest(verb, "closeAfter");
    await t.expectUp();
    for (const nth of [1, 2]) t.aegir.faults.onRequest("inventory", "closeAfter", nth);
    const run = await t.refresh();
    assert.match(
      t.notLookedAt(run)[0]!,
      /the command ended without an exit code. Whether inventory was done is unknown/,
    );
    await t.check(run);
  });

  it("row 19: a worker that a signal kills has an unknown outcome, and the signal is named", async () => {
    const t = faultRun();
    for (const nth of [1, 2, 3]) t.aegir.faults.onRequest("createClient", "killBefore", nth);
    const run = await t.up();
    assert.match(failure(run), /killed by SIGKILL. Whether createClient was done is unknown/);
    await t.check(run);
  });

  it("row 19: what may have been written then is recorded, so that a destroy takes it back", async () => {
    const t = faultRun();
    t.stack.declared = [client("nova", "Nova Ltd"), bound("nova", "alice")];
    for (const verb of ["createClient", "bind"] as const) {
      t.aegir.faults.forgetPlans();
      for (const [index, moment] of (["killBefore", "killInside", "killAfter"] as const).entries()) {
        t.aegir.faults.onRequest(verb, moment, index + 1);
      }
      const run = await t.up();
      assert.match(failure(run), new RegExp(`Whether ${verb} was done is unknown`));
      for (const { name, message } of run.failures) t.assertExplains(name, message);
      assert.equal((await t.destroy()).ok, true);
      assert.ok(!t.aegir.tables().clients.some(({ internalName }) => internalName === "nova"), verb);
    }
    await t.check();
  });

  it("row 21: a link that brings one byte at a time is slow and no more, until a deadline says which it is", async () => {
    const t = faultRun();
    t.proxy.add("slicer", "downstream", { bytes: 1, milliseconds: 0 });
    await t.expectUp();
    t.proxy.add("slicer", "downstream", { bytes: 1, milliseconds: 5 });
    t.proxy.add("latency", "upstream", { milliseconds: 5 });
    t.servers = t.configuration({ perDialTimeout: 0.3 });
    const run = await t.refresh();
    assert.match(
      t.notLookedAt(run)[0]!,
      /the key exchange was not complete within 0\.3 s \(perDialTimeout\)\. Nothing was done/,
    );
    t.proxy.heal();
    await t.check(run);
  });

  /** A server whose worker does what a test says, in place of the real one; the next run meets the real one again. */
  async function scripted(onExec: Script["onExec"], message: RegExp): Promise<FaultRun> {
    const t = faultRun();
    const server = await ScriptedServer.start({ onExec });
    try {
      t.servers = t.drushAt(server.args());
      const run = await t.up();
      assert.match(failure(run), message);
      await t.check(run);
    } finally {
      await server.stop();
    }
    return t;
  }

  it("row 22: a server that talks without end is cut off, with the first and the last part shown", async () => {
    const before = process.memoryUsage().rss;
    const t = await scripted((channel) => {
      channel.write("the first part ");
      const more = () =>
        void (channel.writable && channel.write(Buffer.alloc(256 * 1024, "x"), () => setImmediate(more)));
      more();
    }, /more than 33554432 bytes without a complete answer.*"the first part x+ \[\.\.\. of \d+ bytes \.\.\.\] x+"/);
    assert.ok(t.printed.every((line) => line.length < 5000));
    assert.ok(process.memoryUsage().rss - before < 400 * 1024 * 1024, "memory is bounded");
  });

  it("row 22: an answer that says that it is a gigabyte is not waited for", async () => {
    await scripted(
      (channel) => workerInput(channel, (_, marker) => channel.write(`\n${marker} 1000000000 {"id"`)),
      /an answer of 1000000000 bytes, more than the 33554432 allowed/,
    );
  });

  it("row 22: a password file that holds something else is not read whole", async () => {
    const t = faultRun();
    await t.expectUp();
    const files = await PlainFiles.open(t.aegir.accounts);
    await files.write("/users/o1.nova", "x".repeat(100_000));
    const run = await t.refresh();
    assert.match(t.notLookedAt(run)[0]!, /\/users\/o1\.nova has more than 256 bytes and was not read/);
    await files.unlink("/users/o1.nova");
    files.close();
    await until(() => t.password() !== undefined && t.password() !== "");
    await t.check(run, { refresh: true });
  });

  it("row 23: greetings and notices around the answers are read over", async () => {
    const t = faultRun();
    t.aegir.faults.noise = true;
    await t.check();
  });

  it("row 24: an exit code of 0 makes no answer of what is none, nor JSON without its frame", async () => {
    const json = JSON.stringify({ id: 1, now: NOW, ok: true, result: { protocol: 1 } });
    await scripted((channel) => {
      channel.write(`${json}\n`);
      channel.exit(0);
      channel.end();
    }, /no worker started .*exit code 0, printing: .*Nothing was done/);
  });

  it("row 24: a greeting that is not of the protocol's form is refused, and its worker is ended", async () => {
    await scripted(
      (channel) =>
        workerInput(channel, ({ id }, marker) => {
          channel.write(frame(marker, { id, now: NOW, ok: true, result: { protocol: 1, php: ["8"] } }));
          channel.on("end", () => (channel.exit(0), channel.end()));
        }),
      /the worker's answer to "hello" does not follow the protocol: php: .*Nothing was changed/,
    );
  });

  it("row 24: an answer that says error is a failure, whatever the exit code", async () => {
    await scripted(
      (channel) =>
        workerInput(channel, ({ id }, marker) => {
          const error = { code: "internal", message: "Drupal is not well", fatal: true };
          channel.write(frame(marker, { id, now: NOW, ok: false, error }));
          channel.exit(0);
          channel.end();
        }),
      /Drupal is not well/,
    );
  });

  it("row 25: a connection that the server closes between two operations is opened again, without a message", async () => {
    const t = faultRun();
    const provider = await InProcessProvider.start(t.configuration());
    const inputs = { name: "Luna Ltd", internalName: "luna", server: "main" };
    const { id, properties } = await provider.create("AegirClient", inputs);
    for (const name of ["Luna 1", "Luna 2", "Luna 3"]) {
      t.aegir.breakConnections();
      await provider.update("AegirClient", id, properties, { ...inputs, name });
      properties["name"] = name;
    }
    await provider.delete("AegirClient", id, properties);
    await provider.end();
    assert.equal(t.aegir.counts.connections["aegir"], 4);
    await t.check();
  });

  it("row 27: a disk that is full or read-only is reported in the server's words, and the old password stays", async () => {
    const t = faultRun();
    t.aegir.faults.onRequest("createClient", "diskFull");
    const full = await t.up();
    assert.match(failure(full), /1114 The table 'node' is full.*Nothing was changed/);
    await t.check(full);
    const password = t.password();
    t.aegir.faults.readOnlyFiles = true;
    t.stack.declared = access({ rotation: "2" });
    const run = await t.up();
    assert.match(failure(run), /the server did not remove \/users\/o1\.nova: .*Nothing was changed/);
    assert.equal(t.password(), password);
    t.aegir.faults.readOnlyFiles = false;
    await t.check(run);
    assert.notEqual(t.password(), password);
  });

  it("row 28: a server that is restarted meanwhile is connected to once more", async () => {
    const t = faultRun();
    const hold = t.aegir.faults.holdRequest("bind", "begun");
    const running = t.up();
    await hold.reached;
    await t.aegir.down();
    await t.aegir.up();
    assert.equal((await running).ok, true);
    assert.equal(t.aegir.counts.connections["aegir"], 2);
    await t.check();
  });
});

/** A clock that somebody sets while it runs. */
class SetClock extends RunningClock {
  jumped = 0;
  override now(): number {
    return super.now() + this.jumped;
  }
}

describe("while the server's clock is set", () => {
  const DAY = 86_400;
  for (const [how, jump] of [
    ["back", -DAY],
    ["forward", DAY],
  ] as const) {
    it(`row 26: ${how} by a day, waits and comparisons go by what happened, not by our clock`, async () => {
      const clock = new SetClock(240);
      const t = await FaultRun.open({ aegir: { clock } });
      try {
        for (const moment of ["begun", "committed"] as const) {
          const hold = t.aegir.faults.holdRequest("setOwner", moment);
          const running = t.up();
          await hold.reached;
          clock.jumped += jump;
          hold.release();
          assert.equal((await running).ok, true, moment);
          assert.equal(t.stack.state.get(`site:${SITE}`)?.outputs["applied"], true);
          await t.check();
          await t.destroy();
        }
      } finally {
        await t.close();
      }
    });
  }
});
