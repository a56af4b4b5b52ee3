/** The rotation of a password by its age: `{ everyDays: 80, window: "02:00-05:00" }`. */
import { quoted } from "../text/quoted";

/** Days that a password lasts on BOA (docs/aegir.md#password-age). */
export const PASSWORD_DAYS = 90;

export interface RotationByAge {
  everyDays: number;
  /** When a rotation may begin, each day in UTC: `02:00-05:00`, or over midnight, `22:00-04:00`. At any time if absent. */
  window?: string | undefined;
  /** Another one rotates the password as well, whatever its age. */
  label?: string | undefined;
}

const WINDOW = /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/;

/** Why a string is not the window of a rotation; empty if it is. */
export function windowProblems(value: string): string[] {
  const [from, to] = value.split("-");
  if (WINDOW.test(value) && from !== to) return [];
  return [`window is ${quoted(value)}; write the first and the last time of day in UTC, for example "02:00-05:00".`];
}

/** Why passwords cannot be rotated after so many days where they last `passwordDays`; empty if they can. */
export function everyDaysProblems(everyDays: number, passwordDays: number): string[] {
  if (everyDays < passwordDays) return [];
  return [
    `everyDays is ${everyDays}, but passwords last ${passwordDays} days on this server (accounts.passwordDays): they would end before ` +
      `their rotation. Write at most ${Math.max(1, passwordDays - 10)}, so that some nights may fail.`,
  ];
}

/** Whether a rotation may begin at this moment. The first minute of the window belongs to it, the last one does not. */
export function isWithin(window: string | undefined, moment: Date): boolean {
  if (window === undefined) return true;
  const [from = "", to = ""] = window.split("-");
  const time = moment.toISOString().slice(11, 16);
  return from < to ? from <= time && time < to : from <= time || time < to;
}
