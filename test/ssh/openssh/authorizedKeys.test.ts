/** Keys of people in a shell account of a real sshd with StrictModes: what root writes, as whom, and who gets in. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { AegirError } from "../../../provider/aegir/AegirError";
import { configureServers, endServers } from "../../../provider/aegir/servers";
import { PartialFailure } from "../../../provider/resources/PartialFailure";
import { shellAccount } from "../../../provider/resources/ShellAccount";
import { cleaningUp } from "../../support/cleaningUp";
import { newKey } from "../../support/keys";
import { connect } from "../../support/PlainClient";
import { FAILED, needOpenSsh, OpenSshServer } from "../OpenSshServer";
import { needRoot, SystemUser } from "../SystemUser";

const MYSECURESHELL = "/usr/bin/mysecureshell";
const server = "main";
const [anna, ben, eve] = [newKey(), newKey(), newKey()];
const root = newKey();

describe("authorized_keys of a shell account, behind a real sshd", () => {
  let user: SystemUser;
  let sshd: OpenSshServer;
  let directory: string;
  const afterTest = cleaningUp();

  before(needOpenSsh);
  before(needRoot);

  /** What BOA's account cron makes of a login. */
  function makeAccount(): void {
    user = SystemUser.create({
      suffix: ".acme",
      shell: existsSync(MYSECURESHELL) ? MYSECURESHELL : "/usr/sbin/nologin",
    });
    execFileSync("install", ["-d", "-m", "700", "-o", user.name, join(user.home, ".ssh")]);
    chmodSync(user.home, 0o700);
    // Not every file system of a container knows the flag.
    spawnSync("chattr", ["+i", user.home]);
    writeFileSync(join(directory, user.name), `password-of-${newKey().fingerprint}\n`);
  }

  function removeAccount(): void {
    spawnSync("chattr", ["-i", user.home]);
    user.remove();
  }

  beforeEach(async () => {
    directory = mkdtempSync("/run/aegir-keys-");
    chmodSync(directory, 0o755);
    writeFileSync(keysOf("root"), `${root.public}\n`);
    makeAccount();
    const settings = ["StrictModes yes", "LogLevel INFO", `AuthorizedKeysFile .ssh/authorized_keys ${keysOf("%u")}`];
    sshd = await OpenSshServer.start({ settings });
    const connection = sshd.args({ user: "root", privateKey: root.private });
    const accounts = { instance: user.name.split(".")[0], connection, directory };
    configureServers(JSON.stringify({ main: { accounts, waits: { pollSeconds: 0.1, accountMinutes: 0.2 } } }));
  });

  afterEach(async () => {
    await endServers();
    await sshd.stop();
    removeAccount();
    rmSync(directory, { recursive: true });
  });

  const inputs = (...keys: { public: string }[]) => ({
    client: "acme",
    authorizedKeys: keys.map((key) => key.public),
    server,
  });
  /** A second file that sshd reads, which is not the account's. */
  const keysOf = (name: string) => join(directory, `${name}.keys`);
  const ssh = (name = "") => join(user.home, ".ssh", name);
  const file = () => readFileSync(ssh("authorized_keys"), "utf8");

  async function letsIn({ private: privateKey }: { private: string }): Promise<boolean> {
    try {
      (await connect({ host: "127.0.0.1", port: sshd.port, user: user.name, privateKey })).end();
      return true;
    } catch (error) {
      assert.equal((error as { level?: string }).level, "client-authentication");
      return false;
    }
  }

  it("keys on a real sshd: are the account's own file of mode 0600, and let their owners in", async () => {
    chmodSync(ssh(), 0o770);
    await shellAccount.create(inputs(anna, ben));
    assert.deepEqual([await letsIn(anna), await letsIn(ben), await letsIn(eve)], [true, true, false]);
    const { mode, uid } = statSync(ssh("authorized_keys"));
    assert.deepEqual([mode & 0o777, uid], [0o600, statSync(ssh()).uid]);
    assert.equal(statSync(ssh()).mode & 0o022, 0);
    assert.deepEqual(readdirSync(ssh()), ["authorized_keys"]);
  });

  it("keys on a real sshd: two of three stay through a rotation, the third is refused, and no failed login is logged (trap 15)", async () => {
    const { id, outs } = await shellAccount.create(inputs(anna, ben, eve));
    const password = join(directory, user.name);
    const cron = setInterval(() => {
      if (existsSync(password)) return;
      removeAccount();
      makeAccount();
    }, 50);
    afterTest(() => clearInterval(cron));
    const { outs: rotated } = await shellAccount.update(id, outs, { ...inputs(anna, ben), rotation: "2" });
    assert.notEqual(rotated.fingerprint, outs.fingerprint);
    assert.equal(sshd.count(FAILED), 0);
    assert.deepEqual([await letsIn(anna), await letsIn(ben), await letsIn(eve)], [true, true, false]);
    const before = statSync(ssh("authorized_keys")).ino;
    const { props } = await shellAccount.read(id, rotated);
    assert.equal((await shellAccount.diff(id, props!, { ...inputs(anna, ben), rotation: "2" })).changes, false);
    assert.equal(statSync(ssh("authorized_keys")).ino, before);
  });

  it("keys on a real sshd: an expired password keeps no key from being taken away", async () => {
    const { id, outs } = await shellAccount.create(inputs(anna, ben));
    user.password = "expired a long time ago";
    execFileSync("chage", ["--lastday", "2020-01-01", "--maxdays", "90", user.name]);
    await shellAccount.update(id, outs, inputs(ben));
    assert.ok(!file().includes(anna.public));
    assert.equal(await letsIn(anna), false);
  });

  it("keys on a real sshd: one that sshd also finds in another file fails the update", async () => {
    const { id, outs } = await shellAccount.create(inputs(anna, ben));
    writeFileSync(keysOf(user.name), `${ben.public}\n`);
    const failing = shellAccount.update(id, outs, inputs(anna));
    await assert.rejects(failing, (error: PartialFailure) => {
      const { code, detail } = error.cause as AegirError;
      return code === "notApplied" && detail["fingerprint"] === ben.fingerprint;
    });
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [true, true]);
    assert.ok(!file().includes(ben.public));
  });

  it("keys on a real sshd: links that the holder has put there lead root nowhere", async () => {
    const secret = join(directory, "secret");
    writeFileSync(secret, "root's own\n", { mode: 0o600 });
    symlinkSync(secret, ssh("authorized_keys"));
    const isRefused = async (detail: object) => {
      await assert.rejects(shellAccount.create(inputs(anna)), (error: Error) => {
        const { code, detail: given } = (error instanceof PartialFailure ? error.cause : error) as AegirError;
        assert.deepEqual([code, given], ["serverFailed", { login: user.name, ...detail }]);
        return true;
      });
    };
    await isRefused({ answer: "denied" });
    unlinkSync(ssh("authorized_keys"));
    spawnSync("chattr", ["-i", user.home]);
    rmSync(ssh(), { recursive: true });
    symlinkSync(directory, ssh());
    await isRefused({ answer: "denied" });
    assert.equal(readFileSync(secret, "utf8"), "root's own\n");
    assert.deepEqual(readdirSync(directory).sort(), [user.name, "root.keys", "secret"].sort());
  });
});
