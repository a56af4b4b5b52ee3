/**
 * BOA's `manage_ltd_users.sh` (docs/aegir.md#shell-accounts): every client directory with a live link gets a login, and
 * a login whose password file is gone is made anew. It never asks the front end's database.
 */
import { randomInt } from "node:crypto";
import type { Clock } from "./Clock";
import type { Disk } from "./Disk";
import { CRON_LOCKS, type Faults } from "./Faults";

/** Client directories that every run removes. */
const REMOVED_DIRECTORIES = ["admin", "omega8ccgmailcom", "nocomega8cc"];
/** Names of the main account and of the PHP user. */
const SYSTEM_NAMES = ["ftp", "web"];
const PASSWORD_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%@";
const PASSWORD_LENGTH = 64;
/** `passwd -x` (docs/aegir.md#password-age). */
const PASSWORD_DAYS = 90;
const DAY = 86_400;

/** What is left of a client's internal name in the name of its login. */
export function reducedName(internalName: string): string {
  return internalName.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
}

/** A system user in group `ltd-shell`. */
export interface ShellAccount {
  name: string;
  uid: number;
  home: string;
  /** What the login accepts; the file holds the password of the account's making. */
  password: string;
  /** The day on which it was set, counted from the epoch. */
  changed: number;
}

export class ShellAccounts {
  readonly #accounts = new Map<string, ShellAccount>();
  #nextUid = 1100;

  constructor(
    private readonly disk: Disk,
    private readonly clock: Clock,
    /** The octopus user, for example `o1`. */
    private readonly instance: string,
    private readonly clientsDirectory: string,
    private readonly faults: Pick<Faults, "passwordFileDelay" | "diskPercent"> = {
      passwordFileDelay: 0,
      diskPercent: 40,
    },
    private readonly report: (line: string) => void = () => undefined,
  ) {
    disk.makeDirectory(this.passwordDirectory);
  }

  /** The home of the main account. */
  get mainHome(): string {
    return `/home/${this.instance}.ftp`;
  }

  get passwordDirectory(): string {
    return `${this.mainHome}/users`;
  }

  get(name: string): Readonly<ShellAccount> | undefined {
    return this.#accounts.get(name);
  }

  /** The file, or nothing if there is none; sshd reads one alone that only its owner may write to (StrictModes). */
  authorizedKeys(name: string): string {
    const path = `${this.#accounts.get(name)?.home}/.ssh/authorized_keys`;
    return this.disk.isWrittenByOwnerAlone(path) ? this.disk.read(path) : "";
  }

  all(): Readonly<ShellAccount>[] {
    return [...this.#accounts.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** `passwd`, typed by the holder: the password file does not follow. */
  changePassword(name: string, password: string): void {
    const account = this.#accounts.get(name);
    if (account === undefined) throw new Error(`There is no account ${name}.`);
    account.password = password;
    account.changed = this.#today;
  }

  /** Whether the login must change its password first: the last day still counts (docs/aegir.md#password-age). */
  hasExpired({ changed }: ShellAccount): boolean {
    return this.#today - changed > PASSWORD_DAYS;
  }

  /** `passwd --status --all`, typed by root. */
  status(): string {
    const date = (day: number) => new Date(day * DAY * 1000).toISOString().slice(0, 10);
    const lines = this.all().map(({ name, changed }) => `${name} P ${date(changed)} 0 ${PASSWORD_DAYS} 7 -1\n`);
    return ["root P 2020-01-31 0 99999 7 -1\n", ...lines, "daemon L 2020-01-31 0 99999 7 -1\n"].join("");
  }

  get #today(): number {
    return Math.floor(this.clock.now() / DAY);
  }

  /** One run of the cron; false if a lock made it skip everything. */
  run(): boolean {
    const lock = CRON_LOCKS.find((file) => this.disk.exists(file));
    if (lock) {
      this.report(`cron: skipped, ${lock} is there`);
      return false;
    }
    if (this.faults.diskPercent > 90) {
      this.report(`cron: skipped, the disk is ${this.faults.diskPercent} % full`);
      return false;
    }
    this.#removeZombies();
    this.#cleanClientDirectories();
    for (const directory of this.disk.list(this.clientsDirectory)) this.#serve(directory);
    return true;
  }

  #removeZombies(): void {
    for (const { name, home } of this.all()) {
      const file = `${this.passwordDirectory}/${name}`;
      if (this.disk.exists(`${home}/sites`) && this.disk.exists(file)) continue;
      this.disk.removeTree(home);
      this.disk.removeTree(file);
      this.#accounts.delete(name);
      this.report(`cron: account ${name} removed with its home`);
    }
  }

  #cleanClientDirectories(): void {
    for (const name of REMOVED_DIRECTORIES) this.disk.removeTree(`${this.clientsDirectory}/${name}`);
    for (const directory of this.disk.list(this.clientsDirectory)) {
      const path = `${this.clientsDirectory}/${directory}`;
      for (const name of this.disk.list(path)) {
        if (!this.disk.exists(`${path}/${name}`)) this.disk.unlink(`${path}/${name}`);
      }
    }
  }

  /** Makes or updates the login of one client directory, or removes the directory if it is empty. */
  #serve(directory: string): void {
    const path = `${this.clientsDirectory}/${directory}`;
    const reduced = reducedName(directory);
    if (reduced === "") return;
    if (this.disk.list(path).length === 0) return this.disk.removeDirectory(path);
    if (SYSTEM_NAMES.includes(reduced)) return;
    const name = `${this.instance}.${reduced}`;
    const { home } = this.#accounts.get(name) ?? this.#create(name);
    // Two directories with one reduced name take the link from each other, run by run
    // (docs/aegir.md#shell-account-names).
    if (this.disk.linkTarget(`${home}/sites`) === path) return;
    this.disk.removeTree(`${home}/sites`);
    this.disk.link(path, `${home}/sites`);
  }

  #create(name: string): ShellAccount {
    const characters = Array.from({ length: PASSWORD_LENGTH }, () => PASSWORD_CHARACTERS[randomInt(64)]);
    const [password, changed] = [characters.join(""), this.#today];
    const account = { name, uid: this.#nextUid++, home: `/home/${name}`, password, changed };
    this.disk.makeDirectory(`${account.home}/.ssh`);
    const file = `${this.passwordDirectory}/${name}`;
    const { passwordFileDelay } = this.faults;
    // A stale file with no account keeps its old text.
    if (!this.disk.exists(file)) {
      const write = (content: string) => this.disk.write(file, content, this.clock.now());
      write(passwordFileDelay > 0 ? "" : `${password}\n`);
      if (passwordFileDelay > 0) this.clock.after(passwordFileDelay, () => write(`${password}\n`));
    }
    this.#accounts.set(name, account);
    this.report(`cron: account ${name} made`);
    return account;
  }
}
