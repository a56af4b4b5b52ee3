/**
 * What `check` has seen in this provider process is declared. A changed logical name, a new parent and `--replace` run
 * create(new) and then delete(old) on the same identity (docs/pulumi.md#replacements); a delete of something declared
 * only forgets.
 */
import { serverFor } from "../aegir/servers";

const declared = new Set<string>();
const refreshed = new Set<string>();
/** What a refresh has found out about names of users, by server and name. */
export const parted = new Map<string, { uid: number; name: string | null; bearer: number | null }>();

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

export function noteRead(server: string, id: string): void {
  refreshed.add(identity(server, id));
}

/**
 * Pulumi asks for a difference at the end of a refresh as well, from what was read to what the state declared. Nothing of
 * that will be done: what the program declares now is not known before its check.
 */
export function isRefresh(server: string | undefined, id: string): boolean {
  if (refreshed.size === 0) return false;
  const { name } = serverFor(server);
  return refreshed.has(identity(name, id)) && !isDeclared(name, id);
}

/** For tests that play several operations in one process. */
export function forgetDeclared(): void {
  declared.clear();
  refreshed.clear();
  parted.clear();
}
