/** The same client against OpenSSH's own server, where there is one. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { ConnectionArgs } from "../../provider/ssh/ConnectionArgs";
import type { ConnectionArgsInput } from "../../provider/ssh/ConnectionArgs";
import { resolveConnection } from "../../provider/ssh/credentials";
import { SshConnection } from "../../provider/ssh/SshConnection";
import { SshError } from "../../provider/ssh/SshError";
import type { Timings } from "../../provider/ssh/Timings";
import { newEcdsaKey, newKey, newRsaKey } from "./ScriptedServer";

const SSHD = "/usr/sbin/sshd";
const LIMITS = { deadlineSeconds: 30 };

describe("SshConnection to OpenSSH", function () {
  const directory = mkdtempSync(join(tmpdir(), "sshd-"));
  const hostKeys = [newEcdsaKey(), newRsaKey(), newKey()];
  const login = newKey();
  const cleanUp: (() => unknown)[] = [];

  before(function () {
    if (!existsSync(SSHD)) {
      console.log(`    skipped, there is no ${SSHD}; to have it: apt-get install openssh-server`);
      this.skip();
    }
    hostKeys.forEach((key, number) => writeFileSync(join(directory, `host${number}`), key.private, { mode: 0o600 }));
    writeFileSync(join(directory, "authorized_keys"), `${login.public}\n`);
    if (process.getuid?.() === 0) {
      mkdirSync("/run/sshd", { recursive: true });
    }
  });
  afterEach(async () => {
    for (const action of cleanUp.splice(0).reverse()) {
      await action();
    }
  });
  after(() => rmSync(directory, { recursive: true }));

  async function start(...settings: string[]) {
    const port = await freePort();
    const configuration = [
      ...hostKeys.map((_, number) => `HostKey ${directory}/host${number}`),
      `AuthorizedKeysFile ${directory}/authorized_keys`,
      ...["ListenAddress 127.0.0.1", `Port ${port}`, "PidFile none", "StrictModes no", "UsePAM no"],
      ...["PermitRootLogin yes", "PasswordAuthentication no", "Subsystem sftp internal-sftp", ...settings],
    ];
    const file = join(directory, `sshd_config${port}`);
    writeFileSync(file, configuration.join("\n"));
    const sshd: ChildProcess = spawn(SSHD, ["-D", "-e", "-f", file], { stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    sshd.stderr?.on("data", (chunk: Buffer) => (log += chunk.toString()));
    cleanUp.push(async () => {
      sshd.kill();
      await once(sshd, "exit");
    });
    while (!log.includes("Server listening")) {
      assert.equal(sshd.exitCode, null, log);
      await once(sshd.stderr as NonNullable<typeof sshd.stderr>, "data");
    }
    const open = (change: Partial<ConnectionArgsInput> = {}, timings: Partial<Timings> = {}) => {
      const hostKey = hostKeys.map((key) => key.fingerprint);
      const user = userInfo().username;
      const args = ConnectionArgs.parse({
        host: "127.0.0.1",
        port,
        user,
        hostKey,
        privateKey: login.private,
        ...change,
      });
      const connection = new SshConnection(args, () => resolveConnection(args, ["main"], {}), timings);
      cleanUp.push(() => connection.end());
      return connection;
    };
    return { port, open, log: () => log };
  }

  it("logs in over each pinned type of host key, and by the line that ssh-keyscan prints", async () => {
    const { open, port } = await start();
    for (const { public: hostKey } of hostKeys) {
      assert.equal((await open({ hostKey }).run("echo hello", null, LIMITS)).stdout, "hello\n");
    }
    const scanned = execFileSync("ssh-keyscan", ["-p", String(port), "127.0.0.1"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    assert.equal((await open({ hostKey: scanned.toString() }).run("exit 3", null, LIMITS)).exitCode, 3);
  });

  it("shows a rejected key to the server once", async () => {
    const { open, log } = await start("LogLevel VERBOSE");
    await assert.rejects(open({ privateKey: newKey().private }).run("true", null, LIMITS), (error) => {
      return error instanceof SshError && error.situation === "authenticationRejected";
    });
    assert.equal(log().match(/Failed publickey/g)?.length, 1);
    assert.equal(log().match(/Connection from/g)?.length, 1);
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
    const { open, port, log } = await start("MaxStartups 1");
    // Somebody else's login that hangs takes the only place, until it goes away.
    const other = connect(port, "127.0.0.1");
    await once(other, "data");
    const running = open({}, { retryPauseSeconds: 0.05 }).run("echo in", null, LIMITS);
    while (!log().includes("MaxStartups")) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    other.destroy();
    assert.equal((await running).stdout, "in\n");
  });

  it("has its keepalives answered, also by a server that forbids forwarding", async () => {
    const { open } = await start("DisableForwarding yes");
    const connection = open({}, { keepaliveSeconds: 0.1 });
    assert.equal((await connection.run("sleep 1; echo awake", null, LIMITS)).stdout, "awake\n");
  });

  it("survives the exchange of new keys during a command", async () => {
    const { open } = await start("RekeyLimit 256K");
    const input = "0123456789abcdef".repeat(128 * 1024);
    const { stdout } = await open().run("cat", input, { ...LIMITS, maxOutputBytes: 4 << 20 });
    assert.ok(stdout === input);
  });

  it("passes through a bastion, and names it when it forbids forwarding", async () => {
    const [server, bastion, closed] = [await start(), await start(), await start("AllowTcpForwarding no")];
    const proxy = (port: number) => {
      const hostKey = hostKeys.map((key) => key.fingerprint);
      return { host: "127.0.0.1", port, user: userInfo().username, privateKey: login.private, hostKey };
    };
    assert.equal((await server.open({ proxy: proxy(bastion.port) }).run("echo hop", null, LIMITS)).stdout, "hop\n");
    await assert.rejects(server.open({ proxy: proxy(closed.port) }).run("true", null, LIMITS), (error) => {
      return (
        error instanceof SshError && error.situation === "refusedByServer" && error.host.endsWith(`:${closed.port}`)
      );
    });
  });

  it("reads, lists and removes files", async () => {
    const { open } = await start();
    const file = join(directory, "o1.foo");
    writeFileSync(file, "secret\n");
    const sftp = await open().sftp();
    assert.equal((await sftp.read(file, 100)).toString(), "secret\n");
    assert.deepEqual((await sftp.list(directory)).find(({ name }) => name === "o1.foo")?.size, 7);
    await sftp.unlink(file);
    await assert.rejects(sftp.stat(file), { code: "missing" });
  });

  it("says what killed a command", async () => {
    const { open } = await start();
    await assert.rejects(open().run("kill -KILL $$", null, LIMITS), /killed by SIGKILL/);
  });
});

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, "close");
  return port;
}
