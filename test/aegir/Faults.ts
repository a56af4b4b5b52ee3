/** What can be made to go wrong on demand. Everything is off until it is asked for. */
import { type Verb, verbs } from "../../provider/worker/protocol";
import type { Clock } from "./Clock";
import type { Disk } from "./Disk";

/**
 * How a site's next verify ends. `errorLine`: it takes effect, and counts as failed for one line in its log. `cancelled`:
 * by hand, before it starts. `oldOwner`: it worked with the site as it was before the last change of owner, and writes that
 * back at its end (docs/aegir.md#running-tasks). `killed`: its process is killed, and it stays "processing" for ever.
 */
export type VerifyOutcome = "success" | "warning" | "errorLine" | "failure" | "cancelled" | "oldOwner" | "killed";

/**
 * What becomes of one request. `cutBefore`: the connection breaks, nothing was done. `cutAfter`: done, and the connection
 * breaks before the answer. `halfAnswer`: done, and it breaks in the middle of the answer. `killBefore`, `killInside`,
 * `killAfter`: the worker's process dies of SIGKILL, the connection stays; inside of a transaction the database rolls
 * back. `closeAfter`: done, and the channel closes without a word. `deadlock`: the database chose it as a victim.
 * `diskFull`: the database could not write. `fatal`: it has gone away; nothing was done, and the worker ends.
 */
export type RequestFault = (typeof REQUEST_FAULTS)[number];
export const REQUEST_FAULTS = [
  ...(["cutBefore", "cutAfter", "halfAnswer", "killBefore", "killInside", "killAfter", "closeAfter"] as const),
  ...(["deadlock", "diskFull", "fatal"] as const),
];

/** A request of a worker, any write of one, the removal of a file over SFTP, or the exchange of an `authorized_keys`. */
export type Requested = Verb | "write" | "unlink" | "authorizedKeys";

/**
 * A request that stands still, so that a test can act at that moment. `begun`: a write holds the database lock, and
 * nothing is done. `committed`: all is done, and no answer has left. If its connection ends meanwhile, a request that
 * has begun goes with it; one that `outlives` it does not notice, as PHP in the middle of a query does not.
 */
export class Hold {
  /** Resolves when a request has come to it. */
  readonly reached: Promise<void>;
  readonly #released: Promise<void>;
  #reach!: () => void;
  #release!: () => void;

  constructor(
    readonly moment: "begun" | "committed",
    private readonly outlives: boolean,
  ) {
    this.reached = new Promise((resolve) => (this.#reach = resolve));
    this.#released = new Promise((resolve) => (this.#release = resolve));
  }

  release(): void {
    this.#release();
  }

  /** Stands still until it is released; false if the connection has ended before. */
  async stop(gone: Promise<unknown>): Promise<boolean> {
    this.#reach();
    const released = this.#released.then(() => true);
    return this.outlives ? released : Promise.race([released, gone.then(() => false)]);
  }
}

/** What makes a run of BOA's account cron skip everything (docs/aegir.md#account-cron-locks). */
export const CRON_LOCKS = [
  "/root/.proxy.cnf",
  "/root/.pause_tasks_maint.cnf",
  "/run/manage_ltd_users.pid",
  "/run/manage_ruby_users.pid",
  "/run/boa_run.pid",
  "/run/boa_wait.pid",
  "/run/octopus_install_run.pid",
];

/** What stops BOA's task queue (docs/aegir.md#queue), upgrades included (docs/aegir.md#upgrades). */
export const QUEUE_LOCKS = [
  "/run/boa_run.pid",
  "/run/octopus_install_run.pid",
  "/root/.proxy.cnf",
  "/root/.pause_tasks_maint.cnf",
  "/run/boa_wait.pid",
  "/run/boa_cron_wait.pid",
];

/** Files that BOA puts in the way of its account cron (CRON_LOCKS), of its task queue (QUEUE_LOCKS), or of both. */
class LockFiles {
  constructor(private readonly disk: Disk) {}

  has(path: string): boolean {
    return this.disk.exists(path);
  }

  add(path: string): this {
    this.disk.write(path, "");
    return this;
  }

  delete(path: string): void {
    this.disk.removeTree(path);
  }

  clear(): void {
    for (const path of [...CRON_LOCKS, ...QUEUE_LOCKS]) this.delete(path);
  }
}

export class Faults {
  #verifies: { site: string; outcome: VerifyOutcome }[] = [];
  #planned: { verb: Requested; countdown: number; fault: RequestFault | Hold }[] = [];
  #lock: { connection: number | null; host: string | null; since: number } | undefined;
  #writing: Promise<unknown> | undefined;

  readonly lockFiles: LockFiles;
  /**
   * What answers the login that runs Drush: a shell; the refusal of an account without one; a limited shell, as `o1.ftp`
   * has it; BOA's wrapper, which says that Drush is not available and ends with exit code 0.
   */
  shell: "bash" | "nologin" | "limited" | "websh" = "bash";
  /** No sudoers line lets the login be somebody else. */
  sudoRefused = false;
  /** The database is down: Drush runs, and the front end does not start. */
  databaseDown = false;
  /** So many times Drush is ended at its start, because the load of the machine is too high. */
  overloads = 0;
  /** How full its one disk is; above 90, BOA's crons do nothing. */
  diskPercent = 40;
  /** Every answer of a worker is held back for so many real milliseconds; what was asked is done by then. */
  answerDelay = 0;
  /** Workers print a greeting, and a notice without a line feed before every answer. */
  noise = false;
  /** No credentials are accepted, whatever they are. */
  refuseLogins = false;
  /** sshd accepts no passwords (`PasswordAuthentication no`), as on a BOA with /root/.ssh.auth.keys.only.cnf. */
  keysOnly = false;
  /** Logins whose password has expired: they get in with their key, and every session ends at once (OpenSSH's do_pwchange). */
  readonly expiredPasswords = new Set<string>();
  /** No file can be removed. */
  readOnlyFiles = false;
  /** Seconds of the server's clock for which a new password file is empty (docs/aegir.md#password-file). */
  passwordFileDelay = 0;

  constructor(
    private readonly clock: Clock,
    disk: Disk,
  ) {
    for (const directory of ["/run", "/root"]) disk.makeDirectory(directory);
    this.lockFiles = new LockFiles(disk);
  }

  /** The next `times` verify tasks of the site that start end like this. */
  nextVerify(site: string, outcome: VerifyOutcome, times = 1): void {
    for (let time = 0; time < times; time++) this.#verifies.push({ site, outcome });
  }

  takeVerify(site: string): VerifyOutcome {
    const planned = this.#verifies.find((verify) => verify.site === site);
    this.#verifies = this.#verifies.filter((verify) => verify !== planned);
    return planned?.outcome ?? "success";
  }

  /** The `nth` request from now with this verb, or the `nth` write, meets the fault. Counted over all workers. */
  onRequest(verb: Verb | "write", fault: RequestFault, nth = 1): void {
    this.#planned.push({ verb, countdown: nth, fault });
  }

  /** The same, but it stands still until the test lets it go. */
  holdRequest(verb: Requested, moment: Hold["moment"], { nth = 1, outlives = false } = {}): Hold {
    const hold = new Hold(moment, outlives);
    this.#planned.push({ verb, countdown: nth, fault: hold });
    return hold;
  }

  /** Nothing that was planned for requests and verifies happens any more. */
  forgetPlans(): void {
    this.#planned = [];
    this.#verifies = [];
  }

  takeRequest(verb: Verb | "unlink" | "authorizedKeys"): RequestFault | Hold | undefined {
    const write = verb !== "unlink" && verb !== "authorizedKeys" && verbs[verb].write;
    const matching = this.#planned.filter((plan) => plan.verb === verb || (plan.verb === "write" && write));
    for (const plan of matching) plan.countdown--;
    const due = matching.find((plan) => plan.countdown <= 0);
    this.#planned = this.#planned.filter((plan) => plan !== due);
    return due?.fault;
  }

  /** A write stands still under the database lock; the others wait for it, as GET_LOCK does for a while. */
  async lockedBy(write: Promise<boolean>): Promise<boolean> {
    this.#writing = write;
    const going = await write;
    this.#writing = undefined;
    return going;
  }

  /** Resolves when no held write has the lock. */
  async lockFree(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /**
   * Another connection holds the database lock until it is released: writes answer `locked`. `host` is null if it is another
   * user's, which the database does not show to Aegir's; `connection`, if it was let go between two questions.
   */
  holdDatabaseLock(connection: number | null = 4711, host: string | null = "deploy.example.com"): void {
    this.#lock = { connection, host, since: this.clock.now() };
  }

  releaseDatabaseLock(): void {
    this.#lock = undefined;
  }

  /** The detail of a `locked` answer, if the lock is held by another connection. */
  get databaseLock(): { connection: number | null; host: string | null; seconds: number | null } | undefined {
    if (this.#lock === undefined) return undefined;
    const { since, ...holder } = this.#lock;
    return { ...holder, seconds: holder.host === null ? null : this.clock.now() - since };
  }
}
