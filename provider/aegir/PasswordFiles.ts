/**
 * The password files of an Octopus instance (docs/aegir.md#password-file): one file per shell account, named like the
 * login, written by BOA's root cron when it makes the account. Reading one gives the password, deleting one requests
 * a new password, and a missing one means that the login was removed.
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Sftp } from "../ssh/Sftp";
import { SftpRefusal } from "../ssh/SftpRefusal";
import type { SshConnection } from "../ssh/SshConnection";
import { by } from "../text/order";
import { AegirError } from "./AegirError";
import { AccountStatuses, type PasswordAge } from "./PasswordAge";
import { pollUntilFound } from "./pollUntilFound";
import { stillWaiting, WaitReport } from "./WaitReport";

/** Passwords are 8 to 128 characters; the limit only prevents reading a wrong file whole. */
const MAXIMUM_BYTES = 256;

export interface Password {
  password: string;
  /** First 16 hexadecimal digits of a SHA-256 over login and password: distinguishes passwords without revealing them. */
  fingerprint: string;
  /** When its file was written: seconds since the epoch, by the server's clock. */
  written: number;
}

export interface PasswordFilesOptions {
  /** The Octopus instance, for example `o1`. */
  instance: string;
  /** The login of the connection. */
  user: string;
  /** The directory of the files, if it is configured. */
  directory?: string | undefined;
  /** Days after which BOA lets a password end. */
  passwordDays: number;
  pollSeconds: number;
  accountMinutes: number;
  /** Other known obstacles of BOA, in words, for a wait that fails. */
  obstacles: () => Promise<string[]>;
  /** Prints what holds BOA up when a wait begins, and what is still awaited. */
  report?: (line: string) => void;
}

/** What makes BOA's account cron skip its runs (docs/aegir.md#account-cron-locks). */
const LOCKS = [
  "/run/manage_ltd_users.pid",
  "/run/manage_ruby_users.pid",
  "/run/boa_run.pid",
  "/run/boa_wait.pid",
  "/run/octopus_install_run.pid",
  "/root/.pause_tasks_maint.cnf",
  "/root/.proxy.cnf",
];

/** Files that the account cron needs; they are moved away during migrations. */
const NEEDED = ["/var/xdrago/manage_ltd_users.sh", "/var/xdrago/conf/lshell.conf"];

/** Obstacles of BOA's account cron, as far as a login can see them. */
export interface CronObstacles {
  /** In words, for example `/run/boa_run.pid is there`. */
  seen: string[];
  /** Files that this login cannot see. */
  unseen: string[];
}

interface Wait {
  /** What is waited for, as a noun. */
  wait: string;
  /** What is still so when the time is over, as a clause. */
  stalled: string;
  /** Something was done before the wait. */
  changed: boolean;
  meanwhile?: (() => Promise<void>) | undefined;
}

export class PasswordFiles {
  readonly #statuses: AccountStatuses;
  #directory: Promise<string> | undefined;
  #announced = false;

  constructor(
    private readonly connection: SshConnection,
    private readonly options: PasswordFilesOptions,
  ) {
    this.#statuses = new AccountStatuses(connection, options.user === "root", options.passwordDays);
  }

  get label(): string {
    return this.connection.label;
  }

  /** The login's password, or undefined if its file is absent or, for the moment in which BOA writes it, empty. */
  async read(login: string): Promise<Password | undefined> {
    const file = await this.#readFile(login);
    const password = file?.text.replace(/\n$/, "");
    if (file === undefined || password === undefined || password === "") return undefined;
    if (/\s/.test(password)) {
      throw new AegirError({
        code: "serverFailed",
        what: `the password file of ${login} contains more than one word`,
        server: this.label,
        outcome: "notDone",
        next: `Look at the file ${login} in ${await this.directory()}; deleting it makes BOA create a new account and file`,
      });
    }
    return { password, fingerprint: fingerprint(login, password), written: file.mtime };
  }

  /** How old a password is that was read a moment ago. */
  ageOf(login: string, { written }: Password): Promise<PasswordAge> {
    return this.#statuses.ageOf(login, written);
  }

  /** The login's password once BOA has written it: waits while the file is empty. */
  async readWhenWritten(login: string): Promise<Password | undefined> {
    const isWritten = async () => (await this.#readFile(login))?.text !== "" || undefined;
    const wait = `the password file of ${login}`;
    await this.#poll(isWritten, { wait, stalled: `${wait} is empty`, changed: false });
    return this.read(login);
  }

  /** Deletes the file: BOA's next run removes the account and creates it again. A missing file is a success. */
  async delete(login: string): Promise<void> {
    await this.#inDirectory(login, (sftp, path) => sftp.unlink(path));
  }

  /**
   * Waits for a password that is there, not empty, and not `old`.
   * @param check is called at every check of the file and may throw to end the wait early
   */
  async appears(login: string, old: string | undefined, check: () => Promise<void>): Promise<Password> {
    const isNew = async () => {
      const found = await this.read(login);
      return found && found.fingerprint !== old ? found : undefined;
    };
    const wait = `the password of ${login}`;
    const reporting = this.#reporting(login, wait);
    return this.#poll(isNew, {
      wait,
      stalled: `${login} has no ${old === undefined ? "" : "new "}password file`,
      changed: old !== undefined,
      meanwhile: () => check().then(reporting),
    });
  }

  /** Waits until the login is removed: BOA's cron does that in the second run after its last site has left. */
  async disappears(login: string): Promise<void> {
    const isGone = async () => (await this.#readFile(login)) === undefined || undefined;
    const wait = `the removal of the login ${login}`;
    const meanwhile = this.#reporting(login, wait);
    await this.#poll(isGone, { wait, stalled: `the login ${login} still exists`, changed: true, meanwhile });
  }

  /** The logins that have a password file, in the order of their names, and how old their passwords are. */
  async logins(): Promise<Map<string, PasswordAge>> {
    const sftp = await this.connection.sftp();
    const directory = await this.directory();
    try {
      const files = (await sftp.list(directory)).filter(({ kind }) => kind === "file").sort(by("name"));
      const ages = files.map(async ({ name, mtime }) => [name, await this.#statuses.ageOf(name, mtime)] as const);
      return new Map(await Promise.all(ages));
    } catch (error) {
      throw this.#explained(error, directory);
    }
  }

  /**
   * Whether sshd accepts passwords at all. BOA turns them off for every login where /root/.ssh.auth.keys.only.cnf is:
   * https://github.com/omega8cc/boa/issues/1557
   */
  async sshAcceptsPasswords(): Promise<boolean> {
    const methods = (await this.connection.peers()).at(-1)!.methods;
    return methods.length === 0 || methods.some((method) => ["password", "keyboard-interactive"].includes(method));
  }

  /** The fingerprint and the type of the server's host key, which is pinned. */
  async hostKey(): Promise<string> {
    const { fingerprint, type } = (await this.connection.peers()).at(-1)!;
    return `${fingerprint} (${type})`;
  }

  /** The home of the login as its SFTP shows it; `/` if the SFTP shows only the home. */
  async home(): Promise<string> {
    return (await this.connection.sftp()).realpath(".");
  }

  /** The directory of the files, as the login's SFTP shows it. */
  directory(): Promise<string> {
    this.#directory ??= this.#findDirectory();
    this.#directory.catch(() => (this.#directory = undefined));
    return this.#directory;
  }

  async #findDirectory(): Promise<string> {
    const { directory, instance, user } = this.options;
    if (directory !== undefined) return directory;
    // The main account's SFTP shows its home as `/` (mysecureshell), or not (a key bound to internal-sftp).
    return user === `${instance}.ftp` ? posix.join(await this.home(), "users") : `/home/${instance}.ftp/users`;
  }

  /** Checks which lock files are there. */
  async cronObstacles(): Promise<CronObstacles> {
    const sftp = await this.connection.sftp();
    const obstacles: CronObstacles = { seen: [], unseen: [] };
    for (const path of LOCKS) {
      const there = await isThere(sftp, path);
      if (there === undefined) obstacles.unseen.push(path);
      else if (there) obstacles.seen.push(`${path} is there`);
    }
    for (const path of NEEDED) {
      if ((await isThere(sftp, path)) === false) obstacles.seen.push(`${path} is missing`);
    }
    return obstacles;
  }

  async #readFile(login: string): Promise<{ text: string; mtime: number } | undefined> {
    const file = await this.#inDirectory(login, (sftp, path) => sftp.read(path, MAXIMUM_BYTES));
    return file && { text: file.bytes.toString("utf8"), mtime: file.mtime };
  }

  /** Undefined if the file is not there. A missing or closed directory is an error: it does not mean that a login is gone. */
  async #inDirectory<T>(login: string, operation: (sftp: Sftp, path: string) => Promise<T>): Promise<T | undefined> {
    const sftp = await this.connection.sftp();
    const directory = await this.directory();
    try {
      return await operation(sftp, posix.join(directory, login));
    } catch (error) {
      if (!(error instanceof SftpRefusal && error.code === "missing")) throw this.#explained(error, directory);
    }
    await sftp.stat(directory).catch((error: unknown) => {
      throw this.#explained(error, directory);
    });
    return undefined;
  }

  /** Explains why the password files or their directory cannot be accessed. */
  #explained(error: unknown, directory: string): unknown {
    if (!(error instanceof SftpRefusal) || !["missing", "denied"].includes(error.code)) return error;
    const { user, instance } = this.options;
    const may = error.code === "denied" ? "has no permission for the" : "cannot find the";
    return new AegirError({
      code: "notConfigured",
      what: `${user} ${may} directory ${directory}, so the logins of ${instance} are not known`,
      server: this.label,
      outcome: "notDone",
      next: `Password files can be read by ${instance}.ftp and by root. Configure one of them as accounts.connection, or another accounts.directory`,
      cause: error,
    });
  }

  #poll<T>(look: () => Promise<T | undefined>, { wait, stalled, changed, meanwhile }: Wait): Promise<T> {
    const { pollSeconds, accountMinutes } = this.options;
    const outcome = changed ? "unknown" : "notDone";
    const expired = () => this.#expired(stalled, changed);
    return pollUntilFound(look, { wait, server: this.label, pollSeconds, accountMinutes, outcome, meanwhile, expired });
  }

  /** What a long wait for a login says at its beginning and from time to time. */
  #reporting(login: string, wait: string): () => Promise<void> {
    const waitReport = new WaitReport();
    return async () => {
      await this.#announce(login);
      if (!waitReport.isDue()) return;
      this.options.report?.(stillWaiting(waitReport.seconds, `${wait}, by the next run of BOA's account cron`));
    };
  }

  /** The first wait for any login reports at once what holds BOA up. */
  async #announce(login: string): Promise<void> {
    if (this.#announced) return;
    this.#announced = true;
    const { seen } = await this.#held();
    if (seen.length > 0) this.options.report?.(`the login ${login} is held up: ${seen.join(", ")}`);
  }

  /** What holds BOA up, and possible obstacles that cannot be seen; a failed check sees nothing. */
  async #held(): Promise<CronObstacles> {
    const nothing: CronObstacles = { seen: [], unseen: LOCKS };
    const cron = await this.cronObstacles().catch(() => nothing);
    const others = await this.options.obstacles().catch(() => []);
    const known = (obstacle: string) =>
      LOCKS.some((file) => obstacle.includes(file) && cron.seen.includes(`${file} is there`));
    return { seen: [...cron.seen, ...others.filter((obstacle) => !known(obstacle))], unseen: cron.unseen };
  }

  /** Names what holds BOA up; only if nothing is seen, also what could hold it up unseen. */
  async #expired(what: string, changed: boolean): Promise<AegirError> {
    const cron = await this.#held();
    const { seen } = cron;
    const unseen = `${this.options.user} cannot see ${cron.unseen.join(", ")}, any of which would hold it up`;
    const reason = [
      seen.length > 0 ? `BOA is held up: ${seen.join(", ")}` : "no obstacle of BOA's account cron is visible",
      ...(cron.unseen.length > 0 && seen.length === 0 ? [unseen] : []),
      ...(seen.length === 0 ? ["the login may be in use, and a run may take minutes"] : []),
    ].join("; ");
    return new AegirError({
      code: "waitExpired",
      what: `waited ${this.options.accountMinutes} min, and ${what}: ${reason}`,
      server: this.label,
      outcome: changed ? "unknown" : "notDone",
      next: "Run the same command again: it continues to wait. Only root can remove a lock that a crashed run has left",
      detail: { seen, unseen: cron.unseen },
    });
  }
}

/** Undefined if the login cannot see whether the file is there: its directory is closed, or hidden from it. */
async function isThere(sftp: Sftp, path: string): Promise<boolean | undefined> {
  const look = (each: string) =>
    sftp.stat(each).then(
      () => true,
      (error: unknown) => {
        if (error instanceof SftpRefusal) return error.code === "missing" ? false : undefined;
        throw error;
      },
    );
  const there = await look(path);
  return there === false && !(await look(posix.dirname(path))) ? undefined : there;
}

function fingerprint(login: string, password: string): string {
  return createHash("sha256").update(`${login}\n${password}`).digest("hex").slice(0, 16);
}
