import type { ServerConfiguration } from "./ServerConfiguration";

/**
 * The command line that runs Drush with these arguments, as a server's `drush` configures it: only words of the configuration,
 * never data.
 *
 * `runAs` becomes another system user in a way that works for one without a login shell (BOA's `o1`): root through `su`
 * with an explicit shell, other logins through `sudo`, which runs Drush itself without a shell, so that a sudoers line can
 * allow exactly this command line.
 *
 * @param login the login of the connection
 * @param args shell words, with double quotes where they need any
 */
export function drushLine(
  login: string,
  { command, runAs }: { command: string; runAs?: string | undefined },
  args: string,
): string {
  const line = `${command} ${args}`;
  if (runAs === undefined || runAs === login) return line;
  // No single quotes: BOA's shell wrapper takes them away (docs/aegir.md#shell-wrapper).
  if (login === "root") return `su -s /bin/bash - ${runAs} -c "${line.replaceAll('"', '\\"')}"`;
  return `sudo -n -u ${runAs} -H ${line}`;
}

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
