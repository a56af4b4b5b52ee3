/** Rows 1 to 12 of the fault matrix: reaching the host. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { utils } from "ssh2";
import { client } from "../scenarios/Scenario";
import { newKey, newRsaKey, ScriptedServer } from "../ssh/ScriptedServer";
import { until } from "../support/until";
import { access, eachFaultRun, type FaultRun, SITE } from "./FaultRun";
import { InProcessProvider } from "./Provider";

describe("reaching the host", () => {
  const hostKey = newKey();
  const faultRun = eachFaultRun({ aegir: { hostKey: hostKey.private } });
  const publicKey = (key: { public: string }) => key.public.split(" ").slice(0, 2).join(" ");
  const logins = (t: FaultRun) => {
    const { accepted, rejected } = t.aegir.counts.authentications;
    return { accepted, rejected };
  };

  /** Fails at the first step with the message, and has begun nothing. */
  async function refused(t: FaultRun, message: RegExp, connection?: object): Promise<void> {
    if (connection) t.servers = t.configuration(connection);
    const { writes } = t.aegir.counts;
    const run = await t.up();
    assert.match(run.failures[0]?.message ?? "", message);
    assert.equal(t.aegir.counts.writes, writes);
    assert.equal(t.stack.state.size, 0);
    t.proxy.heal();
    await t.check(run);
  }

  it("row 1: a port that is closed is tried as often as allowed, and is not taken for an empty server", async () => {
    const t = faultRun();
    await t.expectUp();
    await t.proxy.down();
    const refreshed = await t.refresh();
    await t.proxy.up();
    const said = t.notLookedAt(refreshed);
    assert.match(said[0]!, /could not be reached: nothing listens on port \d+ .*\(2 attempts/);
    assert.equal(said.length, 5);
    assert.equal(t.stack.state.size, 5);
    await t.check(refreshed);
  });

  it("row 2: a name that does not resolve is said to be a matter of DNS", async () => {
    await refused(faultRun(), /the name host\.invalid cannot be resolved \(DNS: \w+\) \(2 attempts/, {
      host: "host.invalid",
      dialErrorLimit: -1,
    });
  });

  it("row 3: a server that never greets costs one deadline per attempt", async () => {
    const t = faultRun();
    t.proxy.add("timeout", "downstream", { milliseconds: 0 });
    await refused(t, /accepted the connection but sent no SSH greeting within 0\.2 s \(2 attempts/, {
      perDialTimeout: 0.2,
    });
  });

  it("row 4: what answers but is not an SSH server is shown cut and escaped", async () => {
    for (const greeting of ["HTTP/1.1 400 Bad Request\r\n\x1b[2J\r\n", `${"x".repeat(100_000)}\r\n`]) {
      const t = faultRun();
      const server = createServer((socket) => socket.on("error", () => undefined).end(greeting));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        await refused(
          t,
          /what answers is not an SSH server: "(HTTP\/1\.1 400 Bad Request\\r\\n\\x1b\[2J|x+ \[\.\.\.)/,
          {
            port: (server.address() as AddressInfo).port,
          },
        );
        assert.ok(t.printed.every((line) => line.length < 2500));
      } finally {
        server.close();
      }
      await t.destroy();
    }
  });

  it("row 5: an unknown host key is refused with its fingerprint and how to pin it, and nothing is sent", async () => {
    const t = faultRun();
    t.servers = t.configuration({ hostKey: newKey().fingerprint });
    const run = await t.up();
    const { hostKey: fingerprint } = t.aegir.drush;
    assert.match(run.failures[0]!.message, /unknown host key: the server shows the ssh-ed25519 key SHA256:/);
    assert.ok(run.failures[0]!.message.endsWith(`add it to the connection's hostKey: "${fingerprint}"`));
    assert.deepEqual(logins(t), { accepted: 0, rejected: 0 });
    await t.check(run);
  });

  it("row 6: a changed host key is refused with both fingerprints, and no credential is offered", async () => {
    const t = faultRun();
    const pinned = publicKey(hostKey);
    t.servers = t.configuration({ hostKey: pinned });
    await t.expectUp();
    const before = logins(t);
    await t.aegir.down();
    await t.aegir.up({ newHostKey: true });
    const run = await t.refresh();
    assert.match(t.notLookedAt(run)[0]!, /HOST KEY CHANGED: the server shows .* SHA256:.*, pinned is SHA256:/);
    assert.deepEqual(logins(t), before);
    assert.equal(t.stack.state.size, 5);
    await t.check(run);
  });

  it("row 7: a pin of another type than the server's key is refused, and nothing is sent", async () => {
    const t = faultRun();
    await refused(t, /no host key of a type that is pinned or strong enough; pinned: SHA256:\S+ \(ssh-rsa\)/, {
      hostKey: newRsaKey().public,
    });
    assert.equal(logins(t).rejected, 0);
  });

  it("row 8: rejected credentials are tried once, and not again by the other resources", async () => {
    const t = faultRun();
    t.aegir.faults.refuseLogins = true;
    t.stack.declared = [...access(), client("luna", "Luna Ltd")];
    const run = await t.up({ continueOnError: true });
    assert.equal(run.failures.length, 2);
    assert.match(run.failures[0]!.message, /rejected the .* of the user aegir.*Tried only once/);
    assert.deepEqual(logins(t), { accepted: 0, rejected: 1 });
    t.aegir.faults.refuseLogins = false;
    await t.check(run);
  });

  it("row 9: a key that cannot be read is refused before any connection is made, and not shown", async () => {
    const t = faultRun();
    const encrypted = newKey("zebra quartz").private;
    const damaged = t.aegir.drush.privateKey.split("\n").toSpliced(3, 1).join("\n");
    for (const [privateKey, privateKeyPassword, message] of [
      [encrypted, undefined, /is encrypted and there is no passphrase/],
      [encrypted, "another one", /cannot be decrypted: the passphrase is wrong/],
      [damaged, undefined, /cannot be read: the key is damaged/],
      ["/home/ci/.ssh/id", undefined, /is not a private key; it must hold the key's text itself/],
    ] as const) {
      t.servers = t.configuration({ privateKey, privateKeyPassword });
      const run = await t.up();
      assert.match(run.failures[0]!.message, message);
      for (const failure of run.failures) {
        t.assertExplains(failure.name, failure.message);
        for (const secret of [privateKey.split("\n")[2] ?? privateKey, "zebra quartz"]) {
          assert.ok(!failure.message.includes(secret), failure.message);
        }
      }
    }
    assert.equal(t.proxy.connections, 0);
    assert.ok(!(utils.parseKey(encrypted, "zebra quartz") instanceof Error));
    await t.check();
  });

  it("row 10: logins that are dropped before the greeting are tried again, and there is one for everything", async () => {
    const t = faultRun();
    t.servers = t.configuration({ dialErrorLimit: 4 });
    t.proxy.add("limit_data", "downstream", { bytes: 0 });
    assert.equal((await t.up()).ok, true);
    assert.deepEqual(t.aegir.counts.connections, { aegir: 1, "o1.ftp": 1 });
    await t.check();
  });

  it("row 11: thirty operations at once need one session, where a connection may have few", async () => {
    const t = faultRun();
    const provider = await InProcessProvider.start(t.configuration());
    const users = Array.from({ length: 30 }, (_, index) => `person${index}`);
    for (const name of users) t.aegir.panel.addUser({ name });
    t.aegir.panel.addClient({ name: "Luna Ltd", internalName: "luna" });
    const made = users.map((user) => provider.create("ClientUserBinding", { client: "luna", user, server: "main" }));
    assert.equal((await Promise.all(made)).length, 30);
    await provider.end();
    assert.deepEqual([t.aegir.counts.connections, t.aegir.counts.workerStarts], [{ aegir: 1 }, 1]);
  });

  it("row 12: a bastion that dies on the way is named, and the server behind it is not blamed", async () => {
    const t = faultRun();
    const bastion = await ScriptedServer.start({ forwarding: true });
    try {
      const proxy = { ...bastion.args({ user: "jump" }), dialErrorLimit: undefined };
      t.servers = t.configuration({ proxy });
      const running = t.up();
      t.proxy.add("timeout", "downstream", { milliseconds: 0 });
      await until(() => t.proxy.connections > 0);
      bastion.drop();
      const run = await running;
      assert.match(
        run.failures[0]!.message,
        /^jump@127\.0\.0\.1:\d+: could not be reached, the bastion on the way to aegir@127\.0\.0\.1/,
      );
      t.proxy.heal();
      t.servers = t.configuration({ proxy });
      assert.equal((await t.up()).ok, true);
      await t.check(run);
      assert.equal(t.aegir.tables().sites.find(({ site }) => site === SITE)?.owner, "nova");
    } finally {
      await bastion.stop();
    }
  });
});
