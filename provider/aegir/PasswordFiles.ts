/**
 * The password files of an Octopus instance (contract 5.2): one file per shell account, named like the login, written
 * by BOA's root cron when it makes the account. Reading one is how a login is learned, deleting one is how a new
 * password is asked for, and its absence is how a removed login is known.
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import { SftpRefusal } from "../ssh/Sftp";
import type { SshConnection } from "../ssh/SshConnection";
import { AegirError } from "./AegirError";
import { Patience, pause } from "./Patience";

/** Passwords are 8 to 128 characters; the limit only keeps a wrong file from being read whole. */
const MAXIMUM_BYTES = 256;

export interface Password {
  password: string;
  /** First 16 hexadecimal digits of a SHA-256 over login and password: tells passwords apart, reveals none. */
  fingerprint: string;
}

export interface PasswordFilesOptions {
  directory: string;
  pollSeconds: number;
  accountMinutes: number;
}

export class PasswordFiles {
  constructor(
    private readonly connection: SshConnection,
    private readonly options: PasswordFilesOptions,
  ) {}

  get label(): string {
    return this.connection.label;
  }

  /** The login's password, or undefined if its file is absent or, for the moment in which BOA writes it, empty. */
  async read(login: string): Promise<Password | undefined> {
    const text = await this.#readFile(login);
    const password = text?.replace(/\n$/, "");
    if (password === undefined || password === "") return undefined;
    if (/\s/.test(password)) {
      throw new AegirError({
        situation: "serverFailed",
        what: `the password file of ${login} holds more than one word`,
        server: this.label,
        outcome: "notDone",
        next: `Look at ${this.#path(login)}; deleting it lets BOA make a new account and file`,
      });
    }
    return { password, fingerprint: fingerprint(login, password) };
  }

  /** The login's password as BOA leaves it: waits out the moment in which the file is there and empty. */
  async settled(login: string): Promise<Password | undefined> {
    const patience = new Patience(this.options.accountMinutes);
    while ((await this.#readFile(login)) === "") {
      if (patience.expired()) throw this.#expired(`the password file of ${login} is empty`, false);
      await pause(this.options.pollSeconds);
    }
    return this.read(login);
  }

  /** Deletes the file: BOA's next run removes the account and makes it anew. Absent is a success. */
  async delete(login: string): Promise<void> {
    const sftp = await this.connection.sftp();
    await absentAsUndefined(sftp.unlink(this.#path(login)));
  }

  /**
   * Waits for a password that is there, not empty, and not `old`.
   * @param check is called at every look and may throw to end the wait early
   */
  async appears(login: string, old: string | undefined, check: () => Promise<void>): Promise<Password> {
    const patience = new Patience(this.options.accountMinutes);
    for (;;) {
      const found = await this.read(login);
      if (found && found.fingerprint !== old) return found;
      await check();
      if (patience.expired()) {
        throw this.#expired(`${login} has no ${old === undefined ? "" : "new "}password file`, old !== undefined);
      }
      await pause(this.options.pollSeconds);
    }
  }

  /** Waits until the login is gone, which BOA's cron makes true in the second run after its last site has left. */
  async disappears(login: string): Promise<void> {
    const patience = new Patience(this.options.accountMinutes);
    while ((await this.#readFile(login)) !== undefined) {
      if (patience.expired()) throw this.#expired(`the login ${login} still exists`, true);
      await pause(this.options.pollSeconds);
    }
  }

  async #readFile(login: string): Promise<string | undefined> {
    const sftp = await this.connection.sftp();
    const bytes = await absentAsUndefined(sftp.read(this.#path(login), MAXIMUM_BYTES));
    return bytes?.toString("utf8");
  }

  #path(login: string): string {
    return posix.join(this.options.directory, login);
  }

  #expired(what: string, changed: boolean): AegirError {
    return new AegirError({
      situation: "waitExpired",
      what: `waited ${this.options.accountMinutes} min, and ${what}`,
      server: this.label,
      outcome: changed ? "unknown" : "notDone",
      next:
        "BOA's account cron may be stopped (/run/manage_ltd_users.pid, /run/boa_run.pid, /run/boa_wait.pid, " +
        "/root/.pause_tasks_maint.cnf, /root/.proxy.cnf) or the login is in use. Run the same command again: it goes on waiting",
    });
  }
}

/** "No such file" is an answer here; every other refusal, and every transport error, is an error. */
async function absentAsUndefined<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (error instanceof SftpRefusal && error.code === "missing") return undefined;
    throw error;
  }
}

function fingerprint(login: string, password: string): string {
  return createHash("sha256").update(`${login}\n${password}`).digest("hex").slice(0, 16);
}
