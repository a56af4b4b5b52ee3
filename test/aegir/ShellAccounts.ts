/**
 * BOA's `manage_ltd_users.sh` (contract 5.1 to 5.3): every client directory with a live link gets a login, and a login
 * whose password file is gone is made anew. It never asks the front end's database.
 */
import { randomInt } from "node:crypto";
import type { Clock } from "./Clock";
import { CRON_LOCKS, type Faults } from "./Faults";
import type { FileSystem } from "./FileSystem";

/** Client directories that every run removes. */
const REMOVED_DIRECTORIES = ["admin", "omega8ccgmailcom", "nocomega8cc"];
/** Names of the main account and of the PHP user. */
const SYSTEM_NAMES = ["ftp", "web"];
const PASSWORD_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%@";
const PASSWORD_LENGTH = 64;

/** What it needs of the disk. */
export type AccountFiles = Pick<
  FileSystem,
  "makeDirectory" | "write" | "lstat" | "exists" | "list" | "link" | "unlink" | "removeDirectory" | "removeTree"
>;

/** A system user in group `ltd-shell`. */
export interface ShellAccount {
  name: string;
  uid: number;
  home: string;
  /** What the login accepts; the file holds the password of the account's making. */
  password: string;
}

export class ShellAccounts {
  private readonly accounts = new Map<string, ShellAccount>();
  private nextUid = 1100;

  constructor(
    private readonly files: AccountFiles,
    private readonly clock: Clock,
    private readonly faults: Faults,
    /** The octopus user, for example `o1`. */
    readonly instance: string,
    private readonly clientsDirectory: string,
    private readonly report: (line: string) => void,
  ) {
    files.makeDirectory(this.passwordDirectory);
  }

  /** The home of the main account. */
  get mainHome(): string {
    return `/home/${this.instance}.ftp`;
  }

  get passwordDirectory(): string {
    return `${this.mainHome}/users`;
  }

  get(name: string): Readonly<ShellAccount> | undefined {
    return this.accounts.get(name);
  }

  all(): Readonly<ShellAccount>[] {
    return [...this.accounts.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** `passwd`, typed by the holder: the password file does not follow. */
  changePassword(name: string, password: string): void {
    const account = this.accounts.get(name);
    if (account === undefined) throw new Error(`There is no account ${name}.`);
    account.password = password;
  }

  /** One run of the cron; false if a lock made it skip everything. */
  run(): boolean {
    const lock = CRON_LOCKS.find((file) => this.faults.lockFiles.has(file));
    if (lock) {
      this.report(`cron: skipped, ${lock} is there`);
      return false;
    }
    this.removeZombies();
    this.cleanClientDirectories();
    for (const directory of this.files.list(this.clientsDirectory)) this.serve(directory);
    return true;
  }

  private removeZombies(): void {
    for (const account of this.all()) {
      const file = `${this.passwordDirectory}/${account.name}`;
      const link = this.files.lstat(`${account.home}/sites`);
      if (link?.kind === "link" && this.files.exists(`${account.home}/sites`) && this.files.exists(file)) continue;
      this.files.removeTree(account.home);
      this.files.removeTree(file);
      this.accounts.delete(account.name);
      this.report(`cron: account ${account.name} removed with its home`);
    }
  }

  private cleanClientDirectories(): void {
    for (const name of REMOVED_DIRECTORIES) this.files.removeTree(`${this.clientsDirectory}/${name}`);
    for (const directory of this.files.list(this.clientsDirectory)) {
      const path = `${this.clientsDirectory}/${directory}`;
      this.files.removeTree(`${path}/backups`);
      for (const name of this.files.list(path)) {
        if (!this.files.exists(`${path}/${name}`)) this.files.unlink(`${path}/${name}`);
      }
    }
  }

  /** Makes or updates the login of one client directory, or removes the directory if it is empty. */
  private serve(directory: string): void {
    const path = `${this.clientsDirectory}/${directory}`;
    const reduced = directory.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
    if (reduced === "") return;
    const names = this.files.list(path);
    if (!names.some((name) => this.files.lstat(`${path}/${name}`)?.kind === "link")) {
      if (names.length === 0) this.files.removeDirectory(path);
      return;
    }
    if (SYSTEM_NAMES.includes(reduced)) return;
    const name = `${this.instance}.${reduced}`;
    const account = this.accounts.get(name) ?? this.create(name);
    const link = this.files.lstat(`${account.home}/sites`);
    // Two directories with one reduced name take the link from each other, run by run (contract 5.1).
    if (link?.kind === "link" && link.target === path) return;
    if (link) this.files.unlink(`${account.home}/sites`);
    this.files.link(path, `${account.home}/sites`);
  }

  private create(name: string): ShellAccount {
    const characters = Array.from({ length: PASSWORD_LENGTH }, () => PASSWORD_CHARACTERS[randomInt(64)]);
    const account = { name, uid: this.nextUid++, home: `/home/${name}`, password: characters.join("") };
    this.files.makeDirectory(account.home);
    const file = `${this.passwordDirectory}/${name}`;
    // A stale file with no account keeps its old text.
    if (!this.files.exists(file)) {
      const write = () => this.files.write(file, `${account.password}\n`);
      if (this.faults.passwordFileDelay > 0) {
        this.files.write(file, "");
        this.clock.after(this.faults.passwordFileDelay, write);
      } else {
        write();
      }
    }
    this.accounts.set(name, account);
    this.report(`cron: account ${name} made`);
    return account;
  }
}
