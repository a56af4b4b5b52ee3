/** When a password is rotated because of its age, and when its end is near. */
import { daysBetween, daysLater } from "../naming/Day";
import { isWithin, type RotationByAge } from "../naming/RotationByAge";

/** A password that lasts at most so many days more is warned of. */
export const PASSWORD_WARNED_DAYS = 14;

const DAY = 86_400_000;

/** How old a password is, as far as it is known: see aegir/PasswordAge.ts. */
export interface KnownAge {
  passwordSetAt?: string | null | undefined;
  passwordExpiresAt?: string | null | undefined;
}

/** In whole days. */
export function ageInDays(setAt: string, now: Date): number {
  return Math.floor((now.getTime() - Date.parse(setAt)) / DAY);
}

/**
 * - `due`: the password is rotated by the next deployment
 * - `outsideWindow`: it is old enough, and this is not the time of day
 */
export function decideRotation(
  rotation: RotationByAge | undefined,
  { passwordSetAt }: KnownAge,
  now: Date,
): "due" | "outsideWindow" | "notDue" {
  if (rotation === undefined || !passwordSetAt) return "notDue";
  if (ageInDays(passwordSetAt, now) < rotation.everyDays) return "notDue";
  return isWithin(rotation.window, now) ? "due" : "outsideWindow";
}

/**
 * What an update that is to replace the `recorded` password does with the one that it finds:
 * - `rotate`: it is the recorded one
 * - `await`: there is none, so BOA is about to make the new one
 * - `readBack`: it is another one, so it was rotated in a deployment whose record was lost
 * - `keep`: its user has changed it since, so that it is not old enough any more
 *
 * @param live with the password's fingerprint
 * @param rotation undefined if the password is rotated whatever its age
 */
export function decideReplacement(
  recorded: string,
  live: (KnownAge & { fingerprint: string }) | undefined,
  rotation: RotationByAge | undefined,
  now: Date,
): "rotate" | "await" | "readBack" | "keep" {
  if (live === undefined) return "await";
  if (live.fingerprint !== recorded) return "readBack";
  return rotation !== undefined && decideRotation(rotation, live, now) === "notDue" ? "keep" : "rotate";
}

/** The last day (UTC) on which a password works. */
export function lastDayOf(expiresAt: string): string {
  return daysLater(expiresAt.slice(0, 10), -1);
}

/**
 * The last day (UTC) on which the password works, if that is near or past, and how many days are left: negative if it is
 * past. Undefined as well if a rotation by age comes before it.
 */
export function endOfPassword(
  { passwordSetAt, passwordExpiresAt }: KnownAge,
  rotation: RotationByAge | undefined,
  today: string,
): { lastDay: string; daysLeft: number } | undefined {
  if (!passwordExpiresAt) return undefined;
  const lastDay = lastDayOf(passwordExpiresAt);
  const daysLeft = daysBetween(today, lastDay);
  if (daysLeft > PASSWORD_WARNED_DAYS) return undefined;
  const rotated = rotation && passwordSetAt && daysLater(passwordSetAt.slice(0, 10), rotation.everyDays);
  return rotated && today <= rotated && rotated <= lastDay ? undefined : { lastDay, daysLeft };
}
