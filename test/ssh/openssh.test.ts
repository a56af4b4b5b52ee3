/** The same client against OpenSSH's own server, where there is one. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConnectionArgsInput } from "../../provider/ssh/ConnectionArgs";
import { SshError } from "../../provider/ssh/SshError";
import type { Timings } from "../../provider/ssh/Timings";
import { cleaningUp } from "../support/cleaningUp";
import { until } from "../support/until";
import { CONNECTED, FAILED, needOpenSsh, OpenSshServer } from "./OpenSshServer";
import { newEcdsaKey, newKey, newRsaKey } from "./ScriptedServer";

const LIMITS = { deadlineSeconds: 30 };

describe("SshConnection to OpenSSH", function () {
  const hostKeys = [newEcdsaKey(), newRsaKey(), newKey()];
  const login = newKey();
  const afterTest = cleaningUp();

  before(needOpenSsh);

  async function start(...settings: string[]) {
    const server = await OpenSshServer.start({ settings, hostKeys, authorizedKeys: [login.public] });
    afterTest(() => server.stop());
    const open = (change: Partial<ConnectionArgsInput> = {}, timings: Partial<Timings> = {}) => {
      const connection = server.connection({ privateKey: login.private, ...change }, timings);
      afterTest(() => connection.end());
      return connection;
    };
    return { server, open };
  }

  it("logs in over each pinned type of host key, and by the line that ssh-keyscan prints", async () => {
    const { open, server } = await start();
    for (const { public: hostKey } of server.hostKeys) {
      assert.equal((await open({ hostKey }).run("echo hello", null, LIMITS)).stdout, "hello\n");
    }
    const scanned = execFileSync("ssh-keyscan", ["-p", String(server.port), "127.0.0.1"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    assert.equal((await open({ hostKey: scanned.toString() }).run("exit 3", null, LIMITS)).exitCode, 3);
  });

  it("is sent no password where sshd accepts keys only, and its methods are known once a key was accepted", async () => {
    const { open, server } = await start("PasswordAuthentication no", "KbdInteractiveAuthentication no");
    const withPassword = open({ privateKey: undefined, password: "wrong" });
    await assert.rejects(withPassword.run("true", null, LIMITS), { code: "authenticationRejected" });
    await server.quiet();
    assert.equal(server.count(FAILED), 0);
    assert.deepEqual((await open().peers()).at(-1)?.methods, ["publickey"]);
  });

  it("shows a rejected key to the server once", async () => {
    const { open, server } = await start();
    await assert.rejects(open({ privateKey: newKey().private }).run("true", null, LIMITS), (error) => {
      return error instanceof SshError && error.code === "authenticationRejected";
    });
    await server.quiet();
    assert.equal(server.count(FAILED), 1);
    assert.equal(server.count(CONNECTED), 1);
  });

  it("runs 30 commands over one connection that allows two sessions", async () => {
    const { open } = await start("MaxSessions 2");
    const connection = open();
    const numbers = Array.from({ length: 30 }, (_, number) => number);
    const results = await Promise.all(numbers.map((number) => connection.run(`echo ${number}`, null, LIMITS)));
    assert.deepEqual(
      results.map(({ stdout }) => stdout),
      numbers.map((number) => `${number}\n`),
    );
    assert.equal(connection.connections, 1);
  });

  it("gets through although OpenSSH drops logins above MaxStartups", async () => {
    const { open, server } = await start("MaxStartups 1");
    // Somebody else's login that hangs takes the only place, until it goes away.
    const other = connect(server.port, "127.0.0.1");
    await once(other, "data");
    const running = open({}, { retryPauseSeconds: 0.05 }).run("echo in", null, LIMITS);
    await until(() => server.log.includes("past MaxStartups"));
    other.destroy();
    assert.equal((await running).stdout, "in\n");
  });

  it("has its keepalives answered, also by a server that forbids forwarding", async () => {
    const { open } = await start("DisableForwarding yes");
    const connection = open({}, { keepaliveSeconds: 0.1 });
    assert.equal((await connection.run("sleep 1; echo awake", null, LIMITS)).stdout, "awake\n");
  });

  it("row 25: survives the exchange of new keys during a command", async () => {
    const { open } = await start("RekeyLimit 256K");
    const input = "0123456789abcdef".repeat(128 * 1024);
    const { stdout } = await open().run("cat", input, { ...LIMITS, maxOutputBytes: 4 << 20 });
    assert.ok(stdout === input);
  });

  it("reads, lists and removes files", async () => {
    const directory = mkdtempSync(join(tmpdir(), "files-"));
    afterTest(() => rmSync(directory, { recursive: true }));
    const { open } = await start();
    const file = join(directory, "o1.foo");
    writeFileSync(file, "secret\n");
    const sftp = await open().sftp();
    assert.equal((await sftp.read(file, 100)).bytes.toString(), "secret\n");
    assert.deepEqual((await sftp.list(directory)).find(({ name }) => name === "o1.foo")?.size, 7);
    await sftp.unlink(file);
    await assert.rejects(sftp.stat(file), { code: "missing" });
  });

  it("says what killed a command", async () => {
    const { open } = await start();
    await assert.rejects(open().run("kill -KILL $$", null, LIMITS), /killed by SIGKILL/);
  });
});
