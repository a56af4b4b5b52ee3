import { drushLine } from "./drushLine";
import type { ServerConfiguration } from "./ServerConfiguration";

/** Drush on one server. */
export class Drush {
  constructor(
    /** The login of the connection. */
    readonly login: string,
    private readonly configured: ServerConfiguration["drush"],
  ) {}

  /** The system user that Drush runs as, if the configuration names it. */
  get runAs(): string | undefined {
    return this.configured.runAs ?? /^(?:\S*\/)?sudo\b.*\s-u ?([\w-]+)/.exec(this.configured.command)?.[1];
  }

  get command(): string {
    return this.configured.command;
  }

  get alias(): string {
    return this.configured.alias;
  }

  /** The command line for these arguments, which are shell words. */
  line(args: string): string {
    return drushLine(this.login, this.configured, args);
  }

  /** The command line for these arguments, on the front end. */
  onFrontEnd(args: string): string {
    return this.line(`${this.alias} ${args}`);
  }
}
