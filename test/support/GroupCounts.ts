/** How a group of tests ended, handed from Mocha's process to the summary of `npm test`. */
export interface GroupCounts {
  passed: number;
  failed: number;
  /** Full titles of what was skipped, so that the summary can say it loudly. */
  skipped: string[];
}
