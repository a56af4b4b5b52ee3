/** An error whose stack is its message: Pulumi prints stacks, and a stack of ours tells a user nothing. */
export class OneLineError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.stack = message;
  }
}
