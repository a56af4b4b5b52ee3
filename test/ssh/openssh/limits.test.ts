/** Servers that restart, cut what is idle, and count. */
import assert from "node:assert/strict";
import type { ConnectionArgsInput } from "../../../provider/ssh/ConnectionArgs";
import { SshError } from "../../../provider/ssh/SshError";
import type { Timings } from "../../../provider/ssh/Timings";
import { cleaningUp } from "../../support/cleaningUp";
import { skip } from "../../support/skip";
import { ToxicProxy } from "../../support/ToxicProxy";
import { until } from "../../support/until";
import { ACCEPTED, CONNECTED, FAILED, needOpenSsh, OpenSshServer, openSshVersion } from "../OpenSshServer";
import { newKey } from "../ScriptedServer";
import { Product } from "./Product";

const LIMITS = { deadlineSeconds: 60 };

/** Runs until its connection is gone. */
const HANG = "while kill -0 $PPID 2>/dev/null; do sleep 0.2; done";

describe("OpenSSH's limits", () => {
  const login = newKey();
  const afterTest = cleaningUp();

  before(needOpenSsh);

  async function start(...settings: string[]): Promise<OpenSshServer> {
    const sshd = await OpenSshServer.start({ authorizedKeys: [login.public], settings });
    afterTest(() => sshd.stop());
    return sshd;
  }

  function open(sshd: OpenSshServer, change: Partial<ConnectionArgsInput> = {}, timings: Partial<Timings> = {}) {
    const connection = sshd.connection({ privateKey: login.private, ...change }, timings);
    afterTest(() => connection.end());
    return connection;
  }

  async function startProduct(...settings: string[]): Promise<Product> {
    const product = await Product.start({ settings });
    afterTest(() => product.stop());
    return product;
  }

  /** Skips, loudly, what this OpenSSH is too old for. */
  function needVersion(context: Mocha.Context, what: string, major: number, minor: number): void {
    const [hasMajor, hasMinor] = openSshVersion();
    if (hasMajor > major || (hasMajor === major && hasMinor >= minor)) return;
    skip(context, `${what}, which came with OpenSSH ${major}.${minor}; this is ${hasMajor}.${hasMinor}`);
  }

  it("row 28: a restart during a command leaves its outcome unknown, and the next one connects once", async () => {
    const sshd = await start();
    const connection = open(sshd);
    const running = connection.run(HANG, null, LIMITS);
    const failed = assert.rejects(running, (error) => {
      assert.ok(error instanceof SshError);
      assert.deepEqual([error.code, error.outcome], ["sessionBroken", "unknown"]);
      return true;
    });
    await until(() => sshd.log.includes("Starting session: command"));
    await sshd.restart();
    await failed;
    const next = ["a", "b", "c"].map((text) => connection.run(`echo ${text}`, null, LIMITS));
    assert.deepEqual(
      (await Promise.all(next)).map(({ stdout }) => stdout),
      ["a\n", "b\n", "c\n"],
    );
    assert.equal(sshd.count(ACCEPTED), 2);
  });

  it("row 28: a restart between two operations is not noticed", async () => {
    const product = await startProduct();
    await product.handOver("acme");
    await product.sshd.restart();
    await product.handOver("acme");
    assert.deepEqual([product.sshd.count(ACCEPTED), product.owner], [2, "acme"]);
  });

  it("row 14: a connection that breaks after a write and before its answer costs nothing", async () => {
    const product = await startProduct();
    for (const [client, fault] of [
      ["acme", "cutAfter"],
      ["beta", "cutBefore"],
    ] as const) {
      product.aegir.faults.onRequest("createClient", fault);
      await product.makeClient(client);
    }
    const names = product.aegir.tables().clients.map(({ internalName }) => internalName);
    for (const client of ["acme", "beta"]) assert.equal(names.filter((name) => name === client).length, 1);
    assert.equal(product.sshd.count(ACCEPTED), 3);
  });

  it("row 15: a quiet command outlives ClientAliveInterval, because sshd's questions are answered", async () => {
    const sshd = await start("ClientAliveInterval 1", "ClientAliveCountMax 1");
    assert.equal((await open(sshd).run("sleep 4; echo awake", null, LIMITS)).stdout, "awake\n");
    assert.equal(sshd.count(ACCEPTED), 1);
  });

  it("a connection that ClientAliveInterval cuts is opened again by the next command", async () => {
    const sshd = await start("ClientAliveInterval 1", "ClientAliveCountMax 1");
    const line = await ToxicProxy.open(() => ({ host: "127.0.0.1", port: sshd.port }));
    afterTest(() => line.down());
    const connection = open(sshd, { port: line.port });
    const running = connection.run(HANG, null, LIMITS);
    const failed = assert.rejects(running, (error) => {
      assert.ok(error instanceof SshError);
      assert.deepEqual([error.code, error.outcome], ["sessionBroken", "unknown"], error.message);
      return true;
    });
    await until(() => sshd.log.includes("Starting session: command"));
    line.add("timeout", "upstream", { milliseconds: 0 });
    await failed;
    line.heal();
    assert.match(sshd.log, /Timeout, client not responding/);
    assert.equal((await connection.run("echo back", null, LIMITS)).stdout, "back\n");
    assert.equal(connection.connections, 2);
  });

  it("a connection that is closed for being unused is opened again without a message (trap 28)", async function () {
    needVersion(this, "UnusedConnectionTimeout", 9, 2);
    const sshd = await start("UnusedConnectionTimeout 1");
    const connection = open(sshd);
    await connection.run("true", null, LIMITS);
    await sshd.quiet();
    assert.equal((await connection.run("echo back", null, LIMITS)).stdout, "back\n");
    assert.deepEqual([connection.connections, sshd.count(ACCEPTED)], [2, 2]);
  });

  it("row 11: one session is enough for the worker, and for commands one after another", async () => {
    const product = await startProduct("MaxSessions 1");
    await product.handOver("acme");
    assert.equal(product.owner, "acme");
    const sshd = await start("MaxSessions 1");
    const connection = open(sshd);
    const numbers = Array.from({ length: 5 }, (_, number) => number);
    await Promise.all(numbers.map((number) => connection.run(`echo ${number}`, null, LIMITS)));
    assert.equal(sshd.count(ACCEPTED), 1);
  });

  it("row 11: a second session beyond the only one is given up in time, naming MaxSessions", async () => {
    const sshd = await start("MaxSessions 1");
    const connection = open(sshd, {}, { channelSeconds: 1 });
    const running = await connection.exec(HANG);
    await assert.rejects(connection.sftp(), (error) => {
      assert.ok(error instanceof SshError);
      assert.deepEqual([error.code, error.outcome], ["refusedByServer", "notSent"]);
      assert.match(error.message, /MaxSessions/);
      return true;
    });
    running.kill();
  });

  it("row 10: twenty connections at once get through MaxStartups 2", async () => {
    const sshd = await start("MaxStartups 2:50:4");
    // A key each: with one key they would come one after another.
    const keys = Array.from({ length: 20 }, () => newKey());
    sshd.authorize(...keys.map((key) => key.public));
    const connections = keys.map((key) =>
      open(sshd, { privateKey: key.private, dialErrorLimit: -1 }, { retryPauseSeconds: 0.1 }),
    );
    const results = await Promise.all(connections.map((connection) => connection.run("echo in", null, LIMITS)));
    assert.ok(results.every(({ stdout }) => stdout === "in\n"));
    assert.deepEqual([sshd.count(ACCEPTED), sshd.count(FAILED)], [20, 0]);
    assert.match(sshd.log, /past MaxStartups/, "it did drop some");
  });

  it("an address that is shut out for failed logins gets an error that says so, and is not tried again", async function () {
    needVersion(this, "PerSourcePenalties", 9, 8);
    const sshd = await start("PerSourcePenalties authfail:60s min:1s");
    await assert.rejects(open(sshd, { privateKey: newKey().private }).run("true", null, LIMITS), {
      code: "authenticationRejected",
    });
    await sshd.quiet();
    const connected = sshd.count(CONNECTED);
    await assert.rejects(open(sshd).run("true", null, LIMITS), (error) => {
      assert.ok(error instanceof SshError);
      assert.equal(error.code, "refusedByServer", error.message);
      assert.match(error.message, /PerSourcePenalties/);
      return true;
    });
    assert.ok(sshd.count(CONNECTED) - connected <= 1);
    assert.equal(sshd.count(ACCEPTED), 0);
  });
});
