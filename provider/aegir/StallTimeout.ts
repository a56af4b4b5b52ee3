/** A deadline that moves: it expires only after a time in which nothing has moved. */
export class StallTimeout {
  #expires: number;
  #progress: string | undefined;

  constructor(
    readonly minutes: number,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.#expires = this.#later();
  }

  /** @param progress describes how far things are; a different text than last time buys the whole time again. */
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
