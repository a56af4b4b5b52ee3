/** What OpenSSH may show, and what a server gets that shows something else: by its own log, not one request to log in. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConnectionArgsInput } from "../../../provider/ssh/ConnectionArgs";
import { HostKeyRejected, SshError } from "../../../provider/ssh/SshError";
import { onEveryEngine } from "../../scenarios/everyEngine";
import { client, owned, Scenario } from "../../scenarios/Scenario";
import { cleaningUp } from "../../support/cleaningUp";
import { DrushDoor } from "../DrushDoor";
import {
  ACCEPTED,
  ASKED_TO_LOG_IN,
  CONNECTED,
  needOpenSsh,
  type OpenSshOptions,
  OpenSshServer,
} from "../OpenSshServer";
import { newEcdsaKey, newKey, newRsaKey } from "../ScriptedServer";
import { Product, SITE } from "./Product";

const LIMITS = { deadlineSeconds: 30 };

describe("The host key of OpenSSH", () => {
  const login = newKey();
  const afterTest = cleaningUp();

  before(needOpenSsh);

  async function start(options: OpenSshOptions = {}): Promise<OpenSshServer> {
    const sshd = await OpenSshServer.start({ authorizedKeys: [login.public], ...options });
    afterTest(() => sshd.stop());
    return sshd;
  }

  function run(sshd: OpenSshServer, change: Partial<ConnectionArgsInput> = {}) {
    const connection = sshd.connection({ privateKey: login.private, ...change });
    afterTest(() => connection.end());
    return connection.run("echo in", null, LIMITS);
  }

  async function sentNothing(sshd: OpenSshServer): Promise<void> {
    await sshd.quiet();
    assert.ok(sshd.count(CONNECTED) > 0);
    assert.deepEqual([sshd.count(ASKED_TO_LOG_IN), sshd.count(ACCEPTED)], [0, 0]);
  }

  it("row 6: that changes between two operations of one process ends the second, with both fingerprints", async () => {
    const product = await Product.start();
    afterTest(() => product.stop());
    await product.handOver("acme");
    const [pinned] = product.sshd.hostKeys;
    const asked = product.sshd.count(ASKED_TO_LOG_IN);
    await product.sshd.restart({ hostKeys: [newKey()] });
    const seen = product.sshd.hostKeys[0]!.fingerprint;
    await assert.rejects(product.handOver("beta"), (error) => {
      assert.ok(error instanceof HostKeyRejected, String(error));
      assert.deepEqual([error.seen, error.pinned, error.outcome], [seen, [pinned!.fingerprint], "notDone"]);
      for (const fingerprint of [seen, pinned!.fingerprint]) assert.ok(error.message.includes(fingerprint));
      return true;
    });
    await product.sshd.quiet();
    assert.equal(product.sshd.count(ASKED_TO_LOG_IN), asked);
    assert.equal(product.owner, "acme");
  });

  it("may be joined by one of another type", async () => {
    const sshd = await start();
    const [first] = sshd.hostKeys;
    await sshd.restart({ hostKeys: [newEcdsaKey(), newRsaKey(), first!] });
    for (const hostKey of [first!.public, first!.fingerprint]) {
      assert.equal((await run(sshd, { hostKey })).stdout, "in\n");
    }
  });

  it("row 7: of a type that is not pinned is not taken for the pinned one", async () => {
    const keys = { rsa: newRsaKey(), ed25519: newKey() };
    const sshd = await start({ hostKeys: [keys.rsa, keys.ed25519] });
    assert.equal((await run(sshd, { hostKey: keys.rsa.public })).stdout, "in\n");
    // A fingerprint alone does not say of which type the key is that the server is to show.
    await assert.rejects(run(sshd, { hostKey: keys.rsa.fingerprint }), (error) => {
      assert.ok(error instanceof HostKeyRejected);
      assert.equal(error.seen, keys.ed25519.fingerprint);
      return true;
    });
    await sshd.restart({ hostKeys: [keys.ed25519] });
    const asked = sshd.count(ASKED_TO_LOG_IN);
    await assert.rejects(run(sshd, { hostKey: keys.rsa.public }), /no host key of a type that is pinned/);
    assert.equal(sshd.count(ASKED_TO_LOG_IN), asked);
  });

  it("is shown plain beside its certificate", async () => {
    const directory = mkdtempSync(join(tmpdir(), "certificate-"));
    afterTest(() => rmSync(directory, { recursive: true }));
    const key = newKey();
    const [authority, host] = [join(directory, "authority"), join(directory, "host")];
    writeFileSync(`${host}.pub`, key.public);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", authority]);
    execFileSync("ssh-keygen", ["-q", "-s", authority, "-I", "test", "-h", "-n", "127.0.0.1", `${host}.pub`], {
      stdio: "ignore",
    });
    const sshd = await start({ hostKeys: [key], settings: [`HostCertificate ${host}-cert.pub`] });
    assert.equal((await run(sshd, { hostKey: key.public })).stdout, "in\n");
    await assert.rejects(run(sshd, { hostKey: newKey().public }), { code: "hostKeyRejected" });
  });

  it("that signs with SHA-1 alone is refused", async () => {
    const key = newRsaKey();
    const sshd = await start({ hostKeys: [key], settings: ["HostKeyAlgorithms ssh-rsa"] });
    for (const hostKey of [key.public, key.fingerprint]) {
      await assert.rejects(run(sshd, { hostKey }), (error) => {
        assert.ok(error instanceof HostKeyRejected);
        assert.match(error.message, /no host key of a type that is pinned or strong enough/);
        return true;
      });
    }
    await sentNothing(sshd);
  });

  for (const [what, ...settings] of [
    ["key exchange with SHA-1", "KexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group1-sha1"],
    ["CBC ciphers", "Ciphers aes256-cbc,aes128-cbc,3des-cbc"],
    ["a MAC with SHA-1", "Ciphers aes128-ctr", "MACs hmac-sha1,hmac-sha1-etm@openssh.com"],
  ] as [string, ...string[]][]) {
    it(`does not help a server that has nothing but ${what}`, async () => {
      const sshd = await start({ settings });
      await assert.rejects(run(sshd), (error) => {
        assert.ok(error instanceof SshError);
        assert.equal(error.code, "refusedByServer", error.message);
        assert.match(error.message, /no secure algorithm in common with the server/);
        return true;
      });
      await sentNothing(sshd);
    });
  }
});

onEveryEngine("A host key that changes between two deployments", (engine) => {
  const afterTest = cleaningUp();

  before(needOpenSsh);

  it("row 6: ends the second, which names both keys, sends nothing and changes nothing", async () => {
    const scenario = await Scenario.open(engine());
    afterTest(() => scenario.close());
    scenario.aegir.addSites([{ site: SITE }, { site: "shop.acme.example" }]);
    const login = newKey();
    const sshd = await OpenSshServer.start({ authorizedKeys: [login.public] });
    afterTest(() => sshd.stop());
    const door = await DrushDoor.open(scenario.aegir, () => sshd.breakConnections());
    afterTest(() => door.close());
    const connection = { ...sshd.args(), privateKey: login.private };
    const main = { connection, drush: { command: door.program }, waits: { pollSeconds: 0.05 } };
    await scenario.configure({ "aegir:servers": { secret: JSON.stringify({ main }) } });
    const [acme, site] = [client("acme", "Acme Corp"), owned(SITE, "acme")];
    await scenario.up([acme, site]);
    assert.equal(scenario.owner(SITE), "acme");

    const [pinned] = sshd.hostKeys;
    const [asked, writes] = [sshd.count(ASKED_TO_LOG_IN), scenario.aegir.counts.writes];
    await sshd.restart({ hostKeys: [newKey()] });
    scenario.declare([acme, site, owned("shop.acme.example", "acme")]);
    const { ok, output } = await scenario.stack.up();
    assert.equal(ok, false);
    for (const fingerprint of [pinned!.fingerprint, sshd.hostKeys[0]!.fingerprint]) {
      assert.ok(output.includes(fingerprint), output);
    }
    await sshd.quiet();
    assert.deepEqual([sshd.count(ASKED_TO_LOG_IN), scenario.aegir.counts.writes], [asked, writes]);

    await sshd.restart({ hostKeys: [pinned!] });
    await scenario.up();
    assert.equal(scenario.owner("shop.acme.example"), "acme");
  });
});
