/**
 * Identities (server and id) and the two places that remember them.
 *
 * In the program: one identity, one resource. Two resources of one identity would undo each other's work, and `check`
 * cannot see it, since it looks at one resource at a time.
 *
 * In the provider process: what `check` has seen is declared. A changed logical name, a new parent and `--replace` run
 * create(new) and then delete(old) on the same identity (pulumi-facts 1.1); a delete of something declared only forgets.
 */
import * as pulumi from "@pulumi/pulumi";
import { ProgramError } from "./ProgramError";

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

/** One register per program run: an Automation API program may run several times in one process. */
const registers = new WeakMap<object, Map<string, string>>();
const outsideAnyStack = {};

function register(): Map<string, string> {
  const run = pulumi.runtime.getStackResource() ?? outsideAnyStack;
  let found = registers.get(run);
  if (!found) registers.set(run, (found = new Map<string, string>()));
  return found;
}

/** What a resource claims: an identity of its kind, and what to call it in a message. */
export interface Claim {
  identity: string;
  what: string;
}

/**
 * Claims what `describe` makes of an input for the resource called `name`, as soon as the program knows the input.
 * @returns the input, which fails with both logical names if another resource has claimed the same
 */
export function claim<T>(
  name: string,
  server: pulumi.Input<string> | undefined,
  input: pulumi.Input<T>,
  describe: (value: pulumi.Unwrap<T>) => Claim[],
): pulumi.Output<pulumi.Unwrap<T>> {
  const claims = register();
  return pulumi.all([input, server ?? ""]).apply(([value, serverName]) => {
    for (const { identity, what } of describe(value)) {
      const key = `${serverName} ${identity}`;
      const other = claims.get(key);
      if (other !== undefined) {
        throw new ProgramError(
          `Two resources of this program declare ${what}: "${other}" and "${name}". Keep one of them; ` +
            "if both are meant, they must differ in it.",
        );
      }
      claims.set(key, name);
    }
    return value;
  });
}
