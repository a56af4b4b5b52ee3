/**
 * The third way in (docs/aegir.md#logins): a hosted account, whose login `o1.ftp` has BOA's limited shell, and SFTP to
 * the password files. The shell is lshell as PyPI has it (limited-shell), with BOA's settings as far as they matter
 * here.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { configureServers, endServers } from "../../../provider/aegir/servers";
import { aegirClient } from "../../../provider/resources/AegirClient";
import { shellAccount } from "../../../provider/resources/ShellAccount";
import type { ConnectionArgsInput } from "../../../provider/ssh/ConnectionArgs";
import { SshError } from "../../../provider/ssh/SshError";
import { foundIn } from "../../support/canary";
import { cleaningUp } from "../../support/cleaningUp";
import { newProviderProcess } from "../../support/newProviderProcess";
import { skip } from "../../support/skip";
import { until } from "../../support/until";
import {
  ACCEPTED,
  ASKED_TO_LOG_IN,
  CONNECTED,
  FAILED,
  needOpenSsh,
  type OpenSshOptions,
  OpenSshServer,
} from "../OpenSshServer";
import { needRoot, SystemUser } from "../SystemUser";

const LSHELL =
  "/usr/bin/python3 -m venv /opt/aegir-test; /opt/aegir-test/bin/pip install limited-shell==0.11.1; export PATH=$PATH:/opt/aegir-test/bin";

const SFTP_SERVER = "/usr/lib/openssh/sftp-server";
const PASSWORD = "the main account's password";
const NEW = "the-rotated-password-of-acme";
const server = "main";

const lshell = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((directory) => join(directory, "lshell"))
  .find((program) => existsSync(program));

/**
 * What of BOA's lshell.conf decides about us (docs/aegir.md#limited-shell); `overssh` is what an SSH client may run.
 */
function lshellConf(logs: string, sftp: 0 | 1): string {
  const allowed = ["cd", "cp", "drush", "drush8", "env", "git", "grep", "ls", "mv", "rm", "rsync", "scp", "true"];
  const forbidden = [";", "`", "$(", "${", "&&", "hostmaster", "server_master", "php-script", "php-cli"];
  forbidden.push("drush php", "drush ev", "drush scr", "shell", "site-install", "drush exec");
  const list = (words: string[]) => `[${words.map((word) => `'${word}'`).join(",")}]`;
  return [
    ...["[global]", `logpath : ${logs}`, "loglevel : 4", "[default]", "strict : 1", "warning_counter : 2", "scp : 1"],
    ...[`sftp : ${sftp}`, `allowed : ${list(allowed)}`, `overssh : ${list(allowed)}`, `forbidden : ${list(forbidden)}`],
  ].join("\n");
}

describe("A hosted account, whose login has a limited shell", () => {
  let directory: string;
  let logs: string;
  let user: SystemUser;
  let instance: string;
  let login: string;
  const afterTest = cleaningUp();

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "lshell-"));
    logs = join(directory, "log");
  });
  before(needOpenSsh);
  before(needRoot);
  before(function () {
    if (!lshell) skip(this, "what logs in to a limited shell", LSHELL);
    user = SystemUser.create({ suffix: ".ftp" });
    user.mustRun(lshell, this);
    user.password = PASSWORD;
    instance = user.name.replace(".ftp", "");
    login = `${instance}.acme`;
    chmodSync(directory, 0o755);
    mkdirSync(logs);
    // Whoever has the shell writes a log of its own.
    chmodSync(logs, 0o777);
    const shell = join(directory, "shell");
    writeFileSync(shell, `#!/bin/sh\nexec ${lshell} --config ${directory}/lshell.conf "$@"\n`, { mode: 0o755 });
    user.shell = shell;
  });
  beforeEach(() => {
    rmSync(join(logs, `${user.name}.log`), { force: true });
    user.write(`users/${login}`, "old\n", 0o600);
  });
  afterEach(async () => {
    newProviderProcess();
    await endServers();
  });
  after(() => {
    user?.remove();
    rmSync(directory, { recursive: true });
  });

  function allowSftp(sftp: 0 | 1): void {
    writeFileSync(join(directory, "lshell.conf"), lshellConf(logs, sftp));
  }
  const shellLog = ({ name } = user) => readFileSync(join(logs, `${name}.log`), "utf8");

  async function start({ settings = [], ...options }: OpenSshOptions = {}): Promise<OpenSshServer> {
    const sshd = await OpenSshServer.start({
      user: user.name,
      settings: [...settings, "PasswordAuthentication yes"],
      sftp: SFTP_SERVER,
      ...options,
    });
    afterTest(() => sshd.stop());
    return sshd;
  }

  /** As a stack has it; the connection is the accounts' alone, or Drush's as well. */
  function configure(sshd: OpenSshServer, accounts: object = {}, change: Partial<ConnectionArgsInput> = {}): void {
    const connection = { ...sshd.args(), password: PASSWORD, ...change };
    const waits = { pollSeconds: 0.05, accountMinutes: 1 };
    configureServers(JSON.stringify({ [server]: { accounts: { instance, connection, ...accounts }, waits } }));
  }

  /** Reads a password, rotates it, and waits for the new one, while this is BOA's cron. */
  async function rotates(): Promise<void> {
    const file = join(user.home, "users", login);
    const { id, outs } = await shellAccount.create({ client: "acme", server });
    assert.deepEqual([id, outs.password], [`account:${login}`, "old"]);
    const rotating = shellAccount.update(id, outs, { client: "acme", rotation: "1", server });
    await until(() => !existsSync(file));
    user.write(`users/${login}`, "", 0o600);
    user.write(`users/${login}`, `${NEW}\n`, 0o600);
    assert.equal((await rotating).outs.password, NEW);
  }

  it("has its password files read, removed and waited for over lshell's own SFTP", async () => {
    allowSftp(1);
    const sshd = await start();
    configure(sshd, { directory: join(user.home, "users") });
    await rotates();
    assert.deepEqual([sshd.count(ACCEPTED), sshd.count(FAILED)], [1, 0]);
    assert.equal(shellLog().match(/SFTP connect/g)?.length, 1);
    assert.doesNotMatch(shellLog(), /forbidden|Over SSH/);
    const secrets = Object.entries({ PASSWORD, "the rotated password": NEW });
    assert.deepEqual(foundIn([sshd.log, shellLog()], secrets), []);
  });

  it("has them at /users where sshd itself confines it to SFTP in its home", async () => {
    allowSftp(0);
    // sshd wants a root that nobody else may write to.
    execFileSync("chown", ["root:", user.home]);
    afterTest(() => execFileSync("chown", [`${user.name}:`, user.home]));
    const sshd = await start({ settings: ["ChrootDirectory %h", "ForceCommand internal-sftp"] });
    configure(sshd);
    await rotates();
    assert.deepEqual([sshd.count(ACCEPTED), sshd.count(FAILED)], [1, 0]);
  });

  it("says so where the limited shell forbids SFTP", async () => {
    allowSftp(0);
    configure(await start());
    await assert.rejects(shellAccount.create({ client: "acme", server }), (error) => {
      assert.ok(error instanceof SshError);
      assert.deepEqual([error.code, error.outcome], ["refusedByServer", "notDone"]);
      assert.match(error.message, /refused SFTP: Received exit code 1/);
      return true;
    });
    assert.equal(readFileSync(join(user.home, "users", login), "utf8"), "old\n");
  });

  it("is refused as a connection for Drush before anything is sent (trap 16)", async () => {
    const sshd = await start();
    configureServers(JSON.stringify({ [server]: { connection: { ...sshd.args(), password: PASSWORD } } }));
    const { failures = [] } = await aegirClient.check({}, { name: "acme", internalName: "acme", server });
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["server"],
    );
    assert.match(failures[0]!.reason, /runs Drush as \S+\.ftp, whose limited shell refuses the front end/);
    assert.equal(sshd.count(CONNECTED), 0);
  });

  it("does not show by its name is refused with the reason, after one command that is never tried again (trap 17)", async () => {
    allowSftp(1);
    const other = SystemUser.create({ suffix: ".acme", shell: join(directory, "shell") });
    afterTest(() => other.remove());
    other.password = PASSWORD;
    const sshd = await start({ user: other.name });
    configureServers(JSON.stringify({ [server]: { connection: { ...sshd.args(), password: PASSWORD } } }));
    const create = (name: string) => aegirClient.create({ name, internalName: name, server });
    const outcomes = await Promise.allSettled(["one", "two"].map(create));
    outcomes.push(...(await Promise.allSettled([create("three")])), ...(await Promise.allSettled([create("four")])));
    for (const outcome of outcomes) {
      assert.equal(outcome.status, "rejected");
      const error: unknown = outcome.reason;
      assert.ok(error instanceof SshError, String(error));
      assert.deepEqual([error.code, error.outcome], ["commandForbidden", "notDone"]);
      assert.match(
        error.message,
        /the shell of this login forbids .*: "lshell: forbidden .*Tried only once.*`accounts`/,
      );
    }
    assert.equal(shellLog(other).match(/forbidden/g)?.length, 1);
    assert.deepEqual([sshd.count(ACCEPTED), sshd.count(FAILED)], [1, 0]);
  });

  it("is asked for its password once if that is wrong, by however many operations", async () => {
    allowSftp(1);
    const sshd = await start();
    configure(sshd, {}, { password: "wrong" });
    const create = () => shellAccount.create({ client: "acme", server });
    const outcomes = await Promise.allSettled([create(), create()]);
    outcomes.push(...(await Promise.allSettled([create()])));
    for (const outcome of outcomes) assert.equal(outcome.status, "rejected");
    await sshd.quiet();
    assert.deepEqual([sshd.count(ACCEPTED), sshd.count(FAILED), sshd.count(ASKED_TO_LOG_IN)], [0, 1, 1]);
  });
});
