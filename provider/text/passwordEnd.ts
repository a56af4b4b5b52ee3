import { plural } from "./Phrase";

/**
 * A clause and a sentence without its full stop, to follow the name of a password: "works until 2026-12-01 (3 days left).
 * Logins with a key end with it".
 *
 * @param changedByHolder null if it cannot be seen whether the login's user has changed the password
 */
export function passwordEndText(
  { lastDay, daysLeft }: { lastDay: string; daysLeft: number },
  changedByHolder: boolean | null | undefined,
): string {
  const unless = changedByHolder === null ? ", unless its user has changed it" : "";
  return daysLeft < 0
    ? `ended on ${lastDay}${unless}. Logins with a key ended with it`
    : `works until ${lastDay} (${plural(daysLeft, "day")} left)${unless}. Logins with a key end with it`;
}
