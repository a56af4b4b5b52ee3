/**
 * When people last used the panel. It is the panel as a whole, not one client or site of it, and logins over SSH are not
 * seen.
 */
import { utcDay } from "../naming/Day";

/** Days are those of the server's clock, in UTC. */
export interface LastUse {
  /** Null for a user who has never logged in. */
  day: string | null;
  /** The day on which the user was created, where it is known. */
  created: string | null;
  /** The day on which the server was asked. */
  asOf: string;
}

/** When a user logged in to the panel, or made a request to it, in seconds since the epoch by the server's clock. */
export interface PanelTimes {
  readonly created?: number | null;
  readonly lastLogin?: number | null;
  readonly lastAccess?: number | null;
}

/**
 * Undefined where it is not known. An access without a login is not one by the user (docs/aegir.md#last-use).
 *
 * @param asOf the day (UTC) on which the server was asked
 */
export function lastUseOf({ created, lastLogin, lastAccess }: PanelTimes, asOf: string): LastUse | undefined {
  if (lastLogin === undefined) return undefined;
  const used = lastLogin === null ? null : Math.max(lastLogin, lastAccess ?? 0);
  return { day: dayOf(used), created: dayOf(created ?? null), asOf };
}

/** The day (UTC) of a time in seconds since the epoch. */
export function dayOf(seconds: number): string;
export function dayOf(seconds: number | null): string | null;
export function dayOf(seconds: number | null): string | null {
  return seconds === null ? null : utcDay(new Date(seconds * 1000));
}

/** What one user or many have done, without the subject of the sentence. */
export function lastUseText({ day, created }: LastUse, users = 1): string {
  if (day !== null) return `last used the panel on ${day}`;
  return `${users === 1 ? "has" : "have"} never logged in to the panel${created === null ? "" : ` (created on ${created})`}`;
}
