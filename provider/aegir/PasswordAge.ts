/**
 * How old the password of a shell account is, and when it ends (docs/aegir.md#password-age). The time of the password file
 * says when BOA made it; the account itself, which root alone can look at, says whether its holder has changed it since.
 */
import { daysLater, utcDay } from "../naming/Day";
import type { SshConnection } from "../ssh/SshConnection";
import { SshError } from "../ssh/SshError";

/** Times are in UTC, in whole seconds: `2026-12-01T09:30:00Z`. */
export interface PasswordAge {
  /** Since when the login has its password. */
  passwordSetAt: string;
  /** From when on it is refused, and logins with a key as well; null if it never is. */
  passwordExpiresAt: string | null;
  /** Whether the holder has changed it since BOA made it; null if that cannot be seen. */
  passwordChangedByHolder: boolean | null;
}

/** What the system says of an account. */
interface AccountStatus {
  /** The day (UTC) of the last change of its password; undefined if it never had one. */
  changed: string | undefined;
  /** Days that a password lasts. */
  mostDays: number;
}

/** Prints one line per account; `env`, because root's shell may be none of Bourne's family. */
export const STATUS_COMMAND = "env LC_ALL=C passwd --status --all";
const STATUS_SECONDS = 30;

/** From so many days on, the system has passwords without an end (useradd's own default is 99999). */
const ENDLESS_DAYS = 10_000;

/** What the login of a connection can see of the accounts. */
export class AccountStatuses {
  #asked: Promise<Map<string, AccountStatus>> | undefined;

  constructor(
    private readonly connection: SshConnection,
    private readonly isRoot: boolean,
    /** Days after which BOA lets a password end. */
    private readonly passwordDays: number,
  ) {}

  /** @param written when the password file was written: seconds since the epoch, by the server's clock */
  async ageOf(login: string, written: number): Promise<PasswordAge> {
    return ageOf(written, (await this.#statuses()).get(login), this.passwordDays);
  }

  /** All who ask at about the same time share one answer, and nobody gets an older one. */
  #statuses(): Promise<Map<string, AccountStatus>> {
    if (!this.isRoot) return Promise.resolve(new Map<string, AccountStatus>());
    this.#asked ??= this.#ask().finally(() => (this.#asked = undefined));
    return this.#asked;
  }

  /** Empty where the server does not run the command: a key for root may be bound to another one. */
  async #ask(): Promise<Map<string, AccountStatus>> {
    try {
      const { stdout } = await this.connection.run(STATUS_COMMAND, null, { deadlineSeconds: STATUS_SECONDS });
      return readStatuses(stdout);
    } catch (error) {
      if (error instanceof SshError && ["refusedByServer", "commandForbidden"].includes(error.code)) return new Map();
      throw error;
    }
  }
}

/** Reads lines such as `o1.acme P 2026-09-01 0 90 7 -1`; releases of shadow before 4.14 write `09/01/2026`. */
export function readStatuses(output: string): Map<string, AccountStatus> {
  const statuses = new Map<string, AccountStatus>();
  for (const line of output.split("\n")) {
    const [, login, changed, mostDays] = /^(\S+) \S+ (\S+) -?\d+ (-?\d+) -?\d+ -?\d+\b/.exec(line) ?? [];
    if (login !== undefined) statuses.set(login, { changed: dayOf(changed!), mostDays: Number(mostDays) });
  }
  return statuses;
}

function dayOf(date: string): string | undefined {
  const [, month, day, year] = /^(\d\d)\/(\d\d)\/(\d{4})$/.exec(date) ?? [];
  if (year !== undefined) return `${year}-${month}-${day}`;
  return /^\d{4}-\d\d-\d\d$/.test(date) ? date : undefined;
}

/**
 * A file that is younger than the account says counts: the account may have been looked at just before BOA made it again,
 * and a password that seems older than it is would be rotated twice.
 */
function ageOf(written: number, status: AccountStatus | undefined, passwordDays: number): PasswordAge {
  const file = new Date(written * 1000);
  const changed = status?.changed;
  const isChanged = changed !== undefined && changed > utcDay(file);
  const mostDays = status?.mostDays ?? passwordDays;
  return {
    passwordSetAt: isChanged ? startOf(changed) : isoTime(file),
    passwordExpiresAt:
      mostDays < 0 || mostDays >= ENDLESS_DAYS ? null : startOf(daysLater(changed ?? utcDay(file), mostDays + 1)),
    passwordChangedByHolder: changed === undefined ? null : isChanged,
  };
}

const startOf = (day: string): string => `${day}T00:00:00Z`;

function isoTime(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}
