import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { AgentProtocol, utils } from "ssh2";
import type { ParsedKey } from "ssh2";
import { ConnectionArgs } from "../../provider/ssh/ConnectionArgs";
import type { ConnectionArgsInput } from "../../provider/ssh/ConnectionArgs";
import { resolveConnection } from "../../provider/ssh/credentials";
import { SshConnection } from "../../provider/ssh/SshConnection";
import { SshError } from "../../provider/ssh/SshError";
import { newKey, newRsaKey, PASSWORD, ScriptedServer } from "./ScriptedServer";
import type { KeyPair } from "./ScriptedServer";

const BASE = { host: "aegir.example.com", user: "aegir", hostKey: `SHA256:${"A".repeat(43)}` };
const key = newKey();

function resolved(args: Partial<ConnectionArgsInput>, environment: NodeJS.ProcessEnv = {}, names = ["main"]) {
  return resolveConnection(ConnectionArgs.parse({ ...BASE, ...args }), names, environment);
}

function chosen(...parameters: Parameters<typeof resolved>): string {
  return resolved(...parameters).authentication.from;
}

function refusal(...parameters: Parameters<typeof resolved>): string {
  try {
    resolved(...parameters);
  } catch (error) {
    assert.ok(error instanceof SshError);
    assert.deepEqual([error.situation, error.outcome], ["credentialsUnusable", "notDone"]);
    return error.message;
  }
  return assert.fail("expected a refusal");
}

describe("resolveConnection", () => {
  it("takes the environment first, then an agent, then the configuration", () => {
    const configuration = { privateKey: key.private, password: "secret" };
    const agent = { SSH_AUTH_SOCK: "/agent" };
    const general = { AEGIR_PRIVATE_KEY: key.private, ...agent };
    const own = { AEGIR_MAIN_PASSWORD: "secret", ...general };
    assert.equal(chosen(configuration, own), "AEGIR_MAIN_PASSWORD");
    assert.equal(chosen(configuration, general), "AEGIR_PRIVATE_KEY");
    assert.equal(chosen(configuration, agent), "the agent at SSH_AUTH_SOCK");
    assert.equal(chosen({ ...configuration, agentSocketPath: "/own" }, agent), "the agent at agentSocketPath");
    assert.equal(chosen(configuration), "privateKey of the configuration");
    assert.equal(chosen({ password: "secret" }), "password of the configuration");
  });

  it("prefers a key to a password, and takes an empty variable for none", () => {
    const both = { AEGIR_MAIN_PRIVATE_KEY: key.private, AEGIR_MAIN_PASSWORD: "secret" };
    assert.equal(chosen({}, both), "AEGIR_MAIN_PRIVATE_KEY");
    assert.equal(chosen({}, { ...both, AEGIR_MAIN_PRIVATE_KEY: "" }), "AEGIR_MAIN_PASSWORD");
  });

  it("uses the general variables for a single name only", () => {
    const environment = { AEGIR_PASSWORD: "general", AEGIR_MAIN_ACCOUNTS_PASSWORD: "own" };
    assert.equal(chosen({}, environment, ["main", "accounts"]), "AEGIR_MAIN_ACCOUNTS_PASSWORD");
    assert.match(refusal({}, { AEGIR_PASSWORD: "general" }, ["main", "accounts"]), /no credentials found/);
  });

  it("makes variables of names that hold other characters", () => {
    assert.equal(
      chosen({}, { AEGIR_O1_EXAMPLE_COM_PASSWORD: "x" }, ["o1.example-com"]),
      "AEGIR_O1_EXAMPLE_COM_PASSWORD",
    );
  });

  it("finds the bastion's own credentials", () => {
    const proxy = { ...BASE, host: "bastion.example.com", user: "jump" };
    const environment = { AEGIR_MAIN_PASSWORD: "x", AEGIR_MAIN_PROXY_PRIVATE_KEY: key.private };
    const connection = resolved({ proxy }, environment);
    assert.equal(connection.proxy?.authentication.from, "AEGIR_MAIN_PROXY_PRIVATE_KEY");
    assert.equal(connection.authentication.from, "AEGIR_MAIN_PASSWORD");
    assert.match(refusal({ proxy }, { AEGIR_PASSWORD: "x" }), /^jump@bastion.example.com:22: no credentials found/);
  });

  it("says where it looked when there is nothing, and what destroy and refresh know", () => {
    assert.equal(
      refusal({}),
      "aegir@aegir.example.com:22: no credentials found, nothing was sent. Looked in the environment " +
        "(AEGIR_MAIN_PRIVATE_KEY, AEGIR_MAIN_PASSWORD, AEGIR_PRIVATE_KEY, AEGIR_PASSWORD), for an agent " +
        "(agentSocketPath, SSH_AUTH_SOCK) and in the configuration (privateKey, password). Note that destroy and refresh " +
        "know the configuration only as of the last up, unless they are run with --run-program; the environment always counts. " +
        "Correct the credentials, then run the same command again",
    );
  });

  describe("reads keys before any connection is made, and", () => {
    const encrypted = newKey("open sesame");
    const from = { AEGIR_MAIN_PRIVATE_KEY: encrypted.private };
    const rightKey = (...parameters: Parameters<typeof resolved>) => {
      const { authentication } = resolved(...parameters);
      assert.equal(authentication.method, "privateKey");
      return authentication.method === "privateKey" && authentication.key().isPrivateKey();
    };

    it("decrypts them, with a passphrase from the environment or the configuration", () => {
      assert.ok(rightKey({}, { ...from, AEGIR_MAIN_PRIVATE_KEY_PASSWORD: "open sesame" }));
      assert.ok(rightKey({}, { ...from, AEGIR_PRIVATE_KEY_PASSWORD: "open sesame" }));
      assert.ok(rightKey({ privateKeyPassword: "open sesame" }, from));
      assert.ok(rightKey({ privateKey: encrypted.private }, { AEGIR_MAIN_PRIVATE_KEY_PASSWORD: "open sesame" }));
    });

    it("takes them with other line ends, or without the last one", () => {
      assert.ok(rightKey({ privateKey: key.private.replaceAll("\n", "\r\n") }));
      assert.ok(rightKey({ privateKey: key.private.trim() }));
    });

    const pkcs8 = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHKj+sVa9WcD\n-----END PRIVATE KEY-----\n";
    const bad: [string, Partial<ConnectionArgsInput>, RegExp][] = [
      [
        "an encrypted one without a passphrase",
        { privateKey: encrypted.private },
        /is encrypted and there is no passphrase/,
      ],
      [
        "a wrong passphrase",
        { privateKey: encrypted.private, privateKeyPassword: "canary" },
        /the passphrase is wrong/,
      ],
      ["one that is cut off", { privateKey: key.private.slice(0, 150) }, /cannot be read: the key is damaged/],
      [
        "one without line ends",
        { privateKey: key.private.replaceAll("\n", " ") },
        /cannot be read: the key is damaged/,
      ],
      ["a path", { privateKey: "/home/canary/.ssh/id_ed25519" }, /must hold the key's text itself/],
      ["a public key", { privateKey: key.public }, /is a public key/],
      ["PKCS#8", { privateKey: pkcs8 }, /is in PKCS#8 format.*ssh-keygen -p/],
    ];
    for (const [what, args, message] of bad) {
      it(`refuses ${what}, and shows nothing of it`, () => {
        const text = refusal(args);
        assert.match(text, message);
        assert.match(text, /privateKey of the configuration .*No connection was made\. Correct the credentials/);
        assert.doesNotMatch(text, /canary|AAAA|b3Bl/);
      });
    }
  });

  it("keeps secrets out of sight when a connection is inspected", () => {
    const proxy = { ...BASE, password: "canary-secret" };
    const connections = [resolved({ password: "canary-secret", proxy }), resolved({ privateKey: key.private, proxy })];
    for (const connection of connections) {
      const shown = inspect(connection, { depth: 20, showHidden: true }) + JSON.stringify(connection);
      assert.doesNotMatch(shown, /canary-secret|PRIVATE KEY/);
    }
  });
});

describe("An agent", () => {
  const directory = mkdtempSync(join(tmpdir(), "agent-"));
  const agents: Server[] = [];
  const servers: ScriptedServer[] = [];
  after(async () => {
    agents.forEach((agent) => agent.close());
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(directory, { recursive: true });
  });

  async function agentWith(keys: KeyPair[]): Promise<string> {
    const parsed = keys.map((pair) => [utils.parseKey(pair.private)].flat()[0] as ParsedKey);
    const path = join(directory, `${agents.length}`);
    const agent = createServer((socket) => {
      const protocol = new AgentProtocol(false);
      protocol.on("identities", (request) => protocol.getIdentitiesReply(request, parsed));
      protocol.on("sign", (request, wanted, data, { hash }) => {
        const signer = parsed.find((candidate) => candidate.getPublicSSH().equals(publicKey(wanted)));
        protocol.signReply(request, signer?.sign(data, hash) ?? Buffer.alloc(0));
      });
      socket.pipe(protocol).pipe(socket);
    });
    agents.push(agent);
    await new Promise<void>((resolve) => agent.listen(path, resolve));
    return path;
  }

  async function run(accepted: KeyPair, change: Partial<ConnectionArgsInput>, environment: NodeJS.ProcessEnv = {}) {
    const server = await ScriptedServer.start({
      authorizedKeys: [accepted.public],
      onExec: (channel) => (channel.exit(0), channel.end()),
    });
    servers.push(server);
    const args = ConnectionArgs.parse(server.args({ password: undefined, ...change }));
    const connection = new SshConnection(args, () => resolveConnection(args, ["main"], environment));
    try {
      await connection.run("true", null, { deadlineSeconds: 20 });
      return { server, error: null };
    } catch (error) {
      assert.ok(error instanceof SshError);
      return { server, error };
    } finally {
      connection.end();
    }
  }

  it("signs with its key, also with RSA and SHA-2", async () => {
    for (const pair of [newKey(), newRsaKey()]) {
      const { error } = await run(pair, { agentSocketPath: await agentWith([newKey(), pair]) });
      assert.equal(error, null);
    }
  });

  it("has three of its keys offered at most, and the rest named in the error", async () => {
    const keys = [newKey(), newKey(), newKey(), newKey()];
    const { server, error } = await run(keys[3] as KeyPair, { agentSocketPath: await agentWith(keys) });
    assert.equal(error?.situation, "authenticationRejected");
    assert.match(error?.message ?? "", /only 3 of its 4 keys were offered/);
    assert.deepEqual(server.attempts, ["publickey", "publickey", "publickey"]);
    assert.equal(server.connections, 1);
  });

  it("from SSH_AUTH_SOCK that was rejected does not bring the configured password into play, but names it", async () => {
    const environment = { SSH_AUTH_SOCK: await agentWith([newKey()]) };
    const { server, error } = await run(newKey(), { password: PASSWORD }, environment);
    assert.match(error?.message ?? "", /password of the configuration was not tried; unset SSH_AUTH_SOCK to use it/);
    assert.deepEqual(server.attempts, ["publickey"]);
  });

  it("from SSH_AUTH_SOCK that holds no key or is gone leaves the choice to the configuration", async () => {
    for (const SSH_AUTH_SOCK of [await agentWith([]), join(directory, "gone")]) {
      const { server, error } = await run(newKey(), { password: PASSWORD }, { SSH_AUTH_SOCK });
      assert.equal(error, null);
      assert.deepEqual(server.attempts, ["password"]);
    }
  });

  it("that is the only choice and not there is reported before any connection is made", async () => {
    const { server, error } = await run(newKey(), { agentSocketPath: join(directory, "gone") });
    assert.equal(error?.situation, "credentialsUnusable");
    assert.match(error?.message ?? "", /the agent at agentSocketPath does not answer/);
    assert.equal(server.connections, 0);
  });
});

function publicKey(key: Parameters<typeof utils.parseKey>[0] | ParsedKey): Buffer {
  const parsed = utils.parseKey(key);
  assert.ok(!(parsed instanceof Error));
  return parsed.getPublicSSH();
}
