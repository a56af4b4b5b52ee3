/**
 * A small double of an Aegir front end for the worker as it is: a real `php` runs it, a real MariaDB keeps the tables, a real
 * OpenSSH lets it in. Of Drupal, the hosting modules (BOA's fork) and Drush it has what the worker calls (php/); the task
 * queue runs on demand or by itself, and BOA's account cron on demand.
 *
 *     before(needDrupalFrontEnd);
 *     const front = await DrupalFrontEnd.start({ sites: ["www.acme.example"] });
 *     try { ... front.configuration() ... await front.sql.rows("SELECT ...") ... } finally { await front.stop(); }
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { RunningClock } from "../aegir/Clock";
import { Disk } from "../aegir/Disk";
import { Provision } from "../aegir/Provision";
import { ShellAccounts } from "../aegir/ShellAccounts";
import type { Connection } from "../conformance/RawWorker";
import { OpenSshServer } from "../ssh/OpenSshServer";
import { newKey } from "../ssh/ScriptedServer";
import { skip } from "../support/skip";
import { until } from "../support/until";
import { MariaDb } from "./MariaDb";
import { Sql } from "./Sql";

const PHP = join(__dirname, "php");

/** The octopus user of the instance, and the first part of its logins. */
export const INSTANCE = "o1";

export interface DrupalFrontEndOptions {
  /** Enabled sites of the default client, on the first platform. */
  sites?: string[];
  /** Titles of platforms that are open to all; one, if absent. */
  platforms?: string[];
}

/** A hook that skips the suite where something is missing, and says how to have it. */
export function needDrupalFrontEnd(this: Mocha.Context): void {
  const lacks = (extension: string) =>
    spawnSync("php", ["-r", `exit(extension_loaded('${extension}') ? 0 : 1);`]).status !== 0;
  const missing = [
    ...(spawnSync("php", ["-v"]).error ? ["php-cli"] : []),
    ...(lacks("pdo_mysql") ? ["php-mysql"] : []),
    ...(lacks("mbstring") ? ["php-mbstring"] : []),
    ...(existsSync("/usr/sbin/mariadbd") ? [] : ["mariadb-server"]),
    ...(existsSync("/usr/sbin/sshd") ? [] : ["openssh-server"]),
  ];
  if (missing.length === 0) return;
  skip(this, "the PHP worker under a real php, on a real MariaDB", `apt-get install ${missing.join(" ")}`);
}

export class DrupalFrontEnd {
  /** A connection to its database past the worker. */
  sql!: Sql;
  /** The logins that BOA's cron has made; their files are real, the system's users are not. */
  readonly shellAccounts: ShellAccounts;
  readonly #database: MariaDb;
  readonly #keys = { drush: newKey(), accounts: newKey() };
  readonly #connections: Sql[] = [];
  #sshd!: OpenSshServer;
  #queue: ChildProcess | undefined;
  readonly #disk: Disk;
  readonly #provision: Provision;
  readonly #clock = new RunningClock(1);

  private constructor(private readonly directory: string) {
    this.#disk = new Disk(directory);
    this.#database = new MariaDb(directory);
    this.#provision = new Provision(this.#disk, { aegirRoot: `/data/disk/${INSTANCE}`, owner: INSTANCE });
    this.shellAccounts = new ShellAccounts(this.#disk, this.#clock, INSTANCE, this.#provision.clients);
  }

  static async start(options: DrupalFrontEndOptions = {}): Promise<DrupalFrontEnd> {
    const front = new DrupalFrontEnd(mkdtempSync(join(tmpdir(), "drupal-")));
    try {
      await front.#install(options);
    } catch (error) {
      await front.stop();
      throw error;
    }
    return front;
  }

  async #install({ sites = [], platforms = ["drupal-open"] }: DrupalFrontEndOptions): Promise<void> {
    const { directory } = this;
    const keys = this.#keys;
    for (const name of ["bin", "failing", "loaded", "running"]) mkdirSync(this.#path(name));
    const php = "php -d display_errors=stderr -d error_reporting=-1 -d html_errors=0";
    const drush = join(directory, "bin", "drush");
    writeFileSync(drush, `#!/bin/sh\nexport DRUPAL_DOUBLE=${directory}\nexec ${php} ${PHP}/drush.php "$@"\n`);
    chmodSync(drush, 0o755);
    this.setSettings({});

    await this.#database.start();
    const client = (database: string, sql: string) =>
      execFileSync("mariadb", ["--no-defaults", `--socket=${this.#database.socket}`, database], { input: sql });
    // As Drupal's own installation has it, which knows no four-byte characters.
    client("", "CREATE DATABASE hostmaster CHARACTER SET utf8 COLLATE utf8_general_ci");
    client("hostmaster", readFileSync(join(PHP, "schema.sql"), "utf8"));
    this.sql = await this.connect();
    await this.evaluate(`require '${PHP}/install.php'`, JSON.stringify({ sites, platforms }));

    // The key decides who it is: Drush's user has a shell, o1.ftp nothing but its files.
    this.#sshd = await OpenSshServer.start({
      settings: [`SetEnv PATH=${this.#environment.PATH} HOME=${this.#environment.HOME}`],
      authorizedKeys: [
        keys.drush.public,
        `restrict,command="internal-sftp -d ${dirname(this.#passwordFiles)}" ${keys.accounts.public}`,
      ],
    });
  }

  /** Ends everything that it has started and leaves nothing behind. */
  async stop(): Promise<void> {
    this.#clock.stop();
    await this.stopQueue();
    await this.#sshd?.stop();
    for (const pid of this.processes()) process.kill(pid, "SIGKILL");
    await Promise.all(this.#connections.map((connection) => connection.end()));
    await this.#database.stop();
    rmSync(this.directory, { recursive: true });
  }

  // Ways in

  /** The login that runs Drush. */
  get drush(): Connection {
    return this.#connection(this.#keys.drush.private);
  }

  /** `o1.ftp`, which reads and removes password files over SFTP and can do nothing else. */
  get accounts(): Connection {
    return this.#connection(this.#keys.accounts.private);
  }

  #connection(privateKey: string): Connection {
    const { port, hostKeys } = this.#sshd;
    const hostKey = hostKeys[0]?.fingerprint ?? "";
    return { host: "127.0.0.1", port, user: userInfo().username, privateKey, hostKey };
  }

  /** What a stack would put under `aegir:servers` for this server. */
  configuration() {
    return {
      connection: this.drush,
      accounts: { instance: INSTANCE, connection: this.accounts, directory: this.#passwordFiles },
      waits: { pollSeconds: 0.1 },
    };
  }

  /** One more connection to the database; ended by `stop()` at the latest. */
  async connect(): Promise<Sql> {
    const connection = await Sql.connect(this.#database.socket);
    this.#connections.push(connection);
    return connection;
  }

  /** Runs PHP in the bootstrapped front end as the first user, and answers what it prints. */
  async evaluate(code: string, input = ""): Promise<string> {
    const words = ["@hostmaster", "--user=1", "php-eval", code];
    const child = spawn(join(this.directory, "bin", "drush"), words, { env: this.#environment });
    let output = "";
    let errors = "";
    child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (errors += piece.toString()));
    // Not every command reads it to its end.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const [exitCode] = (await once(child, "close")) as [number | null];
    if (exitCode !== 0) throw new Error(`${code} ended with ${exitCode}: ${output}${errors}`);
    return output;
  }

  get #environment() {
    const path = `${join(this.directory, "bin")}:/usr/local/bin:/usr/bin:/bin`;
    return { PATH: path, HOME: this.#home };
  }

  // Its database and its settings

  /** What settings.php sets beside the variables of the database; counts for processes that start from now on. */
  setSettings(variables: Record<string, string | number | boolean>): void {
    const { socket } = this.#database;
    const options = { unix_socket: socket, database: "hostmaster", username: "aegir", password: "" };
    const json = (value: unknown) =>
      `json_decode(base64_decode('${Buffer.from(JSON.stringify(value)).toString("base64")}'), TRUE)`;
    const lines = [
      "<?php",
      `$databases['default']['default'] = ${json(options)};`,
      "$base_url = 'http://o1.aegir.example.com';",
      `$conf = ${json(variables)};`,
    ];
    writeFileSync(this.#path("settings.php"), `${lines.join("\n")}\n`);
  }

  /** Sets a variable as the panel does. */
  async setVariable(name: string, value: string | number | boolean): Promise<void> {
    await this.evaluate(
      `list($name, $value) = json_decode(fgets(STDIN)); variable_set($name, $value)`,
      `${JSON.stringify([name, value])}\n`,
    );
  }

  /** Closes every connection to the database, those of the tests included. */
  async stopDatabase(): Promise<void> {
    await Promise.all(this.#connections.splice(0).map((connection) => connection.end()));
    await this.#database.stop();
  }

  async startDatabase(): Promise<void> {
    await this.#database.start();
    this.sql = await this.connect();
  }

  // Its processes

  /** Drush processes of the start, with the command `php-eval` unless told otherwise, that are alive. */
  processes(command?: string): number[] {
    return this.#started(command).filter((pid) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    });
  }

  /** How many Drush processes have bootstrapped to run PHP. */
  get bootstraps(): number {
    return this.#started("php-eval").length;
  }

  #started(command?: string): number[] {
    const file = this.#path("processes");
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    return lines
      .map((line) => line.split(" "))
      .filter(([, ran]) => command === undefined || ran === command)
      .map(([pid]) => Number(pid));
  }

  // Its task queue and its files

  /** Queues this many verifies of the front end's own site; they are rows alone and must not be run. */
  async fillQueue(count: number): Promise<void> {
    const { sql } = this;
    const site = await sql.value("SELECT nid FROM hosting_context WHERE name = 'hostmaster'");
    await sql.rows("SET @first = (SELECT MAX(vid) FROM node_revision) + 1, @nid = (SELECT MAX(nid) FROM node) + 1");
    await sql.rows("SET max_recursive_iterations = 1000000");
    const numbers = "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) SELECT";
    await sql.rows(`INSERT INTO node_revision (vid, nid, log) ${numbers} @first + i, @nid + i, '' FROM n`, [count]);
    await sql.rows(
      `INSERT INTO node (nid, vid, type, title, uid, created, changed) ${numbers} @nid + i, @first + i, 'task', 'Verify', 1, UNIX_TIMESTAMP(), UNIX_TIMESTAMP() FROM n`,
      [count],
    );
    await sql.rows(
      `INSERT INTO hosting_task (nid, vid, task_type, rid, task_status) ${numbers} @nid + i, @first + i, 'verify', ?, 0 FROM n`,
      [count, site],
    );
  }

  /** How many rows the database has looked at so far, in tables and indexes, for whatever was asked. */
  async rowsVisited(): Promise<number> {
    const counters = await this.sql.rows("SHOW GLOBAL STATUS LIKE 'Handler_read%'");
    return counters.reduce((sum, { Value }) => sum + Number(Value), 0);
  }

  /** Lets the queue run by itself until `stopQueue()`. */
  startQueue(): void {
    this.#queue ??= spawn(join(this.directory, "bin", "drush"), ["@hostmaster", "hosting-queued"], {
      env: this.#environment,
      stdio: ["pipe", "ignore", "inherit"],
    });
  }

  /** Waits for the task that is running. */
  async stopQueue(): Promise<void> {
    const queue = this.#queue;
    this.#queue = undefined;
    if (queue === undefined || queue.exitCode !== null) return;
    const exited = once(queue, "exit");
    queue.stdin?.end();
    await exited;
  }

  /** Runs BOA's account cron now; false if a lock made it skip. */
  runCron(): boolean {
    return this.shellAccounts.run();
  }

  /** Whether every verify of the site that starts from now on fails. */
  failVerifies(site: string, fails: boolean): void {
    const file = join(this.#path("failing"), site);
    if (fails) writeFileSync(file, "");
    else rmSync(file, { force: true });
  }

  /**
   * Tasks of this site wait until the answer is called: `loaded`, when they know the site and nobody yet knows that they
   * run; or `running`, before they do anything.
   */
  holdTasks(site: string, when: "loaded" | "running" = "running"): () => void {
    const file = join(this.#path(when), site);
    writeFileSync(file, "");
    return () => rmSync(file);
  }

  /** Waits until a task of the site runs. */
  async taskRuns(site: string): Promise<void> {
    const running =
      "SELECT t.nid FROM hosting_task t JOIN node n ON n.vid = t.vid JOIN node s ON s.nid = t.rid WHERE t.task_status = -1 AND s.title = ?";
    await until(async () => (await this.sql.value(running, [site])) !== undefined);
  }

  #path(name: string): string {
    return join(this.directory, name);
  }

  /** `/data/disk/o1` of the server. */
  get #home(): string {
    return this.#disk.real(this.#provision.layout.aegirRoot);
  }

  /** `/home/o1.ftp/users` of the server. */
  get #passwordFiles(): string {
    return this.#disk.real(this.shellAccounts.passwordDirectory);
  }

  /** The client directories that link this site. */
  linksOf(site: string): string[] {
    return this.#provision.linksOf(site);
  }

  /** The logins that have a password file. */
  passwordFileNames(): string[] {
    return this.#disk.list(this.shellAccounts.passwordDirectory);
  }

  /** Mails that it has sent, in order. */
  get mails(): { id: string; to: string; params: Record<string, string> }[] {
    const file = this.#path("mails");
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, "utf8").trim().split("\n");
    return lines.map((line) => JSON.parse(line) as DrupalFrontEnd["mails"][number]);
  }
}
