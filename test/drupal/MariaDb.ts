import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/until";

const MARIADBD = "/usr/sbin/mariadbd";

/**
 * A MariaDB of its own in an empty directory: reached through a socket there and in no other way, so it needs neither a
 * port nor accounts. It runs as whoever runs the tests.
 */
export class MariaDb {
  readonly socket: string;
  #process: ChildProcess | undefined;

  constructor(private readonly directory: string) {
    // Sockets have short names (108 bytes); the directory is the caller's.
    this.socket = join(directory, "sql");
    mkdirSync(join(directory, "database"));
  }

  async start(): Promise<void> {
    const log = join(this.directory, "database.log");
    const settings = {
      datadir: join(this.directory, "database"),
      socket: this.socket,
      "pid-file": join(this.directory, "database.pid"),
      "log-error": log,
      "innodb-buffer-pool-size": "32M",
      "innodb-log-file-size": "8M",
      // What is committed survives the death of the process, and no more is asked here.
      "innodb-flush-log-at-trx-commit": "0",
      "innodb-doublewrite": "0",
      ...(process.getuid?.() === 0 && { user: "root" }),
    };
    const options = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const before = existsSync(log) ? readFileSync(log, "utf8").length : 0;
    // Without system tables, which take seconds to make, there are no accounts to check.
    const child = spawn(MARIADBD, ["--no-defaults", "--skip-networking", "--skip-grant-tables", ...options], {
      stdio: "ignore",
    });
    this.#process = child;
    await until(() => {
      const text = existsSync(log) ? readFileSync(log, "utf8").slice(before) : "";
      if (child.exitCode !== null) throw new Error(`mariadbd does not start: ${text}`);
      return text.includes("ready for connections");
    });
  }

  /** As an administrator stops it: connections are closed, what is committed stays. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, "exit");
    child.kill();
    await exited;
  }
}
