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
