/**
 * The server's clock: what `time()` answers there, and what starts its queue and its cron. Everything in the small Aegir
 * that happens by itself hangs on one of these, so a test that drives the clock drives the server.
 */
export interface Clock {
  /** Whole seconds since the epoch, as PHP's `time()`. */
  now(): number;
  /** Runs `action` once, `seconds` of this clock from now; the returned function takes it back. */
  after(seconds: number, action: () => void): () => void;
  /** Runs `action` every `seconds` of this clock, the first time one period from now. */
  every(seconds: number, action: () => void): () => void;
  /** Takes back everything that is still to come. */
  stop(): void;
}

interface Appointment {
  at: number;
  order: number;
  action: () => void;
}

/** Stands still until it is told to advance. What falls due runs in the order of time, then of arrangement. */
export class ManualClock implements Clock {
  private appointments: Appointment[] = [];
  private arranged = 0;

  /** `seconds` since the epoch at which it stands. */
  constructor(private seconds = 1_790_000_000) {}

  now(): number {
    return Math.floor(this.seconds);
  }

  after(seconds: number, action: () => void): () => void {
    const appointment = { at: this.seconds + seconds, order: this.arranged++, action };
    this.appointments.push(appointment);
    return () => {
      this.appointments = this.appointments.filter((other) => other !== appointment);
    };
  }

  every(seconds: number, action: () => void): () => void {
    return repeat(this, seconds, action);
  }

  /** Moves on by `seconds`; everything that falls due has run when it returns. */
  advance(seconds: number): void {
    const target = this.seconds + seconds;
    for (;;) {
      const [next] = this.appointments
        .filter(({ at }) => at <= target)
        .sort((one, other) => one.at - other.at || one.order - other.order);
      if (next === undefined) break;
      this.appointments = this.appointments.filter((other) => other !== next);
      this.seconds = Math.max(this.seconds, next.at);
      next.action();
    }
    this.seconds = target;
  }

  stop(): void {
    this.appointments = [];
  }
}

/**
 * Runs by itself, `speed` times as fast as the machine's (with 60, a server's minute passes in a second), and is wrong by
 * `offset` seconds from the start.
 */
export class RunningClock implements Clock {
  private readonly started = Date.now();
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly speed = 60,
    private readonly offset = 0,
  ) {}

  now(): number {
    return Math.floor((this.started + (Date.now() - this.started) * this.speed) / 1000) + this.offset;
  }

  after(seconds: number, action: () => void): () => void {
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        action();
      },
      (seconds * 1000) / this.speed,
    );
    this.timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.timers.delete(timer);
    };
  }

  every(seconds: number, action: () => void): () => void {
    return repeat(this, seconds, action);
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}

/** Arranges the next time before acting, so that an action which throws does not end the series. */
function repeat(clock: Clock, seconds: number, action: () => void): () => void {
  let cancel: () => void;
  const arrange = () => {
    cancel = clock.after(seconds, () => {
      arrange();
      action();
    });
  };
  arrange();
  return () => cancel();
}
