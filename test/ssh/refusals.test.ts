/**
 * What is refused at every hop, by whichever way it is gone: a deployment or doctor, to Drush or to the password files, and at
 * the bastion before each. The scripted server sees whether anything is sent after the refusal.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Algorithms, utils } from "ssh2";
import { stringify } from "yaml";
import type { ConnectionArgsInput } from "../../provider/ssh/ConnectionArgs";
import { aegirAccess } from "../cli/command";
import { InProcessProvider, messageOf } from "../faults/Provider";
import { cleaningUp } from "../support/cleaningUp";
import { newEcdsaKey, newKey, newRsaKey, type Script, ScriptedServer } from "./ScriptedServer";

type Change = Partial<ConnectionArgsInput>;

/** Where in a configuration the server stands that is to be refused; `target` is another one, which is never to be asked. */
const hops: Record<string, (hop: ConnectionArgsInput, target: ConnectionArgsInput) => object> = {
  "the connection to Drush": (hop) => ({ connection: hop }),
  "the bastion before Drush": (proxy, target) => ({ connection: { ...target, proxy } }),
  "the connection to the password files": (hop) => ({ accounts: { instance: "o1", connection: hop } }),
  "the bastion before the password files": (proxy, target) => ({
    accounts: { instance: "o1", connection: { ...target, proxy } },
  }),
};

describe("At every hop", () => {
  const afterTest = cleaningUp();
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), "aegir-refusals-"))));
  after(() => rmSync(directory, { recursive: true }));

  async function start(script: Script = {}): Promise<ScriptedServer> {
    const server = await ScriptedServer.start({ forwarding: true, ...script });
    afterTest(() => server.stop());
    return server;
  }

  /** What the two ways say that a server is looked at or deployed to: several operations at once, and then another. */
  const ways: Record<string, (main: object) => Promise<string[]>> = {
    "a deployment": async (main) => {
      const provider = await InProcessProvider.start({ main });
      afterTest(() => provider.end());
      const create = (name: string) =>
        "connection" in main
          ? provider.create("AegirClient", { name, internalName: name, server: "main" })
          : provider.create("ShellAccount", { client: name, server: "main" });
      const failed = async (...names: string[]) => {
        const outcomes = await Promise.allSettled(names.map(create));
        return outcomes.map((outcome) => (outcome.status === "rejected" ? messageOf(outcome.reason) : "it went well"));
      };
      return [...(await failed("one", "two", "three")), ...(await failed("four"))];
    },
    doctor: async (main) => {
      writeFileSync(join(directory, "servers.yaml"), stringify({ main }));
      const { stdout, exitCode } = await aegirAccess(["doctor", "--config", "servers.yaml"], { cwd: directory });
      assert.ok(exitCode === 3 || exitCode === 4, stdout);
      return [stdout.replace(/\s+/g, " ")];
    },
  };

  /** Both ways, at each hop: every message is of this form; the hop has seen these attempts to log in, and nothing else. */
  async function refused(
    script: Script,
    change: (server: ScriptedServer) => Change,
    said: RegExp,
    attempts: string[] = [],
  ) {
    for (const [hop, configured] of Object.entries(hops)) {
      for (const [way, going] of Object.entries(ways)) {
        const [server, target] = [await start(script), await start()];
        const messages = await going(configured(server.args(change(server)), target.args()));
        for (const message of messages) assert.match(message, said, `${hop}, ${way}`);
        assert.deepEqual(server.attempts, attempts, `${hop}, ${way}`);
        assert.deepEqual([server.commands, server.globalRequests, target.connections], [[], 0, 0], `${hop}, ${way}`);
      }
    }
  }

  it("row 6: a host key that is not the pinned one is refused, and nothing is sent", () =>
    refused({}, () => ({ hostKey: newKey().public }), /HOST KEY CHANGED/));

  it("row 5: a host key that a fingerprint does not name is refused, and nothing is sent", () =>
    refused({}, () => ({ hostKey: newKey().fingerprint }), /unknown host key/));

  it("row 7: a host key of another type than the pinned one is refused, and nothing is sent", () =>
    refused(
      { hostKeys: [newEcdsaKey()] },
      () => ({ hostKey: newKey().public }),
      /no host key of a type that is pinned/,
    ));

  it("row 6: a revoked host key is refused though it is pinned, and nothing is sent", () =>
    refused(
      {},
      ({ hostKeys: [key] }) => ({ hostKey: [key!.public, `@revoked * ${key!.public}`] }),
      /revoked host key/,
    ));

  for (const [what, algorithms, said] of [
    [
      "an RSA key that signs with SHA-1",
      { serverHostKey: ["ssh-rsa"] },
      /no host key of a type that is pinned or strong/,
    ],
    [
      "key exchange with SHA-1",
      { kex: ["diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1", "diffie-hellman-group1-sha1"] },
      /no secure algorithm in common/,
    ],
    ["CBC", { cipher: ["aes256-cbc", "aes128-cbc"] }, /no secure algorithm in common/],
    ["MD5", { cipher: ["aes128-ctr"], hmac: ["hmac-md5", "hmac-md5-96"] }, /no secure algorithm in common/],
    [
      "a MAC with SHA-1",
      { cipher: ["aes128-ctr"], hmac: ["hmac-sha1", "hmac-sha1-96"] },
      /no secure algorithm in common/,
    ],
  ] as [string, Algorithms, RegExp][]) {
    it(`a server that has nothing better than ${what} is refused, and nothing is sent`, async () => {
      const script = { hostKeys: [newRsaKey()], algorithms };
      await refused(script, ({ hostKeys: [key] }) => ({ hostKey: key!.public }), said);
    });
  }

  it("a key that signs with SHA-1 is not even shown to be compared", async () => {
    const server = await start({ hostKeys: [newRsaKey()], algorithms: { serverHostKey: ["ssh-rsa"] } });
    const where = ["--host", "127.0.0.1", "--port", `${server.port}`, "--user", "aegir"];
    const { stdout } = await aegirAccess(["doctor", ...where]);
    assert.match(stdout.replace(/\s+/g, " "), /no host key of a type that is pinned or strong enough/);
    assert.ok(!stdout.includes(server.hostKeys[0]!.fingerprint), stdout);
  });

  for (const [what, credentials, attempt] of [
    ["password", { password: "wrong" }, "password"],
    ["key", { password: undefined, privateKey: newKey().private }, "publickey"],
  ] as const) {
    it(`row 8: a rejected ${what} is tried exactly once, by however many operations`, () =>
      refused({ authorizedKeys: [] }, () => credentials, new RegExp(`rejected the .*Tried only once`), [attempt]));
  }

  it("row 8: rejected credentials are tried exactly once, by however many connections go through one bastion", async () => {
    const [bastion, drush, accounts] = [await start({ authorizedKeys: [] }), await start(), await start()];
    const proxy = bastion.args({ password: "wrong" });
    const server = {
      connection: { ...drush.args(), proxy },
      accounts: { instance: "o1", connection: { ...accounts.args(), proxy } },
    };
    const provider = await InProcessProvider.start({ main: server, other: { ...server, clientPrefix: "other" } });
    afterTest(() => provider.end());
    const create = () =>
      ["main", "other"].flatMap((name) => [
        provider.create("AegirClient", { name: "One", internalName: "one", server: name }),
        provider.create("ShellAccount", { client: "one", server: name }),
      ]);
    for (const outcome of [...(await Promise.allSettled(create())), ...(await Promise.allSettled(create()))]) {
      assert.match(
        outcome.status === "rejected" ? messageOf(outcome.reason) : "",
        /rejected the password.*Tried only once/,
      );
    }
    assert.deepEqual([bastion.attempts, drush.connections, accounts.connections], [["password"], 0, 0]);
  });

  it("no weak algorithm of any kind is offered to any server", async () => {
    const offered: string[] = [];
    const server = await start({
      onSocket: (socket) => {
        socket.write("SSH-2.0-listener\r\n");
        socket.on("data", (piece: Buffer) => offered.push(piece.toString("latin1")));
        return true;
      },
    });
    const connection = { ...server.args({ hostKey: newKey().fingerprint }), dialErrorLimit: 0, perDialTimeout: 1 };
    await ways["a deployment"]!({ connection });
    const words = new Set(offered.join("").match(/[a-z][a-z0-9@.-]{5,}/g));
    assert.ok(words.has("curve25519-sha256") && words.has("aes128-ctr"), [...words].join(" "));
    const weak = /ssh-rsa$|ssh-dss|sha1|md5|cbc|arcfour|3des|blowfish|cast128|group1-|zlib|ripemd|umac-64/;
    assert.deepEqual(
      [...words].filter((word) => weak.test(word)),
      [],
    );
  });

  it("an encrypted key and its bastion's are read before either is connected to", async () => {
    const [bastion, target] = [await start(), await start()];
    const privateKey = newKey("a passphrase").private;
    for (const connection of [
      { ...target.args({ privateKey }), proxy: bastion.args() },
      { ...target.args(), proxy: bastion.args({ privateKey }) },
    ]) {
      const [message] = await ways["a deployment"]!({ connection });
      assert.match(message!, /is encrypted and there is no passphrase/);
    }
    assert.deepEqual([bastion.connections, target.connections], [0, 0]);
    assert.ok(utils.parseKey(privateKey) instanceof Error);
  });
});
