import { quoted } from "../text/quoted";

/** The form of a day; the calendar may not have it. */
export const DAY_PATTERN = /^\d{4}-\d{2}-\d{2}$/;

/**
 * A day in UTC as `YYYY-MM-DD`. Days compare as texts do, and a grant's last day is one that it still counts on.
 *
 * @param moment now, if absent
 */
export function utcDay(moment: Date = new Date()): string {
  return moment.toISOString().slice(0, 10);
}

/** Problems of a day; empty if the calendar has it. */
export function dayProblems(value: string): string[] {
  if (isDay(value)) return [];
  return [`${quoted(value)} is not a valid date. Write year, month and day, for example 2026-12-31.`];
}

/** How many days after the first the second one is; negative if it is before. Both must be days. */
export function daysBetween(first: string, second: string): number {
  return (Date.parse(second) - Date.parse(first)) / 86_400_000;
}

function isDay(value: string): boolean {
  if (!DAY_PATTERN.test(value)) return false;
  const moment = new Date(value);
  // A day that a month does not have would be read as one of the next month.
  return !Number.isNaN(moment.getTime()) && utcDay(moment) === value;
}

/** The day so many days later. */
export function daysLater(day: string, days: number): string {
  return utcDay(new Date(Date.parse(day) + days * 86_400_000));
}
