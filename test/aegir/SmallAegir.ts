/**
 * A small Aegir behind a real SSH server on the loopback interface: the front end's tables, the task queue, what provision
 * leaves on disk and BOA's account cron, answering the worker's protocol and SFTP. Everything that it needs is Node, and
 * several may run in one process.
 *
 *     const aegir = await SmallAegir.start({ seed: fullSeed });
 *     try { ... aegir.configuration() ... aegir.tables() ... } finally { await aegir.stop(); }
 */
import { RunningClock, type Clock } from "./Clock";
import { Database } from "./Database";
import { Drupal, type Flavour, type Mail } from "./drupal";
import { Faults } from "./Faults";
import { FileSystem, Markers } from "./FileSystem";
import { OwnerHistory, type OwnerState } from "./OwnerHistory";
import { Panel } from "./Panel";
import { Provision } from "./provision";
import { addSites, emptySeed, type Seed, type SeededSite } from "./seed";
import { Shell, type Machine } from "./Shell";
import { ShellAccounts } from "./ShellAccounts";
import { fingerprint, generateKey, parseKey, SshServer, type House, type Login, type SshCounts } from "./SshServer";
import { digestOf, readTables, type Exception, type Tables } from "./Tables";
import { TaskQueue, type QueueSettings } from "./TaskQueue";
import { Worker } from "./Worker";
import { WorkerProcess, type Terminal, type WorkerCounts } from "./WorkerProcess";

/** The octopus user of a BOA instance, and the first part of its logins. */
export const INSTANCE = "o1";

/** Every Drush of the machine, and where a shell looks for it. */
const DRUSH = { "/usr/bin/drush": "8.4.12", "/usr/bin/drush8": "8.4.12", "/usr/local/bin/drush": "8.4.12" };
const PATH = "/usr/local/bin:/usr/bin:/bin";

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
  /** The system user that owns Aegir, if that is not the login: it is become through `su` by root, by others through `sudo`. */
  owner?: string;
  /** Every Drush of the machine with its version, and where a shell looks for it. */
  drush?: Record<string, string>;
  path?: string;
  /** What the login's sessions see as HOME, if not its own. */
  home?: string;
  /** Port 0, any free one, if absent. */
  port?: number;
  /** An OpenSSH private key; a new ed25519 key if absent. */
  hostKey?: string;
  /** Told what happens, a line each: logins, writes, tasks, cron. */
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

export interface Counts extends SshCounts, WorkerCounts {}

export class SmallAegir {
  readonly faults: Faults;
  readonly panel: Panel;
  readonly drupal: Drupal;
  readonly shellAccounts: ShellAccounts;
  readonly counts: Counts = {
    connections: {},
    authentications: { accepted: 0, rejected: 0 },
    unlinks: 0,
    workerStarts: 0,
    requests: {},
    writes: 0,
  };

  private readonly database = new Database();
  private readonly files: FileSystem;
  private readonly provision: Provision;
  private readonly queue: TaskQueue;
  private readonly shell: Shell;
  private readonly worker: Worker;
  private readonly history: OwnerHistory;
  private readonly server: SshServer;
  private readonly user: string;
  private readonly keys = { drush: generateKey(), accounts: generateKey() };
  private readonly passwords = { drush: "aegir's password", accounts: "o1.ftp's password" };
  private hostKey: string;
  private port: number;

  private constructor(
    readonly clock: Clock,
    private readonly options: SmallAegirOptions,
  ) {
    const flavour = options.flavour ?? "boa";
    this.user = options.user ?? "aegir";
    this.hostKey = options.hostKey ?? generateKey().private;
    this.port = options.port ?? 0;
    const aegirRoot = flavour === "boa" ? `/data/disk/${INSTANCE}` : "/var/aegir";
    const owner = options.owner ?? this.user;
    const layout = { aegirRoot, owner, clients: `${aegirRoot}/clients` };
    const settings = { everySeconds: 3, items: 1, taskSeconds: 1, ...options.queue };
    const now = () => clock.now();
    const report = (line: string) => this.report(line);

    this.files = new FileSystem(now);
    for (const directory of ["/run", "/root"]) this.files.makeDirectory(directory);
    this.faults = new Faults(clock, new Markers(this.files));
    this.provision = new Provision(this.files, layout);
    this.drupal = new Drupal(this.database, clock, flavour);
    this.history = new OwnerHistory(this.database, now);
    const previousOwner = (nid: number) => this.history.previous(nid);
    this.queue = new TaskQueue(this.drupal, this.provision, clock, this.faults, settings, previousOwner, report);
    this.shellAccounts = new ShellAccounts(this.files, clock, this.faults, INSTANCE, layout.clients, report);
    this.panel = new Panel(this.drupal);
    const machine: Machine = {
      login: this.user,
      owner,
      homes: { root: "/root", [this.user]: `/home/${this.user}`, [owner]: aegirRoot },
      home: options.home,
      path: options.path ?? PATH,
      drush: options.drush ?? DRUSH,
      siteAliases: () => this.drupal.liveSites().map(({ title }) => `@${title}`),
    };
    this.shell = new Shell(machine, this.faults);
    this.worker = new Worker(this.drupal, this.provision, this.queue, clock);
    const house: House = {
      login: (user) => this.login(user),
      run: (command, terminal) => this.run(command, terminal),
      files: this.files,
      faults: this.faults,
      report,
    };
    this.server = new SshServer(house, this.counts);

    const { drupal, panel, provision } = this;
    (options.seed ?? emptySeed)({ drupal, panel, provision });
    this.settleAccounts();
    clock.every(settings.everySeconds, () => this.queue.dispatch());
    if (flavour === "boa") clock.every(options.cronSeconds ?? 15, () => this.shellAccounts.run());
  }

  /** Seeds it and opens its door. */
  static async start(options: SmallAegirOptions = {}): Promise<SmallAegir> {
    const aegir = new SmallAegir(options.clock ?? new RunningClock(), options);
    await aegir.up();
    return aegir;
  }

  /** Closes the door and stops its clock. */
  async stop(): Promise<void> {
    this.clock.stop();
    await this.down();
  }

  /** Breaks every connection and takes no new one; queue and cron go on. */
  async down(): Promise<void> {
    await this.server.close();
  }

  /** Opens the door again on the same port, with another host key if wanted. */
  async up({ newHostKey = false } = {}): Promise<void> {
    if (newHostKey) this.hostKey = generateKey().private;
    this.port = await this.server.open(this.hostKey, this.port);
  }

  /** Breaks every connection; new ones are welcome. */
  breakConnections(): void {
    this.server.breakConnections();
  }

  /** The login that runs Drush. */
  get drush(): Connection {
    return this.connection(this.user, this.keys.drush.private, this.passwords.drush);
  }

  /** `o1.ftp`, which reads and removes password files over SFTP. */
  get accounts(): Connection {
    return this.connection(`${INSTANCE}.ftp`, this.keys.accounts.private, this.passwords.accounts);
  }

  /** What a stack would put under `aegir:servers` for this server. */
  configuration() {
    const { host, port, user, privateKey, hostKey } = this.drush;
    const main = this.accounts;
    return {
      connection: { host, port, user, privateKey, hostKey },
      ...(this.options.owner && { drush: { runAs: this.options.owner } }),
      ...(this.drupal.flavour === "boa" && {
        accounts: {
          instance: INSTANCE,
          connection: { host, port, user: main.user, privateKey: main.privateKey, hostKey },
        },
      }),
      waits: { pollSeconds: 0.05 },
    };
  }

  /** Runs everything that is queued to its end, now. */
  runQueue(): void {
    this.queue.runAll();
  }

  /** Runs BOA's account cron now, as root may; false if a lock made it skip. */
  runCron(): boolean {
    return this.shellAccounts.run();
  }

  /** Puts a link in the place of a password file, as whoever may write to their directory can. */
  linkPasswordFile(login: string, target: string): void {
    const path = `${this.shellAccounts.passwordDirectory}/${login}`;
    this.files.unlink(path);
    this.files.link(target, path);
  }

  /** Sites as they are long after their install. */
  addSites(sites: SeededSite[]): void {
    addSites({ drupal: this.drupal, provision: this.provision }, sites);
    this.settleAccounts();
  }

  /** What the account cron has long done for sites that have been there for long. */
  private settleAccounts(): void {
    if (this.drupal.flavour === "boa") this.shellAccounts.run();
  }

  /** The server's own tables, disk and logins, as plain JSON. */
  tables(): Tables {
    return readTables(this.drupal, this.provision, this.files, this.shellAccounts);
  }

  /** SHA-256 of all of it, or of all but what is named. */
  digest(except?: Exception): string {
    return digestOf(this.tables(), INSTANCE, except);
  }

  /** Every owner of every site since the start, as committed, in order. */
  get ownerHistory(): readonly OwnerState[] {
    return this.history.states;
  }

  /** Mails that the front end sent. */
  get outbox(): readonly Mail[] {
    return this.drupal.outbox;
  }

  private report(line: string): void {
    this.options.report?.(line);
  }

  private connection(user: string, privateKey: string, password: string): Connection {
    const hostKey = fingerprint(parseKey(this.hostKey));
    return { host: "127.0.0.1", port: this.port, user, privateKey, password, hostKey };
  }

  private login(user: string): Login | undefined {
    if (this.faults.refuseLogins) return undefined;
    if (user === this.user) {
      // Who has a shell has OpenSSH's SFTP as well: the whole disk, but for what is closed to all but root.
      const closed = user === "root" ? [] : ["/root", this.shellAccounts.mainHome];
      const files = { home: "/", closed };
      return { password: this.passwords.drush, publicKey: parseKey(this.keys.drush.public), service: "shell", files };
    }
    if (this.drupal.flavour !== "boa") return undefined;
    if (user === `${INSTANCE}.ftp`) {
      const service = { home: this.shellAccounts.mainHome };
      return { password: this.passwords.accounts, publicKey: parseKey(this.keys.accounts.public), service };
    }
    const account = this.shellAccounts.get(user);
    return account && { password: account.password, service: { home: account.home } };
  }

  /**
   * Runs a command as its shell does: a worker, Drush's own run of the task queue, or an answer and an exit code; for doors
   * beside its own as well. Answers null if it has ended at once.
   */
  run(command: string, terminal: Terminal): WorkerProcess | null {
    const ran = this.shell.run(command);
    if (ran.started === "nothing") {
      terminal.write(ran.stdout);
      terminal.writeError(ran.stderr);
      terminal.exit(ran.code);
      return null;
    }
    if (ran.started === "queue") {
      this.queue.dispatch();
      terminal.exit(0);
      return null;
    }
    this.report("worker started");
    const { worker, database, clock, faults, counts } = this;
    const report = (line: string) => this.report(line);
    return new WorkerProcess({ worker, database, clock, faults, counts, report, frontEnd: ran.frontEnd }, terminal);
  }
}
