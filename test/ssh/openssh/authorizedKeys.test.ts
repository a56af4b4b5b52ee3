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
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { AegirError } from "../../../provider/aegir/AegirError";
import { configureServers, endServers } from "../../../provider/aegir/servers";
import { utcDay } from "../../../provider/naming/Day";
import { PartialFailure } from "../../../provider/resources/PartialFailure";
import { shellAccount } from "../../../provider/resources/ShellAccount";
import { LifecycleStack } from "../../faults/LifecycleStack";
import { InProcessProvider } from "../../faults/Provider";
import { foundIn } from "../../support/canary";
import { cleaningUp } from "../../support/cleaningUp";
import { watchCommandLines } from "../../support/commandLines";
import { newKey } from "../../support/keys";
import { PlainFiles } from "../../support/PlainClient";
import { FAILED, needOpenSsh, OpenSshServer } from "../OpenSshServer";
import { needRoot, SystemUser } from "../SystemUser";

const MYSECURESHELL = "/usr/bin/mysecureshell";
/** That a password lasts; 90 on BOA. */
const PASSWORD_DAYS = 2;
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

  function servers() {
    const connection = sshd.args({ user: "root", privateKey: root.private });
    const accounts = { instance: user.name.split(".")[0], connection, directory, passwordDays: PASSWORD_DAYS };
    return { main: { accounts, waits: { pollSeconds: 0.1, accountMinutes: 0.2 } } };
  }

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
    const password = `password-of-${newKey().fingerprint}`;
    user.password = password;
    execFileSync("chage", ["--maxdays", `${PASSWORD_DAYS}`, "--warndays", "1", user.name]);
    writeFileSync(passwordFile(), `${password}\n`);
  }

  function removeAccount(): void {
    spawnSync("chattr", ["-i", user.home]);
    user.remove();
  }

  /** BOA's account cron, as far as it makes an account again whose password file is gone. */
  function startCron(): void {
    const cron = setInterval(() => {
      if (existsSync(passwordFile())) return;
      removeAccount();
      makeAccount();
    }, 50);
    afterTest(() => clearInterval(cron));
  }

  /** The account as it is when its password was set so many days ago. */
  function agePassword(days: number): void {
    const set = new Date(Date.now() - days * 86_400_000);
    utimesSync(passwordFile(), set, set);
    execFileSync("chage", ["--lastday", utcDay(set), user.name]);
  }

  beforeEach(async () => {
    directory = mkdtempSync("/run/aegir-keys-");
    chmodSync(directory, 0o755);
    writeFileSync(keysOf("root"), `${root.public}\n`);
    makeAccount();
    const settings = [
      "UsePAM yes",
      "StrictModes yes",
      "LogLevel INFO",
      `AuthorizedKeysFile .ssh/authorized_keys ${keysOf("%u")}`,
    ];
    sshd = await OpenSshServer.start({ settings });
    configureServers(JSON.stringify(servers()));
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
  const passwordFile = () => join(directory, user.name);
  /** A second file that sshd reads, which is not the account's. */
  const keysOf = (name: string) => join(directory, `${name}.keys`);
  const ssh = (name = "") => join(user.home, ".ssh", name);
  const file = () => readFileSync(ssh("authorized_keys"), "utf8");

  /** Whether a key opens a file session; sshd lets in a login whose password has ended, and refuses it that. */
  async function letsIn({ private: privateKey }: { private: string }): Promise<boolean> {
    try {
      (await PlainFiles.open({ host: "127.0.0.1", port: sshd.port, user: user.name, privateKey })).close();
      return true;
    } catch (error) {
      const { level, message } = error as { level?: string; message: string };
      assert.ok(level === "client-authentication" || /exit code 1 while/.test(message), message);
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

  it("keys on a real sshd: two of three go on when the password comes of age, the third is refused, and no failed login is logged (trap 15)", async () => {
    startCron();
    const { seen, stop } = watchCommandLines();
    afterTest(stop);
    const stack = new LifecycleStack(() => InProcessProvider.start(servers()));
    const deploy = async (...keys: { public: string }[]) => {
      const args = { ...inputs(...keys), rotation: { everyDays: 1 } };
      stack.declared = [{ type: "ShellAccount", name: "account:acme", args }];
      const run = await stack.up({ refresh: true, continueOnError: true });
      assert.deepEqual(run.failures, []);
      outputs.push(...run.printed);
      return run;
    };
    const outputs: string[] = [];
    const recorded = () => stack.state.get("account:acme")!.outputs;

    await deploy(anna, ben, eve);
    const first = recorded()["password"] as string;
    agePassword(1.5);
    assert.deepEqual([await letsIn(anna), await letsIn(ben), await letsIn(eve)], [true, true, true]);
    const night = await deploy(anna, ben);
    assert.deepEqual(night.done, ["update account:acme"]);
    assert.ok(night.printed.some((line) => line.includes("its password is 1 day old and will be rotated")));
    assert.equal(sshd.count(FAILED), 0);
    const second = recorded()["password"] as string;
    assert.notEqual(second, first);
    assert.deepEqual([await letsIn(anna), await letsIn(ben), await letsIn(eve)], [true, true, false]);

    const written = statSync(ssh("authorized_keys")).ino;
    assert.deepEqual((await deploy(ben, anna)).same, ["account:acme"]);
    assert.equal(statSync(ssh("authorized_keys")).ino, written);
    const secrets = Object.entries({ first, second, root: root.private.split("\n")[2]! });
    assert.ok([...seen].some((line) => line.includes("runuser")));
    assert.deepEqual(foundIn([...outputs, ...seen], secrets), []);
    agePassword(PASSWORD_DAYS + 1);
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [false, false], "without a rotation they had ended");
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
    let recorded: object = {};
    await assert.rejects(failing, (error: PartialFailure) => {
      const { code, detail } = error.cause as AegirError;
      recorded = error.properties;
      return code === "notApplied" && detail["fingerprint"] === ben.fingerprint;
    });
    assert.deepEqual([await letsIn(anna), await letsIn(ben)], [true, true]);
    assert.ok(!file().includes(ben.public));
    const { props } = await shellAccount.read(id, recorded);
    assert.deepEqual(props?.authorizedKeys, [anna.public, ben.public], "a refresh does not forget it");
    await assert.rejects(shellAccount.update(id, props, inputs(anna)), { code: "partialFailure" });
    unlinkSync(keysOf(user.name));
    await shellAccount.update(id, props, inputs(anna));
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
