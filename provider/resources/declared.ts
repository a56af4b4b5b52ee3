/**
 * What `check` has seen in this provider process is declared. A changed logical name, a new parent and `--replace` run
 * create(new) and then delete(old) on the same identity (pulumi-facts 1.1); a delete of something declared only forgets.
 */
import { serverFor } from "../aegir/servers";

const declared = new Set<string>();

/** Under whatever name the stack configures it: a server that gets another name is the same Aegir all the same. */
function identity(server: string, id: string): string {
  const { label, configuration } = serverFor(server);
  const { command, alias } = configuration.drush;
  return [label, command, alias, id].join(" ");
}

export function noteDeclared(server: string, id: string): void {
  declared.add(identity(server, id));
}

export function isDeclared(server: string, id: string): boolean {
  return declared.has(identity(server, id));
}

/** For tests that play several operations in one process. */
export function forgetDeclared(): void {
  declared.clear();
}
