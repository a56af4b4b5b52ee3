/**
 * What `check` has seen in this provider process is declared. A changed logical name, a new parent and `--replace` run
 * create(new) and then delete(old) on the same identity (pulumi-facts 1.1); a delete of something declared only forgets.
 */
const declared = new Set<string>();

export function noteDeclared(server: string, id: string): void {
  declared.add(`${server} ${id}`);
}

export function isDeclared(server: string, id: string): boolean {
  return declared.has(`${server} ${id}`);
}

/** For tests that play several operations in one process. */
export function forgetDeclared(): void {
  declared.clear();
}
