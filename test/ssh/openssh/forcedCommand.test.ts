/** Keys that are restricted to this use in authorized_keys (sshd(8), "AUTHORIZED_KEYS FILE FORMAT"). */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "ssh2";
import { PasswordFiles } from "../../../provider/aegir/PasswordFiles";
import { SshError } from "../../../provider/ssh/SshError";
import { PROTOCOL_VERSION, WORKER_ARGUMENTS } from "../../../provider/worker/protocol";
import { workerSource } from "../../../provider/worker/source";
import { WorkerSession } from "../../../provider/worker/WorkerSession";
import { cleaningUp } from "../../support/cleaningUp";
import { connect } from "../../support/PlainClient";
import { ACCEPTED, needOpenSsh, OpenSshServer } from "../OpenSshServer";
import { newKey } from "../ScriptedServer";
import { Product } from "./Product";

const LIMITS = { deadlineSeconds: 20 };

/** The line of authorized_keys that a key for Drush needs, and no more. */
const workerOnly = (drush: string) =>
  `restrict,command="${`${drush} @hostmaster ${WORKER_ARGUMENTS}`.replaceAll('"', '\\"')}"`;
/** And the one for a key to password files (provider/docs/hosted-boa.md). */
const FILES_ONLY =
  'restrict,command="internal-sftp -p realpath,opendir,readdir,open,close,read,stat,lstat,fstat,remove"';

describe("A key restricted to the worker's command line", () => {
  let directory: string;
  let product: Product;
  let other: Client;
  const afterTest = cleaningUp();

  before(() => (directory = mkdtempSync(join(tmpdir(), "forced-"))));
  before(needOpenSsh);
  before(async () => {
    product = await Product.start({ keyOptions: workerOnly });
    const { port, user, hostKeys } = product.sshd;
    const hostKey = hostKeys[0]!.fingerprint;
    other = await connect({ host: "127.0.0.1", port, user, privateKey: product.login.private, hostKey });
  });
  after(async () => {
    other?.end();
    await product?.stop();
    rmSync(directory, { recursive: true });
  });

  function open(...parameters: Parameters<OpenSshServer["connection"]>) {
    const [change, ...rest] = parameters;
    const connection = product.sshd.connection({ privateKey: product.login.private, ...change }, ...rest);
    afterTest(() => connection.end());
    return connection;
  }

  it("is enough for the product", async () => {
    await product.handOver("acme");
    assert.equal(product.owner, "acme");
    const [, ...calls] = new Set(product.door.calls.map((words) => words.join("\n")));
    assert.deepEqual(calls, [], "one command line and no other");
  });

  it("runs the worker whatever is asked for, and that gets no request", async () => {
    const canary = join(directory, "canary");
    const { length } = product.door.calls;
    const { stdout } = await open().run(`touch ${canary}`, "", LIMITS);
    assert.deepEqual([stdout, existsSync(canary)], ["", false]);
    assert.equal(product.door.calls.length, length + 1);
  });

  it("gets no terminal, no shell of its own, and forwards nothing", async () => {
    const refused = async (ask: (done: (error?: Error | null) => void) => void) =>
      assert.ok((await new Promise((resolve) => ask(resolve))) instanceof Error);
    await refused((done) => other.shell({ term: "xterm" }, done));
    await refused((done) => other.forwardOut("127.0.0.1", 0, "127.0.0.1", product.sshd.port, done));
    await refused((done) => other.forwardIn("127.0.0.1", 0, done));
    await refused((done) => other.openssh_forwardInStreamLocal(join(directory, "socket"), done));
    await refused((done) => other.exec("true", { x11: true }, done));
    // All that the key is good for, as sshd read it: no agent either.
    assert.match(product.sshd.log, /key options: command\r?\n/);
  });

  it("gives no access to files: SFTP is given up in time, and said to be unanswered", async () => {
    const connection = open({}, { channelSeconds: 1 });
    await assert.rejects(connection.sftp(), (error) => {
      assert.ok(error instanceof SshError);
      assert.equal(error.code, "deadlineExceeded");
      assert.match(error.message, /the server did not answer the request for SFTP within 1 s/);
      return true;
    });
  });
});

describe("A key restricted to SFTP", () => {
  let directory: string;
  const key = newKey();
  let sshd: OpenSshServer;
  const afterTest = cleaningUp();

  before(() => (directory = mkdtempSync(join(tmpdir(), "accounts-"))));
  before(needOpenSsh);
  before(async () => {
    sshd = await OpenSshServer.start({ authorizedKeys: [`${FILES_ONLY} ${key.public}`] });
  });
  after(async () => {
    await sshd?.stop();
    rmSync(directory, { recursive: true });
  });

  function open() {
    const connection = sshd.connection({ privateKey: key.private });
    afterTest(() => connection.end());
    return connection;
  }

  it("is enough for password files: read, deleted, waited for", async () => {
    const file = join(directory, "o1.acme");
    writeFileSync(file, "old\n");
    const files = new PasswordFiles(open(), {
      instance: "o1",
      user: sshd.user,
      directory,
      passwordDays: 90,
      pollSeconds: 0.02,
      accountMinutes: 1,
      obstacles: () => Promise.resolve([]),
    });
    const old = await files.read("o1.acme");
    assert.equal(old?.password, "old");
    await files.delete("o1.acme");
    assert.ok(!existsSync(file));
    assert.equal(await files.read("o1.acme"), undefined);
    let looks = 0;
    const found = await files.appears("o1.acme", old?.fingerprint, () => {
      if (++looks === 2) writeFileSync(file, "new\n");
      return Promise.resolve();
    });
    assert.equal(found.password, "new");
    assert.equal(sshd.count(ACCEPTED), 1);
  });

  it("runs no command", async () => {
    const canary = join(directory, "canary");
    const { stdout } = await open().run(`touch ${canary}`, "", LIMITS);
    assert.deepEqual([stdout, existsSync(canary)], ["This service allows sftp connections only.\n", false]);
  });

  it("brings no worker up, and the error says so", async () => {
    const start = {
      command: `drush @hostmaster ${WORKER_ARGUMENTS}`,
      source: workerSource(),
      protocol: PROTOCOL_VERSION,
    };
    await assert.rejects(WorkerSession.start(open(), start), (error) => {
      assert.ok(error instanceof SshError);
      assert.deepEqual([error.code, error.outcome], ["commandForbidden", "notDone"]);
      assert.match(
        error.message,
        /: "This service allows sftp connections only\."\. Tried only once.*Nothing was done/,
      );
      return true;
    });
  });
});
