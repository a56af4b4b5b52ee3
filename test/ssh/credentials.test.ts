import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { ParsedKey } from "ssh2";
import { AgentProtocol, utils } from "ssh2";
import type { ConnectionArgsInput } from "../../provider/ssh/ConnectionArgs";
import { ConnectionArgs } from "../../provider/ssh/ConnectionArgs";
import { resolveConnection } from "../../provider/ssh/credentials";
import { SshConnection } from "../../provider/ssh/SshConnection";
import { SshError } from "../../provider/ssh/SshError";
import { skip } from "../support/skip";
import type { KeyPair } from "./ScriptedServer";
import { newKey, newRsaKey, PASSWORD, ScriptedServer } from "./ScriptedServer";

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
    assert.deepEqual([error.code, error.outcome], ["credentialsUnusable", "notDone"]);
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
      "aegir@aegir.example.com:22: no credentials found. Looked in the environment " +
        "(AEGIR_MAIN_PRIVATE_KEY, AEGIR_MAIN_PASSWORD, AEGIR_PRIVATE_KEY, AEGIR_PASSWORD), for an agent " +
        "(agentSocketPath, SSH_AUTH_SOCK) and in the configuration (privateKey, password). Nothing was sent. Note that destroy and refresh " +
        "use the configuration of the last up, unless they run with --run-program; environment variables always apply. " +
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

    const pkcs8 = (type: "ed25519" | "rsa" | "ec" | "ed448", passphrase?: string) => {
      const { privateKey } = generateKeyPairSync(
        type as "ec",
        { modulusLength: 2048, namedCurve: "P-256" } as { namedCurve: string },
      );
      const cipher = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
      return privateKey.export({ type: "pkcs8", format: "pem", ...cipher }).toString();
    };
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const body = key.private.split("\n").slice(1, -2).join("");
    const rsa = newRsaKey().private;

    const forms: [what: string, text: string, passphrase?: string][] = [
      ["a key in PKCS#8, as OpenSSL and clouds make them: ed25519", pkcs8("ed25519")],
      ["a key in PKCS#8: RSA", pkcs8("rsa")],
      ["a key in PKCS#8: ECDSA", pkcs8("ec")],
      ["a key in PKCS#8 that is encrypted", pkcs8("ed25519", "open sesame"), "open sesame"],
      ["a key without its line ends, as a one-line variable holds it", key.private.replaceAll("\n", " ")],
      ["a key of which the lines are run together", key.private.replaceAll("\n", "")],
      ["a key whose line ends are written as \\n", key.private.replaceAll("\n", "\\n")],
      ["a key whose line ends are written as \\r\\n", key.private.replaceAll("\n", "\\r\\n")],
      ["a key whose line ends are those of old Macs", key.private.replaceAll("\n", "\r")],
      ["a key in double quotes", `"${key.private.trim()}"`],
      ["a key in single quotes, of one line", `'${key.private.trim().replaceAll("\n", "\\n")}'\n`],
      ["a key with spaces at the ends of its lines, and indented", key.private.replaceAll("\n", " \t\n    ")],
      ["a key after a byte order mark", `\ufeff${key.private}`],
      ["a key with a comment before it and its public half after it", `# deploy\n${key.private}${key.public}\n`],
      ["a key as one line of base64", base64(key.private)],
      ["a key as base64 in lines, in quotes", `"${base64(key.private).replace(/.{76}/g, "$&\n")}"`],
      ["an RSA key as one line of base64", base64(rsa)],
      ["a key in PKCS#8 as one line of base64", base64(pkcs8("ed25519"))],
      ["a key without the lines that begin and end it", body],
      ["a key in PKCS#8 without the lines that begin and end it", pkcs8("ed25519").split("\n").slice(1, -2).join("")],
      ["a key that is not encrypted, with a passphrase for another one", key.private, "open sesame"],
      ["a passphrase with the line end of its file", encrypted.private, "open sesame\n"],
    ];
    for (const [what, text, passphrase] of forms) {
      it(`takes ${what}`, () => {
        const privateKeyPassword = passphrase === undefined ? {} : { privateKeyPassword: passphrase };
        assert.ok(rightKey({ privateKey: text, ...privateKeyPassword }));
        assert.ok(rightKey(privateKeyPassword, { AEGIR_PRIVATE_KEY: text }));
      });
    }

    it("makes of a key in PKCS#8 the key that it is", () => {
      const { authentication } = resolved({ privateKey: pkcs8("ed25519") });
      const read = authentication.method === "privateKey" ? authentication.key() : assert.fail();
      const data = Buffer.from("to be signed");
      assert.ok(read.verify(data, read.sign(data)));
      assert.equal(read.type, "ssh-ed25519");
    });

    /** What can be read of a key without its passphrase: the cipher, and the type of its public half. */
    const openssh = (cipher: string, type: string) => {
      const field = (text: Buffer | string) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(Buffer.byteLength(text));
        return Buffer.concat([length, Buffer.from(text)]);
      };
      const head = [cipher, "bcrypt", "canary"].map(field);
      const blob = [
        Buffer.from("openssh-key-v1\0"),
        ...head,
        Buffer.from([0, 0, 0, 1]),
        field(field(type)),
        field("canary"),
      ];
      return `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.concat(blob).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
    };
    const putty = (version: number) =>
      `PuTTY-User-Key-File-${version}: ssh-ed25519\nEncryption: none\nComment: canary\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: 00\n`;
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
        "one whose end is missing",
        { privateKey: key.private.split("\n").slice(0, 4).join("\n") },
        /the key is damaged/,
      ],
      ["two of them", { privateKey: key.private + newKey().private }, /holds 2 private keys; give one of them/],
      ["a path", { privateKey: "/home/canary/.ssh/id_ed25519" }, /must hold the key's text itself/],
      ["a public key", { privateKey: key.public }, /is a public key/],
      ["a public key in PEM", { privateKey: publicPem() }, /is a public key/],
      ["a public key as base64", { privateKey: base64(key.public) }, /is a public key/],
      [
        "a certificate",
        { privateKey: key.public.replace("ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com") },
        /is a certificate/,
      ],
      ["a fingerprint", { privateKey: key.fingerprint }, /is the fingerprint of a key/],
      ["PKCS#8 that is cut off", { privateKey: pkcs8("rsa").slice(0, 500) }, /the key is damaged/],
      ["PKCS#8 without its passphrase", { privateKey: pkcs8("ed25519", "canary") }, /there is no passphrase for it/],
      [
        "PKCS#8 with a wrong passphrase",
        { privateKey: pkcs8("ed25519", "canary"), privateKeyPassword: "canaries" },
        /the passphrase is wrong/,
      ],
      [
        "a type that SSH does not have",
        { privateKey: pkcs8("ed448") },
        /is of type ed448.*`ssh-keygen -t ed25519 -f FILE`/,
      ],
      [
        "chacha20-poly1305",
        { privateKey: openssh("chacha20-poly1305@openssh.com", "ssh-ed25519"), privateKeyPassword: "canary" },
        /is encrypted with chacha20-poly1305@openssh\.com.*`ssh-keygen -p -Z aes256-ctr -f FILE`/,
      ],
      [
        "the handle of a key in hardware",
        { privateKey: openssh("none", "sk-ssh-ed25519@openssh.com") },
        /belongs to a hardware security key/,
      ],
      [
        "PuTTY's format",
        { privateKey: putty(3) },
        /in PuTTY's format.*`puttygen FILE\.ppk -O private-openssh -o FILE`/,
      ],
      ["PuTTY's older format", { privateKey: putty(2) }, /in PuTTY's format/],
      ["PuTTY's format as base64", { privateKey: base64(putty(3)) }, /in PuTTY's format/],
    ];
    for (const [what, args, message] of bad) {
      it(`refuses ${what}, and shows nothing of it`, () => {
        const text = refusal(args);
        assert.match(text, message);
        assert.match(text, /privateKey of the configuration .*No connection was made\. Correct the credentials/);
        assert.doesNotMatch(text, /canary|AAAA|b3Bl|MC4C/);
        const fromEnvironment = refusal({ ...args, privateKey: undefined }, { AEGIR_PRIVATE_KEY: args.privateKey });
        assert.match(fromEnvironment, message);
        assert.match(fromEnvironment, / AEGIR_PRIVATE_KEY .*No connection was made\./);
      });
    }

    it("says which setting the key came from, and how it is given there: from standard input, never in an argument", () => {
      const privateKey = key.public;
      const proxy = { ...BASE, host: "bastion.example.com", user: "jump", privateKey };
      const set = (path: string) => `pulumi config set --path --secret 'aegir:servers.${path}.privateKey' < FILE`;
      assert.ok(refusal({ privateKey }).includes(set("main.connection")));
      assert.ok(refusal({ privateKey }, {}, ["main", "accounts"]).includes(set("main.accounts.connection")));
      assert.ok(refusal({ password: "x", proxy }).includes(set("main.connection.proxy")));
      assert.ok(
        refusal({ password: "x", proxy }, {}, ["o1", "accounts"]).includes(set("o1.accounts.connection.proxy")),
      );
      assert.match(refusal({}, { AEGIR_PRIVATE_KEY: privateKey }), /put the content of the key's file into it/);
    });

    describe("advises commands that work with OpenSSH as it is installed:", () => {
      let directory: string;
      before(function () {
        if (spawnSync("ssh-keygen", ["-?"]).error) {
          skip(this, "what needs ssh-keygen", "apt-get install openssh-client");
        }
      });
      beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "keys-"))));
      afterEach(() => rmSync(directory, { recursive: true }));
      const run = (command: string, ...args: string[]) => {
        const { status, stderr } = spawnSync(command, args, { cwd: directory, encoding: "utf8" });
        assert.equal(status, 0, stderr);
      };
      const file = () => readFileSync(join(directory, "FILE"), "utf8");

      it("another cipher for a key that is encrypted with chacha20-poly1305", () => {
        const chacha = ["-Z", "chacha20-poly1305@openssh.com", "-N", "canary"];
        run("ssh-keygen", "-q", "-t", "ed25519", ...chacha, "-f", "FILE");
        const [, advised] = /`(ssh-keygen -p .*?)`/.exec(
          refusal({ privateKey: file(), privateKeyPassword: "canary" }),
        )!;
        // Its passphrases are asked for where there is a terminal.
        run(...(advised!.split(" ") as [string]), "-P", "canary", "-N", "canary");
        assert.ok(rightKey({ privateKey: file(), privateKeyPassword: "canary" }));
      });

      it("a key for this use", () => {
        const [, advised] = /`(ssh-keygen -t .*?)`/.exec(refusal({ privateKey: pkcs8("ed448") }))!;
        run(...(advised!.split(" ") as [string]), "-q", "-N", "");
        assert.ok(rightKey({ privateKey: file() }));
      });

      it("a look at a file that may be damaged", () => {
        writeFileSync(join(directory, "FILE"), key.private, { mode: 0o600 });
        const [, advised] = /`(ssh-keygen -y .*?)`/.exec(refusal({ privateKey: key.private.slice(0, 150) }))!;
        run(...(advised!.split(" ") as [string]));
      });

      it("one line of base64", () => {
        writeFileSync(join(directory, "FILE"), key.private);
        const [, advised] = /`(base64 .*?)`/.exec(refusal({}, { AEGIR_PRIVATE_KEY: key.public }))!;
        const [command, ...args] = advised!.split(" ");
        const { stdout } = spawnSync(command!, args, { cwd: directory, encoding: "utf8" });
        assert.ok(rightKey({}, { AEGIR_PRIVATE_KEY: stdout }));
      });

      it("puttygen, for PuTTY's format", function () {
        if (spawnSync("puttygen", ["--version"]).error) {
          skip(this, "what needs puttygen", "apt-get install putty-tools");
        }
        writeFileSync(join(directory, "pem"), key.private);
        run("puttygen", "pem", "-O", "private", "-o", "FILE.ppk");
        const privateKey = readFileSync(join(directory, "FILE.ppk"), "utf8");
        const [, advised] = /`(puttygen .*?)`/.exec(refusal({ privateKey }))!;
        run(...(advised!.split(" ") as [string]));
        assert.ok(rightKey({ privateKey: file() }));
      });
    });
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
    assert.equal(error?.code, "authenticationRejected");
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
    assert.equal(error?.code, "credentialsUnusable");
    assert.match(error?.message ?? "", /the agent at agentSocketPath does not answer/);
    assert.equal(server.connections, 0);
  });
});

function publicPem(): string {
  return generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
}

function publicKey(key: Parameters<typeof utils.parseKey>[0] | ParsedKey): Buffer {
  const parsed = utils.parseKey(key);
  assert.ok(!(parsed instanceof Error));
  return parsed.getPublicSSH();
}
