/** An error whose stack is its message: Pulumi prints stacks, and a stack of ours means nothing to a user. */
export abstract class OneLineError extends Error {
  /** What to branch on: a word of a closed set, which `docs/errors.md` lists for every type of error. */
  abstract readonly code: string;

  /** What makes whole sentences of the message. */
  protected readonly ending: "" | "." = ".";

  /** @param options as in `ErrorOptions`, a name that programs with an older `lib` than ES2022 don't have */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.stack = message;
  }

  /** The message as whole sentences, for what says more after it. */
  get sentences(): string {
    return `${this.message}${this.ending}`;
  }
}
