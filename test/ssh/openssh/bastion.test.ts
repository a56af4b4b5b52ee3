/** Two real servers, the second of which is reached through the first. */
import assert from "node:assert/strict";
import type { ConnectionArgsInput } from "../../../provider/ssh/ConnectionArgs";
import { HostKeyRejected, SshError, type SshErrorCode } from "../../../provider/ssh/SshError";
import { cleaningUp } from "../../support/cleaningUp";
import { until } from "../../support/until";
import { ACCEPTED, ASKED_TO_LOG_IN, CONNECTED, FAILED, needOpenSsh, OpenSshServer } from "../OpenSshServer";
import { newKey } from "../ScriptedServer";

const LIMITS = { deadlineSeconds: 30 };

/** Runs until its connection is gone. */
const HANG = "while kill -0 $PPID 2>/dev/null; do sleep 0.2; done";

describe("OpenSSH behind an OpenSSH bastion", () => {
  // Each server knows one key, and not the other's.
  const keys = { bastion: newKey(), target: newKey() };
  let bastion: OpenSshServer;
  let target: OpenSshServer;
  const afterTest = cleaningUp();

  before(needOpenSsh);

  async function start({ settings = [] as string[], keyOptions = "" } = {}): Promise<void> {
    target = await OpenSshServer.start({ authorizedKeys: [keys.target.public] });
    afterTest(() => target.stop());
    const permitted = keyOptions.replace("TARGET", `127.0.0.1:${target.port}`);
    bastion = await OpenSshServer.start({ authorizedKeys: [`${permitted} ${keys.bastion.public}`], settings });
    afterTest(() => bastion.stop());
  }

  type Change = Partial<ConnectionArgsInput>;

  /** @param proxy changes of the bastion's part */
  function open(change: Change = {}, proxy: Change = {}) {
    const through = bastion.args({ privateKey: keys.bastion.private, ...proxy });
    const connection = target.connection({ privateKey: keys.target.private, proxy: through, ...change });
    afterTest(() => connection.end());
    return connection;
  }

  /** Connections, requests to log in, and logins that failed or were accepted. */
  async function judged(server: OpenSshServer): Promise<number[]> {
    await server.quiet();
    return [CONNECTED, ASKED_TO_LOG_IN, FAILED, ACCEPTED].map((what) => server.count(what));
  }

  async function failure(running: Promise<unknown>, code: SshErrorCode, server: OpenSshServer): Promise<SshError> {
    const error = await running.then(
      () => assert.fail("expected a failure"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof SshError, String(error));
    assert.deepEqual([error.code, error.host.endsWith(`:${server.port}`)], [code, true], error.message);
    return error;
  }

  it("is reached with one login at each, each with its own key and pin", async () => {
    await start();
    const connection = open();
    assert.equal((await connection.run("echo hop", null, LIMITS)).stdout, "hop\n");
    assert.equal((await connection.run("echo again", null, LIMITS)).stdout, "again\n");
    connection.end();
    for (const server of [bastion, target]) {
      const [connected, , failed, accepted] = await judged(server);
      assert.deepEqual([connected, failed, accepted], [1, 0, 1]);
    }
  });

  it("is reached with a key that the bastion restricts to this one way on", async () => {
    await start({ keyOptions: 'restrict,port-forwarding,permitopen="TARGET",command="/bin/false"' });
    assert.equal((await open().run("echo hop", null, LIMITS)).stdout, "hop\n");
    const other = await OpenSshServer.start({ authorizedKeys: [keys.target.public] });
    afterTest(() => other.stop());
    const elsewhere = open({ ...other.args(), privateKey: keys.target.private });
    assert.match(
      (await failure(elsewhere.run("true", null, LIMITS), "refusedByServer", bastion)).message,
      /the bastion does not allow forwarding to 127\.0\.0\.1:\d+ \(AllowTcpForwarding, PermitOpen\)/,
    );
    assert.equal(other.count(CONNECTED), 0);
  });

  it("finds the bastion's own credentials in the environment", async () => {
    await start();
    const proxy = bastion.args();
    const environment = {
      AEGIR_MAIN_PROXY_PRIVATE_KEY: keys.bastion.private,
      AEGIR_MAIN_PRIVATE_KEY: keys.target.private,
    };
    const connection = target.connection({ proxy }, {}, environment);
    afterTest(() => connection.end());
    assert.equal((await connection.run("echo hop", null, LIMITS)).stdout, "hop\n");
  });

  it("is not connected to when the bastion rejects its key, which is shown once", async () => {
    await start();
    const connection = open({}, { privateKey: newKey().private });
    await failure(connection.run("true", null, LIMITS), "authenticationRejected", bastion);
    await assert.rejects(connection.run("true", null, LIMITS), { code: "authenticationRejected" });
    assert.deepEqual(await judged(bastion), [1, 1, 1, 0]);
    assert.deepEqual(await judged(target), [0, 0, 0, 0]);
  });

  it("is asked once when it rejects the key that its bastion was passed with", async () => {
    await start();
    const connection = open({ privateKey: newKey().private });
    await failure(connection.run("true", null, LIMITS), "authenticationRejected", target);
    assert.deepEqual(await judged(target), [1, 1, 1, 0]);
    assert.equal(bastion.count(ACCEPTED), 1);
  });

  it("row 6: gets nothing, nor does the bastion, when the bastion's key has changed", async () => {
    await start();
    const [pinned] = bastion.hostKeys;
    await bastion.restart({ hostKeys: [newKey()] });
    const connection = open({}, { hostKey: pinned!.public });
    const error = await failure(connection.run("true", null, LIMITS), "hostKeyRejected", bastion);
    assert.ok(error instanceof HostKeyRejected);
    assert.deepEqual([error.seen, error.pinned], [bastion.hostKeys[0]!.fingerprint, [pinned!.fingerprint]]);
    assert.deepEqual(await judged(bastion), [1, 0, 0, 0]);
    assert.deepEqual(await judged(target), [0, 0, 0, 0]);
  });

  it("row 6: gets no login when its own key has changed behind a good bastion", async () => {
    await start();
    const [pinned] = target.hostKeys;
    await target.restart({ hostKeys: [newKey()] });
    const connection = open({ hostKey: pinned!.public });
    const error = await failure(connection.run("true", null, LIMITS), "hostKeyRejected", target);
    assert.ok(error instanceof HostKeyRejected);
    assert.deepEqual([error.seen, error.pinned], [target.hostKeys[0]!.fingerprint, [pinned!.fingerprint]]);
    assert.deepEqual(await judged(target), [1, 0, 0, 0]);
  });

  it("does not pass for its bastion, nor the other way round", async () => {
    await start();
    const connection = open({ hostKey: bastion.hostKeys[0]!.public });
    await failure(connection.run("true", null, LIMITS), "hostKeyRejected", target);
    assert.equal(target.count(ASKED_TO_LOG_IN), 0);
  });

  it("is named together with a bastion that forbids forwarding", async () => {
    await start({ settings: ["AllowTcpForwarding no"] });
    const error = await failure(open().run("true", null, LIMITS), "refusedByServer", bastion);
    assert.match(error.message, /does not allow forwarding to 127\.0\.0\.1:\d+ \(AllowTcpForwarding/);
    assert.deepEqual(await judged(target), [0, 0, 0, 0]);
  });

  it("row 12: is lost with a bastion that dies during a command, and reached again once it is back", async () => {
    await start();
    const connection = open();
    const running = connection.run(HANG, null, LIMITS);
    const failed = assert.rejects(running, (error) => {
      assert.ok(error instanceof SshError);
      assert.deepEqual([error.code, error.outcome], ["sessionBroken", "unknown"]);
      assert.match(error.message, /the bastion \S+ (closed|broke off) the connection/);
      return true;
    });
    await until(() => target.log.includes("Starting session: command"));
    await bastion.restart();
    await failed;
    assert.equal((await connection.run("echo back", null, LIMITS)).stdout, "back\n");
    assert.equal(connection.connections, 2);
    connection.end();
    assert.deepEqual(
      [bastion, target].map((server) => server.count(ACCEPTED)),
      [2, 2],
    );
  });

  it("row 12: is not blamed for a bastion that is down", async () => {
    await start();
    await bastion.down();
    const error = await failure(open({ dialErrorLimit: 0 }).run("true", null, LIMITS), "unreachable", bastion);
    assert.match(error.message, /the bastion on the way to/);
  });
});
