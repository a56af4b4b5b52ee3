/**
 * OpenSSH's own server on the loopback interface, with keys, settings and a log of its own. It runs as the user who runs
 * the tests: only as root can it let anybody else in.
 *
 *     before(needOpenSsh);
 *     const server = await OpenSshServer.start({ authorizedKeys: [login.public], settings: ["MaxSessions 2"] });
 *     try { ... server.connection({ privateKey: login.private }) ... server.count(FAILED) ... } finally { await server.stop(); }
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { ConnectionArgs, type ConnectionArgsInput } from "../../provider/ssh/ConnectionArgs";
import { resolveConnection } from "../../provider/ssh/credentials";
import { SshConnection } from "../../provider/ssh/SshConnection";
import type { Timings } from "../../provider/ssh/Timings";
import { Listener } from "../support/Listener";
import { skip } from "../support/skip";
import { until } from "../support/until";
import { type KeyPair, newKey } from "./ScriptedServer";

const SSHD = "/usr/sbin/sshd";

/** What sshd logs of a client's attempts (auth.c, packet.c, auth2.c); with LogLevel DEBUG1 of every one, however early it ended. */
export const CONNECTED = /^Connection from /gm;
export const ASKED_TO_LOG_IN = /userauth-request for user \S+ service \S+ method (?!none )/g;
export const FAILED = /^Failed \w+ for /gm;
export const ACCEPTED = /^Accepted \w+ for /gm;

export interface OpenSshOptions {
  /** Lines of sshd_config that go before this server's own, and so win. No Match blocks. */
  settings?: string[];
  /** Lines of authorized_keys, with options perhaps; of whoever logs in. */
  authorizedKeys?: string[];
  /** What serves SFTP; sshd itself if absent. A program is run by the login's shell. */
  sftp?: string;
  /** One new ed25519 key if absent. */
  hostKeys?: KeyPair[];
  /** Whom its connections log in as; who runs the tests if absent. */
  user?: string;
}

/** A hook that skips the suite where there is no sshd, and says how to have it. */
export function needOpenSsh(this: Mocha.Context): void {
  if (existsSync(SSHD)) return;
  skip(this, "what runs against a real sshd", "apt-get install openssh-server");
}

/** Of the installed OpenSSH: `[9, 2]`. */
export function openSshVersion(): [major: number, minor: number] {
  // Versions before 9.2 do not know -V, and print theirs with the usage.
  const { stderr } = spawnSync(SSHD, ["-V"], { encoding: "utf8" });
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(stderr) ?? [];
  return [Number(major), Number(minor)];
}

export class OpenSshServer {
  readonly user: string;
  #hostKeys: KeyPair[];
  #sshd: ChildProcess | undefined;

  private constructor(
    /** Where it keeps its keys and its log; anybody may read it. */
    readonly directory: string,
    readonly port: number,
    private readonly options: OpenSshOptions,
  ) {
    this.user = options.user ?? userInfo().username;
    this.#hostKeys = options.hostKeys ?? [newKey()];
  }

  static async start(options: OpenSshOptions = {}): Promise<OpenSshServer> {
    const directory = mkdtempSync(join(tmpdir(), "sshd-"));
    // sshd reads authorized_keys as the user who logs in.
    chmodSync(directory, 0o755);
    const server = new OpenSshServer(directory, await freePort(), options);
    await server.#start();
    return server;
  }

  get hostKeys(): readonly KeyPair[] {
    return this.#hostKeys;
  }

  /** Everything that was logged so far, at LogLevel DEBUG1 unless the settings say otherwise. */
  get log(): string {
    return readFileSync(join(this.directory, "log"), "utf8");
  }

  /** How often the log says something. */
  count(what: RegExp): number {
    return this.log.match(what)?.length ?? 0;
  }

  /** Waits until every connection is closed: then the log is complete. */
  async quiet(): Promise<void> {
    await until(() => this.#sessions().length === 0);
  }

  /** What reaches it with its own host keys pinned, unless told otherwise; the credentials are the caller's. */
  args(change: Partial<ConnectionArgsInput> = {}): ConnectionArgsInput {
    const hostKey = this.#hostKeys.map((key) => key.fingerprint);
    return { host: "127.0.0.1", port: this.port, user: this.user, hostKey, ...change };
  }

  /** Only `environment` has a say, not that of whoever runs the tests. */
  connection(
    change: Partial<ConnectionArgsInput> = {},
    timings: Partial<Timings> = {},
    environment: NodeJS.ProcessEnv = {},
  ): SshConnection {
    const args = ConnectionArgs.parse(this.args(change));
    return new SshConnection(args, () => resolveConnection(args, ["main"], environment), timings);
  }

  authorize(...lines: string[]): void {
    writeFileSync(join(this.directory, "authorized_keys"), lines.map((line) => `${line}\n`).join(""));
  }

  /** Kills the processes that serve connections, and goes on listening. */
  breakConnections(): void {
    for (const pid of this.#sessions()) kill(pid);
  }

  /** Kills all of it; `restart` brings it back. */
  async down(): Promise<void> {
    const sshd = this.#sshd;
    if (sshd === undefined || sshd.exitCode !== null) return;
    const sessions = this.#sessions();
    const exited = once(sshd, "exit");
    sshd.kill();
    sessions.forEach(kill);
    await exited;
  }

  /** Kills all of it and starts it again on the same port, with other host keys if wanted. */
  async restart({ hostKeys }: Pick<OpenSshOptions, "hostKeys"> = {}): Promise<void> {
    await this.down();
    this.#hostKeys = hostKeys ?? this.#hostKeys;
    await this.#start();
  }

  async stop(): Promise<void> {
    await this.down();
    rmSync(this.directory, { recursive: true });
  }

  async #start(): Promise<void> {
    const { settings = [], authorizedKeys = [], sftp = "internal-sftp" } = this.options;
    const file = (name: string) => join(this.directory, name);
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
    this.#hostKeys.forEach((key, number) => writeFileSync(file(`host${number}`), key.private, { mode: 0o600 }));
    if (!existsSync(file("authorized_keys"))) this.authorize(...authorizedKeys);
    const configuration = [
      ...settings,
      ...this.#hostKeys.map((_, number) => `HostKey ${file(`host${number}`)}`),
      ...[
        "ListenAddress 127.0.0.1",
        `Port ${this.port}`,
        "PidFile none",
        `AuthorizedKeysFile ${file("authorized_keys")}`,
      ],
      ...["LogLevel DEBUG1", "StrictModes no", "UsePAM no", "PermitRootLogin yes", "PasswordAuthentication no"],
      `Subsystem sftp ${sftp}`,
    ];
    writeFileSync(file("sshd_config"), configuration.join("\n"));
    const before = existsSync(file("log")) ? this.log.length : 0;
    const sshd = spawn(SSHD, ["-D", "-E", file("log"), "-f", file("sshd_config")], { stdio: "inherit" });
    this.#sshd = sshd;
    await until(() => {
      if (sshd.exitCode !== null) throw new Error(`sshd does not start: ${this.log.slice(before)}`);
      return existsSync(file("log")) && this.log.slice(before).includes("Server listening on");
    });
  }

  /** The processes that serve connections: those that the listening one has forked. */
  #sessions(): number[] {
    const listener = String(this.#sshd?.pid);
    const processes = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" });
    return processes
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, parent, state]) => parent === listener && !state?.startsWith("Z"))
      .map(([pid]) => Number(pid));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid);
  } catch {
    // It has ended by itself.
  }
}

async function freePort(): Promise<number> {
  const listener = new Listener(() => undefined);
  await listener.up();
  await listener.down();
  return listener.port;
}
