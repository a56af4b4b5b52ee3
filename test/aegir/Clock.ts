/**
 * The server's clock: what `time()` answers there, and what starts its queue and its cron. Everything in the small Aegir
 * that happens by itself hangs on one of these, so a test that drives the clock drives the server.
 */
export abstract class Clock {
  /** Whole seconds since the epoch, as PHP's `time()`. */
  abstract now(): number;
  /** Runs `action` once, `seconds` of this clock from now. */
  abstract after(seconds: number, action: () => void): void;
  /** Drops everything that is still to come. */
  abstract stop(): void;
  /** Goes on `seconds` later at once; what is still to come keeps its distance. */
  abstract skip(seconds: number): void;

  /** Runs `action` every `seconds` of this clock, the first time one period from now. */
  every(seconds: number, action: () => void): void {
    this.after(seconds, () => {
      // Arranged before acting, so that an action which throws does not end the series.
      this.every(seconds, action);
      action();
    });
  }
}

/** Stands still until it is told to advance. What falls due runs in the order of time, then of arrangement. */
export class ManualClock extends Clock {
  #appointments: { at: number; action: () => void }[] = [];

  /** `seconds` since the epoch at which it stands. */
  constructor(private seconds = 1_790_000_000) {
    super();
  }

  now(): number {
    return Math.floor(this.seconds);
  }

  after(seconds: number, action: () => void): void {
    this.#appointments.push({ at: this.seconds + seconds, action });
    this.#appointments.sort((one, other) => one.at - other.at);
  }

  skip(seconds: number): void {
    this.seconds += seconds;
    for (const appointment of this.#appointments) appointment.at += seconds;
  }

  /** Moves on by `seconds`; everything that falls due has run when it returns. */
  advance(seconds: number): void {
    const target = this.seconds + seconds;
    for (let next = this.#appointments[0]; next && next.at <= target; next = this.#appointments[0]) {
      this.#appointments.shift();
      this.seconds = next.at;
      next.action();
    }
    this.seconds = target;
  }

  stop(): void {
    this.#appointments = [];
  }
}

/**
 * Runs by itself, `speed` times as fast as the machine's (with 60, a server's minute passes in a second), and is wrong by
 * `offset` seconds from the start.
 */
export class RunningClock extends Clock {
  readonly #started = Date.now();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly speed = 60,
    private offset = 0,
  ) {
    super();
  }

  skip(seconds: number): void {
    this.offset += seconds;
  }

  now(): number {
    return Math.floor((this.#started + (Date.now() - this.#started) * this.speed) / 1000) + this.offset;
  }

  after(seconds: number, action: () => void): void {
    const run = () => {
      this.#timers.delete(timer);
      action();
    };
    const timer = setTimeout(run, (seconds * 1000) / this.speed);
    this.#timers.add(timer);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
