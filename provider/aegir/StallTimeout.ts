/** A deadline that expires only after a time without progress. */
export class StallTimeout {
  #expires: number;
  #progress: string | undefined;

  constructor(
    readonly minutes: number,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.#expires = this.#later();
  }

  /** @param progress describes the progress; a string that differs from the last one restarts the time. */
  expired(progress = ""): boolean {
    if (progress !== this.#progress) {
      this.#progress = progress;
      this.#expires = this.#later();
    }
    return this.clock() >= this.#expires;
  }

  #later(): number {
    return this.clock() + this.minutes * 60_000;
  }
}
