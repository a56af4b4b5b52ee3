/**
 * A small Aegir behind a real SSH server on the loopback interface: the front end's tables, the task queue, what provision
 * leaves on disk and BOA's account cron, answering the worker's protocol and SFTP. Everything that it needs is Node, and
 * several may run in one process.
 *
 *     const aegir = await SmallAegir.start({ seed: fullSeed });
 *     try { ... aegir.configuration() ... aegir.tables() ... } finally { await aegir.stop(); }
 */
import { rmSync } from "node:fs";
import { keyPair, newKey } from "../support/keys";
import { scratchDirectory } from "../support/scratch";
import { type Clock, RunningClock } from "./Clock";
import { Disk } from "./Disk";
import { Faults } from "./Faults";
import { type Flavour, FrontEnd, type OwnerState } from "./FrontEnd";
import { KeyCommand } from "./KeyCommand";
import { Panel } from "./Panel";
import { Provision } from "./Provision";
import { addSites, emptySeed, type Ground, leaveLink, type Seed, type SeededSite } from "./seed";
import { Shell } from "./Shell";
import { ShellAccounts } from "./ShellAccounts";
import { type Login, type SshCounts, SshServer } from "./SshServer";
import { digestOf, type Exception, readTables, type Tables } from "./Tables";
import { type QueueSettings, TaskQueue } from "./TaskQueue";
import { Worker } from "./Worker";
import { type Running, type Terminal, type WorkerCounts, WorkerProcess } from "./WorkerProcess";

export { REQUEST_FAULTS } from "./Faults";
export type { Hold, Requested, RequestFault, VerifyOutcome } from "./Faults";
export type { Exception } from "./Tables";
export type { Running } from "./WorkerProcess";

/** The octopus user of a BOA instance, and the first part of its logins. */
export const INSTANCE = "o1";

export interface SmallAegirOptions {
  /** `emptySeed` if absent. */
  seed?: Seed;
  /** A RunningClock, 60 times as fast as the machine's, if absent. */
  clock?: Clock;
  /** "boa" if absent. "upstream" is a plain Aegir 3: no shell accounts, no `o1.ftp`. */
  flavour?: Flavour;
  /** One verify every 3 seconds of the clock (0.05 real ones at its usual speed), each taking 1, if absent. */
  queue?: Partial<QueueSettings>;
  /** Seconds of the clock between two runs of BOA's account cron: 15 (0.25 real ones) if absent. BOA: 180. */
  cronSeconds?: number;
  /** The login that runs Drush: `aegir` if absent. */
  user?: string;
  /** The login of the accounts' connection: `o1.ftp` if absent. `root` needs `user: "root"`. */
  accountsUser?: "root";
  /** The system user that owns Aegir, if that is not the login: it is become through `su` by root, by others through `sudo`. */
  owner?: string;
  /** Every Drush of the machine with its version, and where a shell looks for it. */
  drush?: Record<string, string>;
  path?: string;
  /** What the login's sessions see as HOME, if not its own. */
  home?: string;
  /** A private key in OpenSSH's format; a new ed25519 key if absent. */
  hostKey?: string;
  /** Called with a line about each thing that happens: logins, writes, tasks, cron. */
  report?: (line: string) => void;
}

/** Named as in @pulumi/command's `remote.ConnectionArgs`. */
export interface Connection {
  host: string;
  port: number;
  user: string;
  privateKey: string;
  password: string;
  /** `SHA256:...` */
  hostKey: string;
}

export class SmallAegir {
  /** What can be made to go wrong. */
  readonly faults: Faults;
  /** What people do by hand. */
  readonly panel: Panel;
  /** What a script on the server does. */
  readonly frontEnd: FrontEnd;
  readonly shellAccounts: ShellAccounts;
  readonly counts: SshCounts & WorkerCounts = {
    connections: {},
    authentications: { accepted: 0, rejected: 0 },
    unlinks: 0,
    workerStarts: 0,
    requests: {},
    writes: 0,
  };

  readonly #disk = new Disk(scratchDirectory("small-aegir-"));
  readonly #provision: Provision;
  readonly #queue: TaskQueue;
  readonly #shell: Shell;
  readonly #worker: Worker;
  readonly #server: SshServer;
  #user: string;
  readonly #keys = { drush: newKey(), accounts: newKey() };
  readonly #passwords = { drush: "the secret of Drush's login", accounts: "the secret of o1.ftp's login" };

  private constructor(
    readonly clock: Clock,
    private readonly options: SmallAegirOptions,
  ) {
    const { flavour = "boa", user = "aegir", owner = user, seed = emptySeed, cronSeconds = 15 } = options;
    const aegirRoot = flavour === "boa" ? `/data/disk/${INSTANCE}` : "/var/aegir";
    const settings = { everySeconds: 3, taskSeconds: 1, ...options.queue };
    const disk = this.#disk;
    const report = (line: string) => options.report?.(line);

    this.#user = user;
    this.faults = new Faults(clock, disk);
    this.#provision = new Provision(disk, { aegirRoot, owner });
    this.frontEnd = new FrontEnd(clock, flavour);
    this.panel = new Panel(this.frontEnd);
    this.#queue = new TaskQueue(this.frontEnd, this.#provision, clock, this.faults, settings, report);
    this.shellAccounts = new ShellAccounts(disk, clock, INSTANCE, this.#provision.clients, this.faults, report);
    this.#shell = new Shell(
      {
        login: user,
        owner,
        homes: { root: "/root", [user]: `/home/${user}`, [owner]: aegirRoot },
        home: options.home,
        path: options.path ?? "/usr/local/bin:/usr/bin:/bin",
        drush: options.drush ?? {
          "/usr/bin/drush": "8.4.12",
          "/usr/bin/drush8": "8.4.12",
          "/usr/local/bin/drush": "8.4.12",
        },
        passwordStatus: () => (flavour === "boa" ? this.shellAccounts.status() : ""),
        siteAliases: () => this.frontEnd.liveSites().map(({ title }) => `@${title}`),
      },
      this.faults,
    );
    this.#worker = new Worker(this.frontEnd, this.#provision, this.#queue);
    const house = {
      login: (name: string) => this.#login(name),
      run: (command: string, terminal: Terminal) => this.run(command, terminal),
    };
    const hostKey = options.hostKey === undefined ? newKey() : keyPair(options.hostKey);
    this.#server = new SshServer(house, hostKey, disk, this.faults, this.counts, report);

    this.frontEnd.transaction(() => seed(this.#ground));
    this.#settleAccounts();
    clock.every(settings.everySeconds, () => this.#queue.dispatch());
    if (flavour === "boa") clock.every(cronSeconds, () => this.shellAccounts.run());
  }

  get #ground(): Ground {
    const { frontEnd, panel } = this;
    const provision = this.#provision;
    return { frontEnd, panel, provision };
  }

  /** Seeds it and opens its door. */
  static async start(options: SmallAegirOptions = {}): Promise<SmallAegir> {
    const aegir = new SmallAegir(options.clock ?? new RunningClock(), options);
    await aegir.up();
    return aegir;
  }

  /** Closes the door, stops its clock and removes its disk. */
  async stop(): Promise<void> {
    this.clock.stop();
    await this.down();
    rmSync(this.#disk.root, { recursive: true, force: true });
  }

  /** Breaks every connection and takes no new one; queue and cron go on. */
  async down(): Promise<void> {
    await this.#server.down();
  }

  /** Opens the door again on the same port, with another host key if wanted. */
  async up({ newHostKey = false } = {}): Promise<void> {
    if (newHostKey) this.#server.hostKey = newKey();
    await this.#server.up();
  }

  /** Breaks every connection; new ones are welcome. */
  breakConnections(): void {
    this.#server.cut();
  }

  /** Lets another login run Drush from now on, or the same one with another key. The former is refused. */
  changeLogin(user = this.#user): void {
    this.#user = user;
    this.#keys.drush = newKey();
  }

  /** The login that runs Drush. */
  get drush(): Connection {
    return this.#connection(this.#user, this.#keys.drush.private, this.#passwords.drush);
  }

  /** `o1.ftp`, which reads and removes password files over SFTP, or root. */
  get accounts(): Connection {
    return this.options.accountsUser === "root" ? this.drush : this.mainAccount;
  }

  get mainAccount(): Connection {
    return this.#connection(`${INSTANCE}.ftp`, this.#keys.accounts.private, this.#passwords.accounts);
  }

  #connection(user: string, privateKey: string, password: string): Connection {
    const { host, port, hostKey } = this.#server;
    return { host, port, user, privateKey, password, hostKey: hostKey.fingerprint };
  }

  /** What a stack would put under `aegir:servers` for this server. */
  configuration() {
    const withoutPassword = ({ host, port, user, privateKey, hostKey }: Connection) => {
      return { host, port, user, privateKey, hostKey };
    };
    return {
      connection: withoutPassword(this.drush),
      ...(this.options.owner && { drush: { runAs: this.options.owner } }),
      ...(this.frontEnd.flavour === "boa" && {
        accounts: { instance: INSTANCE, connection: withoutPassword(this.accounts) },
      }),
      waits: { pollSeconds: 0.05 },
    };
  }

  /** Runs everything that is queued to its end, now. */
  runQueue(): void {
    this.#queue.runAll();
  }

  /** Runs BOA's account cron now, as root may; false if a lock made it skip. */
  runCron(): boolean {
    return this.shellAccounts.run();
  }

  /** Puts a link in the place of a password file, as everybody can who may write to their directory. */
  linkPasswordFile(login: string, target: string): void {
    const path = `${this.shellAccounts.passwordDirectory}/${login}`;
    this.#disk.unlink(path);
    this.#disk.link(target, path);
  }

  /** What the holder of a login puts into its `authorized_keys`, with a shell of its own. */
  writeAuthorizedKeys(login: string, content: string): void {
    const file = `${this.shellAccounts.get(login)?.home}/.ssh/authorized_keys`;
    this.#disk.removeTree(file);
    this.#disk.write(file, content);
  }

  /** Puts a directory there instead, which nothing can be read from or be written to. */
  blockAuthorizedKeys(login: string): void {
    const file = `${this.shellAccounts.get(login)?.home}/.ssh/authorized_keys`;
    this.#disk.removeTree(file);
    this.#disk.makeDirectory(file);
  }

  /** Sites as they are long after their install. */
  addSites(sites: SeededSite[]): void {
    addSites(this.#ground, sites);
    this.#settleAccounts();
  }

  /** Links a site's files in the directory of one more client, as a verify of the past may have left it. */
  leaveLink(client: string, site: string): void {
    leaveLink(this.#ground, client, site);
  }

  /** What the account cron has long done for sites that have been there for long. */
  #settleAccounts(): void {
    if (this.frontEnd.flavour === "boa") this.shellAccounts.run();
  }

  /** The server's own tables, disk and logins, as plain JSON. */
  tables(): Tables {
    return readTables(this.frontEnd, this.#provision, this.#disk, this.shellAccounts);
  }

  /** SHA-256 of all of it, or of all but what is named. */
  digest(except?: Exception): string {
    return digestOf(this.tables(), INSTANCE, except);
  }

  /** What must not be seen anywhere, as it is now: of a key its third line, enough to know it by and never wrapped. */
  secrets(): [what: string, secret: string][] {
    const { passwordFiles } = this.tables();
    return [
      ...[this.drush, this.accounts].flatMap(({ user, privateKey, password }): [string, string][] => [
        [`the private key of ${user}`, privateKey.split("\n")[2]!],
        [`the password of ${user}`, password],
      ]),
      ...Object.entries(passwordFiles)
        .map(([login, text]): [string, string] => [`the password of ${login}`, text.trim()])
        .filter(([, password]) => password !== ""),
    ];
  }

  /** Every owner of every site since the start, as committed, in order. */
  get ownerHistory(): readonly OwnerState[] {
    return this.frontEnd.ownerHistory;
  }

  #login(user: string): Login | undefined {
    if (this.faults.refuseLogins) return undefined;
    const { shellAccounts } = this;
    const [keys, passwords] = [this.#keys, this.#passwords];
    const { mainHome } = shellAccounts;
    if (user === this.#user) {
      // Who has a shell has OpenSSH's SFTP as well: the whole disk, but for what is closed to all but root.
      const shown = { home: "/", closed: user === "root" ? [] : ["/root", mainHome] };
      return { password: passwords.drush, publicKey: keys.drush.public, hasShell: true, shown };
    }
    if (this.frontEnd.flavour !== "boa") return undefined;
    if (user === `${INSTANCE}.ftp`) {
      const shown = { home: mainHome, closed: [] };
      return { password: passwords.accounts, publicKey: keys.accounts.public, hasShell: false, shown };
    }
    const account = shellAccounts.get(user);
    if (account === undefined) return undefined;
    const { password, home } = account;
    const shown = { home, closed: [] };
    const authorizedKeys = shellAccounts.authorizedKeys(user);
    return { password, authorizedKeys, hasShell: false, hasExpired: shellAccounts.hasExpired(account), shown };
  }

  /**
   * Runs a command as its shell does: a worker, Drush's own run of the task queue, or an answer and an exit code; for doors
   * beside its own as well. Answers null if it has ended at once.
   */
  run(command: string, terminal: Terminal): Running | null {
    const { frontEnd, clock, faults, counts } = this;
    const worker = this.#worker;
    const report = (line: string) => this.options.report?.(line);
    const ran = this.#shell.run(command);
    if (ran.started === "worker") {
      report("worker started");
      return new WorkerProcess({ worker, frontEnd, clock, faults, counts, report }, ran.frontEnd, terminal);
    }
    if (ran.started === "keys") {
      return new KeyCommand({ disk: this.#disk, faults, shellAccounts: this.shellAccounts }, terminal);
    }
    if (ran.started === "queue") {
      this.#queue.dispatch();
      terminal.exit(0);
      return null;
    }
    terminal.write(ran.stdout);
    terminal.writeError(ran.stderr);
    terminal.exit(ran.code);
    return null;
  }
}
