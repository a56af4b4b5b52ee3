/** OpenSSH's own agent and keys: what is offered to a server, as its log tells. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConnectionArgsInput } from "../../../provider/ssh/ConnectionArgs";
import { SshError } from "../../../provider/ssh/SshError";
import { cleaningUp } from "../../support/cleaningUp";
import { until } from "../../support/until";
import { ACCEPTED, ASKED_TO_LOG_IN, CONNECTED, FAILED, needOpenSsh, OpenSshServer } from "../OpenSshServer";

/** What asks for a lock's password, or whether a key may be used. */
interface AskPass {
  SSH_ASKPASS: string;
  SSH_ASKPASS_REQUIRE: "force";
  DISPLAY: "none";
}

describe("OpenSSH's agent and keys", () => {
  let directory: string;
  const keys = new Map<string, string>();
  let files = 0;
  const afterTest = cleaningUp();

  before(() => (directory = mkdtempSync(join(tmpdir(), "agent-"))));
  before(needOpenSsh);
  after(() => rmSync(directory, { recursive: true }));

  function askPass(script: string): AskPass {
    const program = join(directory, `askpass${files++}`);
    writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    return { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: "force", DISPLAY: "none" };
  }

  /** The path of a private key as ssh-keygen makes it; one of a kind is made once. */
  function keygen(...kind: string[]): string {
    const known = keys.get(kind.join(" "));
    const file = known ?? join(directory, `key${files++}`);
    const passphrase = kind.includes("-N") ? [] : ["-N", ""];
    if (!known) execFileSync("ssh-keygen", ["-q", "-f", file, "-C", "test", ...passphrase, ...kind]);
    keys.set(kind.join(" "), file);
    return file;
  }
  const ed25519 = (name: string) => keygen("-t", "ed25519", "-C", name);
  const publicKey = (file: string) => readFileSync(`${file}.pub`, "utf8").trim();

  class Agent {
    private constructor(
      readonly socket: string,
      private readonly process: ChildProcess,
    ) {}

    static async start(environment: Partial<AskPass> = {}): Promise<Agent> {
      const socket = join(directory, `socket${files++}`);
      const env = { ...process.env, ...environment };
      const agent = new Agent(socket, spawn("ssh-agent", ["-D", "-a", socket], { env, stdio: "ignore" }));
      await until(() => existsSync(socket));
      afterTest(() => agent.stop());
      return agent;
    }

    add(...words: string[]): void {
      this.#run(words);
    }

    lock(): void {
      this.#run(["-x"], askPass("echo password"));
    }

    #run(words: string[], environment: Partial<AskPass> = {}): void {
      const env = { ...process.env, SSH_AUTH_SOCK: this.socket, ...environment };
      execFileSync("ssh-add", ["-q", ...words], { env, stdio: "ignore" });
    }

    async stop(): Promise<void> {
      if (this.process.exitCode !== null || this.process.signalCode !== null) return;
      const exited = once(this.process, "exit");
      this.process.kill();
      await exited;
    }
  }

  /** Logs in to a server that accepts a key, with an agent or another credential; answers the error, and what was logged. */
  async function logIn(
    accepted: string,
    change: Partial<ConnectionArgsInput>,
    { environment = {}, settings = [] }: { environment?: NodeJS.ProcessEnv; settings?: string[] } = {},
  ) {
    const sshd = await OpenSshServer.start({ authorizedKeys: [publicKey(accepted)], settings });
    afterTest(() => sshd.stop());
    const connection = sshd.connection(change, {}, environment);
    let error: SshError | null = null;
    try {
      await connection.run("true", null, { deadlineSeconds: 20 });
    } catch (reason) {
      assert.ok(reason instanceof SshError, String(reason));
      error = reason;
    }
    connection.end();
    await sshd.quiet();
    return {
      error,
      connected: sshd.count(CONNECTED),
      accepted: sshd.count(ACCEPTED),
      failed: sshd.count(FAILED),
      sshd,
    };
  }

  const succeeded = { error: null, connected: 1, accepted: 1, failed: 0 };
  const judged = ({ error, connected, accepted, failed }: Awaited<ReturnType<typeof logIn>>) => {
    return { error, connected, accepted, failed };
  };

  it("signs with each type of key, RSA with SHA-2", async () => {
    for (const type of [
      ["-t", "ed25519"],
      ["-t", "ecdsa"],
      ["-t", "rsa", "-b", "2048"],
    ]) {
      const agent = await Agent.start();
      agent.add(keygen(...type));
      const outcome = await logIn(keygen(...type), { agentSocketPath: agent.socket });
      assert.deepEqual(judged(outcome), succeeded, type.join(" "));
    }
  });

  it("has its keys offered in their order over one connection, until one is accepted", async () => {
    const agent = await Agent.start();
    for (const name of ["a", "b", "c", "d"]) agent.add(ed25519(name));
    const outcome = await logIn(ed25519("c"), { agentSocketPath: agent.socket });
    assert.deepEqual(judged(outcome), { ...succeeded, failed: 2 });
  });

  it("row 8: has three of its keys offered at most, which OpenSSH at its usual log level calls no failure", async () => {
    const agent = await Agent.start();
    for (const name of ["a", "b", "c", "d"]) agent.add(ed25519(name));
    const outcome = await logIn(ed25519("d"), { agentSocketPath: agent.socket });
    assert.deepEqual([outcome.connected, outcome.accepted, outcome.failed], [1, 0, 3]);
    assert.equal(outcome.error?.code, "authenticationRejected");
    assert.match(outcome.error?.message ?? "", /only 3 of its 4 keys were offered/);
    const usual = await logIn(ed25519("d"), { agentSocketPath: agent.socket }, { settings: ["LogLevel INFO"] });
    assert.deepEqual([usual.error?.code, usual.failed], ["authenticationRejected", 0]);
  });

  it("agent: the key that identity names is the only one offered, by fingerprint and by public key", async () => {
    const agent = await Agent.start();
    for (const name of ["a", "b", "c", "d", "e"]) agent.add(ed25519(name));
    const [, sha256] = execFileSync("ssh-keygen", ["-lf", `${ed25519("d")}.pub`], { encoding: "utf8" }).split(" ");
    for (const identity of [sha256!, publicKey(ed25519("d"))]) {
      const outcome = await logIn(ed25519("d"), { agentSocketPath: agent.socket, identity });
      assert.deepEqual(judged(outcome), succeeded, identity);
    }
    const guessed = await logIn(ed25519("d"), { agentSocketPath: agent.socket });
    assert.match(
      guessed.error?.message ?? "",
      /name the right one as `identity` of the connection, by its fingerprint/,
    );
  });

  it("agent: a key that identity names and that it does not hold is said, before any connection is made", async () => {
    const agent = await Agent.start();
    agent.add(ed25519("a"));
    const change = { agentSocketPath: agent.socket, identity: publicKey(ed25519("b")) };
    const { error, connected } = await logIn(ed25519("a"), change);
    assert.deepEqual([error?.code, connected], ["credentialsUnusable", 0]);
    assert.match(error?.message ?? "", /does not hold the key that `identity` names, SHA256:.* \(it holds SHA256:.*\)/);
  });

  it("agent: a certificate, which cannot be offered, is said when the login is rejected", async () => {
    const [authority, key] = [ed25519("authority of the rejected"), ed25519("certified and rejected")];
    execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", "test", "-n", "somebody", `${key}.pub`]);
    const agent = await Agent.start();
    agent.add(key);
    const { error } = await logIn(ed25519("a"), { agentSocketPath: agent.socket });
    assert.match(
      error?.message ?? "",
      /it holds certificates, which cannot be offered \(ssh-ed25519-cert-v01@openssh\.com\)/,
    );
  });

  it("is not offered the certificate that it holds beside a key", async () => {
    const [authority, key] = [ed25519("authority"), ed25519("certified")];
    execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", "test", "-n", "somebody", `${key}.pub`], {
      stdio: "ignore",
    });
    const agent = await Agent.start();
    agent.add(key);
    assert.deepEqual(judged(await logIn(key, { agentSocketPath: agent.socket })), succeeded);
  });

  it("that is locked, empty or gone leaves the choice to the configuration", async () => {
    const [locked, empty, gone] = [await Agent.start(), await Agent.start(), await Agent.start()];
    locked.add(ed25519("a"));
    locked.lock();
    await gone.stop();
    const privateKey = readFileSync(ed25519("b"), "utf8");
    for (const { socket } of [locked, empty, gone]) {
      const outcome = await logIn(ed25519("b"), { privateKey }, { environment: { SSH_AUTH_SOCK: socket } });
      assert.deepEqual(judged(outcome), succeeded);
    }
  });

  it("that is locked, empty or gone, and the only choice, is reported before any connection is made", async () => {
    const [locked, empty, gone] = [await Agent.start(), await Agent.start(), await Agent.start()];
    locked.add(ed25519("a"));
    locked.lock();
    await gone.stop();
    for (const [agent, message] of [
      [locked, /holds no usable key.*ssh-add/],
      [empty, /holds no usable key.*ssh-add/],
      [gone, /does not answer/],
    ] as const) {
      const { error, connected } = await logIn(ed25519("a"), { agentSocketPath: agent.socket });
      assert.deepEqual([error?.code, connected], ["credentialsUnusable", 0]);
      assert.match(error?.message ?? "", message);
    }
  });

  it("that refuses to sign, or dies over it, ends the login, and nothing else is tried", async () => {
    for (const script of ["exit 1", "kill $PPID"]) {
      const agent = await Agent.start(askPass(script));
      agent.add("-c", ed25519("a"));
      agent.add(ed25519("b"));
      const environment = { SSH_AUTH_SOCK: agent.socket };
      const outcome = await logIn(ed25519("a"), { password: "of the configuration" }, { environment });
      assert.equal(outcome.error?.code, "credentialsUnusable", outcome.error?.message);
      assert.match(outcome.error?.message ?? "", /did not sign/);
      assert.deepEqual([outcome.connected, outcome.accepted, outcome.failed], [1, 0, 0]);
      // The question whether the key would do.
      assert.equal(outcome.sshd.count(ASKED_TO_LOG_IN), 1);
    }
  });

  for (const [what, ...kind] of [
    ["ed25519", "-t", "ed25519", "-N", "open sesame"],
    ["ECDSA", "-t", "ecdsa", "-N", "open sesame"],
    ["RSA", "-t", "rsa", "-b", "2048", "-N", "open sesame"],
    ["RSA in PEM", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "open sesame"],
    ["ECDSA in PEM", "-t", "ecdsa", "-m", "PEM", "-N", "open sesame"],
  ] as [string, ...string[]][]) {
    it(`row 9: log in with an encrypted key of ssh-keygen (${what}), and not at all without its passphrase`, async () => {
      const file = keygen(...kind);
      const privateKey = readFileSync(file, "utf8");
      const right = await logIn(file, { privateKey, privateKeyPassword: "open sesame" });
      assert.deepEqual(judged(right), succeeded);
      for (const privateKeyPassword of [undefined, "wrong"]) {
        const { error, connected } = await logIn(file, { privateKey, privateKeyPassword });
        assert.deepEqual([error?.code, connected], ["credentialsUnusable", 0]);
      }
    });
  }
});
