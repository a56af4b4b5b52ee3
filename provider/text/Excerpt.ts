import { printable } from "./printable";

/** The first and the last part of a byte stream of any length, for messages. */
export class Excerpt {
  /** How many bytes went by in all. */
  bytes = 0;
  #first = Buffer.alloc(0);
  #last = Buffer.alloc(0);

  constructor(
    /** How many bytes of the beginning, and how many of the end, are kept. */
    private readonly half = 2048,
  ) {}

  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    const missing = this.half - this.#first.length;
    this.#first = Buffer.concat([this.#first, chunk.subarray(0, Math.max(missing, 0))]);
    const rest = chunk.subarray(Math.max(missing, 0));
    this.#last = Buffer.concat([this.#last, rest.subarray(-this.half)]).subarray(-this.half);
  }

  /** Printable, at most about `limit` characters. */
  text(limit = 500): string {
    const leftOut = this.bytes - this.#first.length - this.#last.length;
    if (leftOut === 0) {
      return printable(Buffer.concat([this.#first, this.#last]).toString(), limit);
    }
    const part = Math.floor(limit / 2);
    return (
      `${printable(this.#first.toString().slice(0, part), part)} [... of ${this.bytes} bytes ...] ` +
      printable(this.#last.toString().slice(-part), part)
    );
  }
}
