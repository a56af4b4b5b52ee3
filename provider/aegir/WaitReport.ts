import { duration } from "../text/duration";

const FIRST_REPORT_SECONDS = 15;
const MOST_SECONDS_BETWEEN_REPORTS = 300;

/**
 * When a wait reports that it still waits: after 15 seconds, then each time that it has taken twice as long, and at least
 * every five minutes, because Pulumi shows the last report until the next one.
 */
export class WaitReport {
  readonly #since: number;
  #nextSeconds = FIRST_REPORT_SECONDS;

  /** @param clock in milliseconds */
  constructor(private readonly clock: () => number = () => performance.now()) {
    this.#since = clock();
  }

  /** How long the wait has taken, in seconds. */
  get seconds(): number {
    return (this.clock() - this.#since) / 1000;
  }

  /** Whether a report is due; then false until the next one. */
  isDue(): boolean {
    if (this.seconds < this.#nextSeconds) return false;
    while (this.#nextSeconds <= this.seconds) {
      this.#nextSeconds += Math.min(this.#nextSeconds, MOST_SECONDS_BETWEEN_REPORTS);
    }
    return true;
  }
}

/** @param what what is waited for, for example `task 71 is running (the verify of www.example.com)` */
export function stillWaiting(seconds: number, what: string): string {
  return `still waiting after ${duration(Math.round(seconds))}: ${what}`;
}
