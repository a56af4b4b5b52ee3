import { duration } from "../text/duration";

const FIRST_REPORT_SECONDS = 15;

/** When a wait says that it still waits: after 15 seconds, and again each time that it has taken twice as long. */
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

  /** Whether it is time to say so; false then until the next time. */
  isDue(): boolean {
    if (this.seconds < this.#nextSeconds) return false;
    while (this.#nextSeconds <= this.seconds) this.#nextSeconds *= 2;
    return true;
  }
}

/** @param what is waited for, for example `the verify of www.example.com (task 71, running)` */
export function stillWaiting(seconds: number, what: string): string {
  return `still waiting after ${duration(Math.round(seconds))}: ${what}`;
}
