import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Client } from "ssh2";
import { WORKER_ARGUMENTS } from "../../provider/worker/protocol";
import { RawWorker } from "../conformance/RawWorker";
import { newKey } from "../support/keys";
import { connect, execute, PlainFiles, type Target } from "../support/PlainClient";
import { AegirFixture } from "./AegirFixture";
import { SmallAegir } from "./SmallAegir";

const COMMAND = `drush @hostmaster ${WORKER_ARGUMENTS}`;
const SOURCE = Buffer.from("// source").toString("base64");
const MARKER = "00112233445566778899aabbccddeeff";
const HELLO = JSON.stringify({ id: 1, verb: "hello", args: { protocol: 1, marker: MARKER } });

const refused = { level: "client-authentication" };

/** The fingerprint of the key that a server shows; nothing is sent after it. */
function shownFingerprint({ host, port }: Target): Promise<string> {
  const client = new Client();
  return new Promise((resolve) => {
    client.on("error", () => undefined);
    client.connect({
      host,
      port,
      username: "nobody",
      hostVerifier: (key: Buffer) => {
        resolve(`SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`);
        return false;
      },
    });
  });
}

describe("the small Aegir's door", () => {
  const fixture = new AegirFixture();

  it("shows the host key whose fingerprint its configuration names", async () => {
    assert.equal(await shownFingerprint(fixture.aegir.drush), fixture.aegir.configuration().connection.hostKey);
    assert.deepEqual(fixture.aegir.counts.authentications, { accepted: 0, rejected: 0 });
  });

  it("opens again on the same port with another host key", async () => {
    const before = fixture.aegir.drush;
    await fixture.aegir.down();
    await assert.rejects(connect(before), { code: "ECONNREFUSED" });
    await fixture.aegir.up({ newHostKey: true });
    assert.equal(fixture.aegir.drush.port, before.port);
    assert.notEqual(fixture.aegir.drush.hostKey, before.hostKey);
    assert.equal(await shownFingerprint(before), fixture.aegir.drush.hostKey);
  });

  it("takes each login's own key or password, and counts", async () => {
    for (const { host, port, user, privateKey, password } of [fixture.aegir.drush, fixture.aegir.accounts]) {
      (await connect({ host, port, user, privateKey })).end();
      (await connect({ host, port, user, password })).end();
    }
    assert.deepEqual(fixture.aegir.counts.connections, { aegir: 2, "o1.ftp": 2 });
    assert.deepEqual(fixture.aegir.counts.authentications, { accepted: 4, rejected: 0 });
  });

  it("refuses a wrong password, another login's key, an unknown user, and every login when configured so", async () => {
    const { host, port, user } = fixture.aegir.drush;
    await assert.rejects(connect({ host, port, user, password: "wrong" }), refused);
    await assert.rejects(connect({ host, port, user, privateKey: fixture.aegir.accounts.privateKey }), refused);
    await assert.rejects(connect({ host, port, user: "root", password: "wrong" }), refused);
    fixture.aegir.faults.refuseLogins = true;
    await assert.rejects(connect({ ...fixture.aegir.drush, privateKey: undefined }), refused);
    assert.deepEqual(fixture.aegir.counts.authentications, { accepted: 0, rejected: 4 });
  });

  it("accepts only Drush's commands", async () => {
    const client = await connect(fixture.aegir.drush);
    const unknown = await execute(client, "uptime; id");
    assert.equal(unknown.code, 127);
    assert.match(unknown.stderr, /command not found/);
    assert.equal((await execute(client, `${COMMAND} --verbose`)).code, 1);
    const alias = await execute(client, `drush @elsewhere ${WORKER_ARGUMENTS}`);
    assert.deepEqual([alias.code, alias.stdout], [1, ""]);
    client.end();
    assert.equal(fixture.aegir.counts.workerStarts, 0);
  });

  // docs/aegir.md#logins
  it("gives commands to the Drush login alone, and password files to every other login", async () => {
    const main = await connect(fixture.aegir.accounts);
    await assert.rejects(execute(main, COMMAND), /Unable to exec/);
    main.end();
    const files = await PlainFiles.open(fixture.aegir.drush);
    await assert.rejects(files.list("/home/o1.ftp/users"), /Permission denied/);
    files.close();
  });

  // docs/aegir.md#account-limits
  it("refuses an eleventh session of one connection at once", async () => {
    const client = await connect(fixture.aegir.drush);
    const open = () =>
      new Promise<void>((resolve, reject) => client.exec(COMMAND, (error) => (error ? reject(error) : resolve())));
    for (let session = 0; session < 10; session++) await open();
    await assert.rejects(open(), /Channel open failure/);
    client.end();
    assert.equal(fixture.aegir.counts.workerStarts, 10);
  });

  // docs/aegir.md#account-limits
  it("closes a sixth SFTP connection of one user, and admits one again later", async () => {
    const opened: PlainFiles[] = [];
    for (let connection = 0; connection < 5; connection++) opened.push(await fixture.mainFiles());
    await assert.rejects(fixture.mainFiles());
    const closed = new Promise((resolve) => opened[0]?.client.once("close", () => resolve(undefined)));
    opened[0]?.close();
    await closed;
    assert.deepEqual(await (await fixture.mainFiles()).list("/"), ["users"]);
  });

  it("runs beside another one in the same process", async () => {
    const other = await SmallAegir.start();
    try {
      other.addSites([{ site: "other.example.com" }]);
      const there = await RawWorker.greeted(other.drush);
      assert.equal((await there.ok("site", { site: "other.example.com" })).sites.length, 1);
      const here = await fixture.worker();
      assert.equal((await here.ok("site", { site: "other.example.com" })).sites.length, 0);
    } finally {
      await other.stop();
    }
  });
});

describe("a small Aegir with options", () => {
  const hostKey = newKey();
  const fixture = new AegirFixture({ hostKey: hostKey.private, user: "o1", owner: "aegir" });

  it("shows the host key that it was given, and takes its worker's login by the name that it was given", async () => {
    assert.equal(await shownFingerprint(fixture.aegir.drush), hostKey.fingerprint);
    (await connect(fixture.aegir.drush)).end();
    assert.deepEqual(fixture.aegir.counts.connections, { o1: 1 });
  });

  it("knows its front end only as the user that owns it, with that one's HOME", async () => {
    const client = await connect(fixture.aegir.drush);
    assert.equal((await execute(client, COMMAND)).code, 1);
    assert.equal((await execute(client, `sudo -n -u aegir ${COMMAND}`)).code, 1);
    assert.equal((await execute(client, `sudo -n -u aegir -H ${COMMAND}`, `${SOURCE}\n`)).code, 0);
    client.end();
  });

  it("runs its task queue once when Drush asks for it", async () => {
    fixture.aegir.addSites([{ site: "one.example.com" }]);
    const task = fixture.aegir.panel.addTask("one.example.com", "verify");
    const client = await connect(fixture.aegir.drush);
    assert.equal((await execute(client, "sudo -n -u aegir -H drush @hostmaster hosting-tasks")).code, 0);
    client.end();
    assert.equal(fixture.task(task).status, -1);
  });
});

describe("a worker's process", () => {
  const fixture = new AegirFixture();

  /** Its exit code, its output, and the error in its last answer. */
  async function run(...lines: string[]) {
    const client = await connect(fixture.aegir.drush);
    const { code, stdout } = await execute(client, COMMAND, lines.map((line) => `${line}\n`).join(""));
    client.end();
    const [, json] = new RegExp(`\\n${MARKER} \\d+ ({"id":\\d+,"now":\\d+,"ok":false.*)\\n$`).exec(stdout) ?? [];
    return { code, stdout, error: json === undefined ? undefined : (JSON.parse(json) as { error: object }).error };
  }

  it("dies without an answer when line 1 is not source code", async () => {
    for (const line of ["", Buffer.from("<?php echo 1;").toString("base64"), '{"id":1,"verb":"hello"}']) {
      const { code, stdout } = await run(line, HELLO);
      assert.equal(code, 1);
      assert.match(stdout, /^ParseError.*\n$/);
    }
  });

  it("ends when an id does not rise, with a fatal error", async () => {
    const { error } = await run(SOURCE, HELLO, `{"id":1,"verb":"inventory","args":{}}`);
    assert.deepEqual(error, { code: "protocol", message: "This is no request, or not now.", fatal: true });
  });
});
