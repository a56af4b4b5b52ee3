import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import type { ServerChannel } from "ssh2";
import { SshConnection } from "../../provider/ssh/SshConnection";
import type { SshErrorCode, SshOutcome } from "../../provider/ssh/SshError";
import { HostKeyRejected, SshError } from "../../provider/ssh/SshError";
import type { Script } from "./ScriptedServer";
import { newEcdsaKey, newKey, newRsaKey, PASSWORD, ScriptedServer } from "./ScriptedServer";

const LIMITS = { deadlineSeconds: 20 };

describe("SshConnection", () => {
  const cleanUp: (() => unknown)[] = [];
  const start = async (script: Script = {}, port?: number) => {
    const server = await ScriptedServer.start({ onExec: echo, ...script }, port);
    cleanUp.push(() => server.stop());
    return server;
  };
  const open = (server: ScriptedServer, ...parameters: Parameters<ScriptedServer["connection"]>) => {
    const connection = server.connection(...parameters);
    cleanUp.push(() => connection.end());
    return connection;
  };
  afterEach(async () => {
    for (const action of cleanUp.splice(0).reverse()) await action();
  });

  describe("host keys", () => {
    it("sends nothing to a server with another key than the pinned one, and shows both fingerprints", async () => {
      const server = await start();
      const pinned = newKey();
      const error = await failure(
        open(server, { hostKey: pinned.public }).run("true", null, LIMITS),
        "hostKeyRejected",
      );
      assert.ok(error instanceof HostKeyRejected);
      assert.equal(error.seen, server.hostKeys[0]?.fingerprint);
      assert.deepEqual(error.pinned, [pinned.fingerprint]);
      assert.match(error.message, /HOST KEY CHANGED/);
      assert.ok(error.message.includes(`"${error.seen}"`), "how to pin it");
      assert.equal(server.connections, 1, "a host key is not tried again");
      assert.deepEqual(server.attempts, [], "no password was offered");
    });

    it("calls a key unknown when only a bare fingerprint is pinned", async () => {
      const server = await start();
      const error = await failure(
        open(server, { hostKey: newKey().fingerprint }).run("true", null, LIMITS),
        "hostKeyRejected",
      );
      assert.match(error.message, /unknown host key: the server shows the ssh-ed25519 key SHA256:/);
      assert.deepEqual(server.attempts, []);
    });

    it("has the server show the pinned type of key, whatever else it has", async () => {
      const keys = [newKey(), newEcdsaKey(), newRsaKey()];
      const server = await start({ hostKeys: keys });
      for (const { public: hostKey } of keys) await open(server, { hostKey }).run("true", null, LIMITS);
    });

    it("refuses a server that has no key of the pinned type", async () => {
      const server = await start({ hostKeys: [newEcdsaKey()] });
      const error = await failure(
        open(server, { hostKey: newKey().public }).run("true", null, LIMITS),
        "hostKeyRejected",
      );
      assert.match(error.message, /no host key of a type that is pinned/);
      assert.deepEqual(server.attempts, []);
      assert.equal(server.connections, 1);
    });

    it("accepts any one of several pins, and known_hosts lines", async () => {
      const server = await start();
      const line = `[127.0.0.1]:${server.port} ${server.hostKeys[0]?.public}`;
      for (const hostKey of [[newKey().fingerprint, server.hostKeys[0]?.fingerprint ?? ""], `# comment\n${line}\n`]) {
        await open(server, { hostKey }).run("true", null, LIMITS);
      }
    });

    it("refuses a revoked key, though it is pinned as well", async () => {
      const server = await start();
      const key = server.hostKeys[0]?.public ?? "";
      const connection = open(server, { hostKey: [key, `@revoked * ${key}`] });
      assert.match((await failure(connection.run("true", null, LIMITS), "hostKeyRejected")).message, /revoked/);
      assert.deepEqual(server.attempts, []);
    });
  });

  describe("credentials", () => {
    it("tries a rejected password exactly once, and says where it came from and what the server accepts (trap 17)", async () => {
      const server = await start();
      const connection = open(server, { password: "canary-secret" });
      const error = await failure(connection.run("true", null, LIMITS), "authenticationRejected");
      assert.match(
        error.message,
        /rejected the password \(password of the configuration\) of the user aegir; it accepts: publickey, password/,
      );
      assert.doesNotMatch(error.message, /canary/);
      assert.deepEqual(server.attempts, ["password"]);
      assert.equal(server.connections, 1);
    });

    it("sends no password to a server that accepts keys only, and says what it accepts", async () => {
      const server = await start({ methods: ["publickey"] });
      const error = await failure(open(server).run("true", null, LIMITS), "authenticationRejected");
      assert.match(
        error.message,
        /accepts only publickey from the user aegir, .* has the password \(password of the configuration\)\. No cred/,
      );
      assert.deepEqual(server.attempts, []);
    });

    it("tries a rejected key exactly once, and never falls back on the password", async () => {
      const server = await start();
      const credentials = { privateKey: newKey().private, password: PASSWORD };
      // However long ago the attempt was: other failures are forgotten after failureSeconds.
      const connection = open(server, credentials, { failureSeconds: 0 });
      for (let times = 2; times > 0; times--) {
        await failure(connection.run("true", null, LIMITS), "authenticationRejected");
      }
      assert.deepEqual(server.attempts, ["publickey"]);
    });

    it("logs in with a key, also an encrypted one and an RSA one", async () => {
      const [plain, encrypted, rsa] = [newKey(), newKey("open sesame"), newRsaKey()];
      const server = await start({ authorizedKeys: [plain.public, encrypted.public, rsa.public] });
      await open(server, { privateKey: plain.private }).run("true", null, LIMITS);
      await open(server, { privateKey: rsa.private }).run("true", null, LIMITS);
      await open(server, { privateKey: encrypted.private, privateKeyPassword: "open sesame" }).run(
        "true",
        null,
        LIMITS,
      );
      assert.deepEqual(server.attempts, ["publickey", "publickey", "publickey"]);
    });
  });

  describe("reaching the server", () => {
    it("tries a closed port as often as dialErrorLimit tolerates, and says so", async () => {
      const server = await start();
      const error = await failure(
        open(server, { port: closedPort, dialErrorLimit: 2 }).run("true", null, LIMITS),
        "unreachable",
      );
      assert.match(
        error.message,
        /could not be reached: nothing listens on port \d+ \(ECONNREFUSED\) \(3 attempts in \d+ s\)/,
      );
      assert.equal(error.host, `aegir@127.0.0.1:${closedPort}`);
    });

    it("does not repeat an attempt that failed for failureSeconds: every caller gets its error at once", async () => {
      const server = await start({ onSocket: (socket) => Boolean(socket.end()) });
      const remembering = open(server, { dialErrorLimit: 0 });
      const asked = () => failure(remembering.run("true", null, LIMITS), "unreachable");
      const first = await asked();
      assert.equal(await asked(), first);
      assert.equal(server.connections, 1);
      const forgetful = open(server, { dialErrorLimit: 0 }, { failureSeconds: 0 });
      for (const connections of [2, 3]) {
        await failure(forgetful.run("true", null, LIMITS), "unreachable");
        assert.equal(server.connections, connections);
      }
    });

    it("tries a name that does not resolve once more at most", async () => {
      const server = await start();
      const connection = open(server, { host: "aegir.invalid", hostKey: newKey().public, dialErrorLimit: 9 });
      assert.match(
        (await failure(connection.run("true", null, LIMITS), "unreachable")).message,
        /DNS: \w+\) \(2 attempts/,
      );
    });

    it("tries again when the server closes before its greeting", async () => {
      const server = await start({ onSocket: (socket, number) => number < 3 && Boolean(socket.end()) });
      await open(server).run("true", null, LIMITS);
      assert.equal(server.connections, 3);
      assert.deepEqual(server.attempts, ["password"]);
    });

    it("tries again when OpenSSH says that too many are logging in", async () => {
      const drop = (socket: Socket) => Boolean(socket.end("Exceeded MaxStartups\r\n"));
      const server = await start({ onSocket: (socket, number) => number < 2 && drop(socket) });
      await open(server).run("true", null, LIMITS);
      assert.equal(server.connections, 2);
    });

    it("does not wait for ever for a greeting", async () => {
      const server = await start({ onSocket: () => true });
      const connection = open(server, { perDialTimeout: 0.1, dialErrorLimit: 1 });
      const error = await failure(connection.run("true", null, LIMITS), "unreachable");
      assert.match(error.message, /sent no SSH greeting within 0.1 s \(2 attempts/);
      assert.equal(server.connections, 2);
    });

    it("keeps to one deadline over all attempts", async () => {
      const server = await start({ onSocket: () => true });
      const connection = open(server, { perDialTimeout: 3000, dialErrorLimit: -1 }, { connectSeconds: 0.2 });
      await failure(connection.run("true", null, LIMITS), "unreachable");
    });

    it("refuses what is not an SSH server, and shows its text escaped", async () => {
      const greeting = "HTTP/1.1 400 Bad Request\r\n\x1b]0;owned\x07::set-env name=X::y\r\n\r\n";
      const server = await start({ onSocket: (socket) => Boolean(socket.end(greeting)) });
      const error = await failure(open(server).run("true", null, LIMITS), "unreachable");
      assert.match(error.message, /not an SSH server: "HTTP\/1.1 400 Bad Request\\r\\n\\x1b\]0;owned\\x07/);
      assert.equal(server.connections, 1);
    });

    it("says that it was shut out instead of knocking on", async () => {
      const server = await start({ onSocket: (socket) => Boolean(socket.end("Not allowed at this time\r\n")) });
      await failure(open(server).run("true", null, LIMITS), "refusedByServer");
      assert.equal(server.connections, 1);
    });

    it("gives a stalled handshake a deadline, and does not repeat it", async () => {
      const server = await start({ onSocket: (socket) => Boolean(socket.write("SSH-2.0-Stalled\r\n")) });
      const connection = open(server, { perDialTimeout: 0.1 });
      assert.match((await failure(connection.run("true", null, LIMITS), "deadlineExceeded")).message, /key exchange/);
      assert.equal(server.connections, 1);
    });
  });

  describe("a bastion", () => {
    const chain = async (script: Script = {}) => {
      const bastion = await start({ forwarding: true, password: "bastion", ...script });
      const server = await start();
      const proxy = { ...bastion.args({ user: "jump", password: "bastion" }), dialErrorLimit: undefined };
      return { bastion, server, connection: open(server, { proxy, dialErrorLimit: 0 }), proxy };
    };

    it("is logged in to first, with its own key and credentials", async () => {
      const { bastion, server, connection } = await chain();
      assert.equal((await connection.run("hello", null, LIMITS)).stdout, "hello");
      assert.deepEqual([bastion.attempts, server.attempts], [["password"], ["password"]]);
      assert.equal(connection.connections, 1);
    });

    it("is named when it is down", async () => {
      const { bastion, server, connection } = await chain();
      await bastion.stop();
      const error = await failure(connection.run("true", null, LIMITS), "unreachable");
      assert.match(error.message, /^jump@127.0.0.1:\d+: could not be reached, the bastion on the way to aegir@127/);
      assert.equal(server.connections, 0);
    });

    it("is not blamed when the server behind it is down", async () => {
      const { server, connection } = await chain();
      const label = connection.label;
      await server.stop();
      const error = await failure(connection.run("true", null, LIMITS), "unreachable");
      assert.equal(error.host, label);
      assert.match(error.message, /through the bastion jump@127.0.0.1:\d+, which was reached/);
    });

    it("is blamed when it breaks off while the server is being logged in to", async () => {
      const server = await start({ onSocket: () => Boolean(bastion.drop()) || true });
      const bastion = await start({ forwarding: true });
      const connection = open(server, { proxy: bastion.args({ user: "jump" }), dialErrorLimit: 3 });
      const error = await failure(connection.run("true", null, LIMITS), "unreachable");
      assert.match(
        error.message,
        /^jump@127.0.0.1:\d+: could not be reached, the bastion.*closed the connection|broke/,
      );
    });

    it("is named when it dies during a command", async () => {
      const { bastion, server, connection } = await chain();
      const running = connection.run("hang", null, LIMITS);
      await until(() => server.commands.length === 1);
      bastion.drop();
      assert.match(
        (await failure(running, "sessionBroken", "unknown")).message,
        /the bastion jump@127.0.0.1:\d+ closed/,
      );
    });

    it("is said to forbid forwarding when it does", async () => {
      const { connection } = await chain({ forwarding: false });
      const error = await failure(connection.run("true", null, LIMITS), "refusedByServer");
      assert.match(error.message, /^jump@127.0.0.1:\d+: the bastion does not allow forwarding/);
    });

    it("with another host key gets no password, and neither does the server behind it", async () => {
      const { bastion, server, proxy } = await chain();
      const connection = open(server, { proxy: { ...proxy, hostKey: newKey().public } });
      await failure(connection.run("true", null, LIMITS), "hostKeyRejected");
      assert.deepEqual([bastion.attempts, server.attempts], [[], []]);
    });
  });

  describe("commands", () => {
    it("share one connection, however many are started at once, and keep below 8 channels", async () => {
      let running = 0;
      let most = 0;
      const server = await start({
        onExec: (channel, command) => {
          most = Math.max(most, ++running);
          setTimeout(() => {
            running--;
            echo(channel, command);
          }, 5);
        },
      });
      const connection = open(server);
      const commands = Array.from({ length: 40 }, (_, number) => `echo ${number}`);
      const results = await Promise.all(commands.map((command) => connection.run(command, null, LIMITS)));
      assert.deepEqual(
        results.map(({ stdout }) => stdout),
        commands,
      );
      assert.equal(server.connections, 1);
      assert.equal(connection.connections, 1);
      assert.equal(most, 7);
    });

    it("row 11: wait their turn when the server refuses a channel", async () => {
      const server = await start({ maxSessions: 2 });
      const connection = open(server);
      const runs = Array.from({ length: 30 }, (_, number) => connection.run(`echo ${number}`, null, LIMITS));
      assert.equal((await Promise.all(runs)).length, 30);
      assert.ok(server.refusedSessions > 0, "the server did refuse some");
      assert.equal(server.commands.length, 30, "each ran exactly once");
      assert.equal(server.connections, 1);
    });

    it("give up in time when the server never allows a channel", async () => {
      const server = await start({ maxSessions: 0 });
      const connection = open(server, {}, { channelSeconds: 0.2 });
      assert.match(
        (await failure(connection.run("x", null, LIMITS), "refusedByServer", "notSent")).message,
        /MaxSessions/,
      );
    });

    it("return any exit code, output and standard input as they are", async () => {
      const server = await start({
        onExec: (channel) => {
          channel.stderr.write("warning");
          channel.on("data", (chunk: Buffer) => channel.write(chunk));
          channel.on("end", () => (channel.exit(3), channel.end()));
        },
      });
      const input = "ünïcode\n".repeat(50_000);
      const result = await open(server).run("cat", input, LIMITS);
      assert.deepEqual(result, { stdout: input, stderr: "warning", exitCode: 3 });
    });

    it("that end without an exit code count as failed", async () => {
      const server = await start({ onExec: (channel) => (channel.write("done"), channel.end()) });
      const error = await failure(open(server).run("x", null, LIMITS), "sessionBroken", "unknown");
      assert.match(error.message, /ended without an exit code.*its output: "done"/);
    });

    it("that a signal killed name it", async () => {
      const server = await start({ onExec: (channel) => (channel.exit("KILL", false, ""), channel.end()) });
      const error = await failure(open(server).run("x", null, LIMITS), "sessionBroken", "unknown");
      assert.match(error.message, /killed by SIGKILL/);
    });

    it("row 20: that close while 8 MB are written to them settle", async () => {
      const server = await start({ onExec: (channel) => channel.once("data", () => channel.close()) });
      await failure(open(server).run("x", Buffer.alloc(8 << 20), LIMITS), "sessionBroken", "unknown");
    });

    it("row 22: that print without end are cut off, keeping the first and the last part", async () => {
      const server = await start({
        onExec: (channel) => {
          channel.write("FIRST");
          const more = () =>
            void (channel.writable && channel.write(Buffer.alloc(64 * 1024, "x"), () => setImmediate(more)));
          more();
        },
      });
      const connection = open(server);
      const endless = connection.run("yes", null, { ...LIMITS, maxOutputBytes: 1_000_000 });
      const error = await failure(endless, "sessionBroken", "unknown");
      assert.match(error.message, /printed more than 1000000 bytes.*"FIRSTx+ \[\.\.\. of \d+ bytes \.\.\.\] x+"/);
    });

    it("have a deadline", async () => {
      const server = await start();
      const error = await failure(
        open(server).run("hang", null, { deadlineSeconds: 0.1 }),
        "deadlineExceeded",
        "unknown",
      );
      assert.match(error.message, /did not end within 0.1 s/);
    });
  });

  describe("a lost connection", () => {
    it("breaks what is under way, with an unknown outcome, and is opened again once for the next", async () => {
      const server = await start();
      const connection = open(server);
      const running = [connection.run("hang", null, LIMITS), connection.run("hang", null, LIMITS)];
      await until(() => server.commands.length === 2);
      server.drop();
      for (const run of running) {
        assert.match(
          (await failure(run, "sessionBroken", "unknown")).message,
          /the server (closed|broke off) the connection/,
        );
      }
      await Promise.all([connection.run("a", null, LIMITS), connection.run("b", null, LIMITS)]);
      assert.equal(connection.connections, 2);
    });

    it("is noticed when the server just falls silent", async () => {
      const server = await start();
      const connection = open(server, {}, { keepaliveSeconds: 0.05 });
      const running = connection.run("hang", null, LIMITS);
      await until(() => server.commands.length === 1);
      server.freeze();
      assert.match((await failure(running, "sessionBroken", "unknown")).message, /is dead: nothing was received for/);
    });

    it("is not suspected while the server answers keepalives", async () => {
      let finish = () => {};
      const server = await start({ onExec: (channel) => (finish = () => (channel.exit(0), channel.end())) });
      const connection = open(server, {}, { keepaliveSeconds: 0.02 });
      const running = connection.run("slow", null, LIMITS);
      await until(() => server.globalRequests === 10);
      finish();
      assert.equal((await running).exitCode, 0);
    });

    it("while idle costs the next call nothing but a new connection (trap 28)", async () => {
      const server = await start();
      const connection = open(server);
      await connection.run("a", null, LIMITS);
      server.drop();
      await connection.run("b", null, LIMITS);
      assert.deepEqual(server.commands, ["a", "b"]);
      assert.equal(connection.connections, 2);
    });
  });

  it("needs neither server nor credentials until it is used", () => {
    const connection = new SshConnection({ host: "::1", port: 22, user: "aegir" }, () => assert.fail("resolved"));
    assert.equal(connection.label, "aegir@[::1]:22");
    connection.end();
  });

  it("lets the process end once nothing is outstanding, and not before", async () => {
    const server = await start();
    const script = `
      const { ScriptedServer } = require("./test/ssh/ScriptedServer");
      const { ConnectionArgs } = require("./provider/ssh/ConnectionArgs");
      const { resolveConnection } = require("./provider/ssh/credentials");
      const { SshConnection } = require("./provider/ssh/SshConnection");
      const args = ConnectionArgs.parse(JSON.parse(process.argv[1]));
      const connection = new SshConnection(args, () => resolveConnection(args, ["main"], {}));
      connection.run("slow", null, { deadlineSeconds: 20 }).then(({ stdout }) => process.stdout.write(stdout));`;
    const child = spawn(process.execPath, ["-r", "sucrase/register/ts", "-e", script, JSON.stringify(server.args())], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(code, 0);
    assert.equal(output, "slow");
  });

  let closedPort = 0;
  before(async () => {
    const listener = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => listener.once("listening", resolve));
    closedPort = (listener.address() as AddressInfo).port;
    await new Promise((resolve) => listener.close(resolve));
  });
});

/** Prints the command; `hang` never ends, `slow` takes a moment. */
function echo(channel: ServerChannel, command: string): void {
  const end = () => {
    channel.write(command);
    channel.exit(0);
    channel.end();
  };
  if (command === "slow") {
    setTimeout(end, 300);
  } else if (command !== "hang") {
    end();
  }
}

async function failure(
  promise: Promise<unknown>,
  code: SshErrorCode,
  outcome: SshOutcome = "notDone",
): Promise<SshError> {
  const error = await promise.then(
    () => assert.fail("expected a failure"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SshError, String(error));
  assert.deepEqual([error.code, error.outcome], [code, outcome], error.message);
  assert.equal(error.stack, error.message);
  assert.doesNotMatch(error.message, /\n/);
  return error;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
