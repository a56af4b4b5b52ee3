import { UsageError } from "./Command";

/** Days; longer than any panel has been there. */
const MOST_DAYS = 9999;

/** @throws UsageError for anything but a whole number of days; undefined without the option */
export function unusedDays(option: string | undefined): number | undefined {
  if (option === undefined) return undefined;
  const days = /^\d{1,4}$/.test(option) ? Number(option) : 0;
  if (days === 0) throw new UsageError(`--unused must be a number of days from 1 to ${MOST_DAYS}, for example 90.`);
  return days;
}
