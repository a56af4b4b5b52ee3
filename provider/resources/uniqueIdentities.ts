/**
 * One identity (server and id), one resource. In a program, two resources of one identity would undo each other's work,
 * and `check` cannot see it, since it looks at one resource at a time. In the provider process, what a check has seen is
 * declared: a changed logical name, a new parent and `--replace` run create(new) and then delete(old) on the same identity
 * (docs/pulumi.md#replacements), and a delete of something declared only forgets.
 */
import * as pulumi from "@pulumi/pulumi";
import { SERVERS_KEY } from "../aegir/ServerConfiguration";
import { serverFor } from "../aegir/servers";
import { mailKey } from "../naming/PanelUser";
import { ProgramError } from "./ProgramError";

// Identities that more than one resource knows

export const clientId = (internalName: string): string => `client:${internalName}`;

/** What a client with `email` declares besides itself: that the user with this address is bound to it. */
export const ensuredMail = (internalName: string, mail: string): string => `mail:${internalName}:${mailKey(mail)}`;

// In a program

/** What a resource alone may declare, and how a message names it. */
export interface UniqueIdentity {
  identity: string;
  what: string;
}

/** One register per program run: an Automation API program may run several times in one process. */
const registers = new WeakMap<object, Map<string, string>>();
const outsideAnyStack = {};

/**
 * Registers what `describe` makes of an input for the resource called `name`: at once if the input is known, else as soon
 * as it is.
 * @returns the input, which fails with both logical names if another resource has registered the same
 * @throws ProgramError likewise, for an input that is known
 */
export function registerIdentities<T>(
  name: string,
  server: pulumi.Input<string> | undefined,
  input: pulumi.Input<T>,
  describe: (value: pulumi.Unwrap<T>) => UniqueIdentity[],
): pulumi.Output<pulumi.Unwrap<T>> {
  const registered = register();
  const enter = (serverName: string | undefined, value: pulumi.Unwrap<T>): void => {
    for (const { identity, what } of describe(value)) {
      const key = keyOf(serverName, identity);
      const other = registered.get(key);
      if (other !== undefined) {
        throw new ProgramError(
          "declaredTwice",
          `Two resources of this program declare ${what}: "${other}" and "${name}". Keep one of them; ` +
            "if both are meant, they must differ in it.",
        );
      }
      registered.set(key, name);
    }
  };
  // Thrown from a constructor, a mistake ends the program; a rejected input leaves its dependents waiting for ever.
  if (isPlain(server) && isPlain(input)) {
    enter(server as string | undefined, input as pulumi.Unwrap<T>);
    return pulumi.output(input);
  }
  return pulumi.all([input, server]).apply(([value, serverName]) => {
    enter(serverName, value);
    return value;
  });
}

/** @returns the logical name of the resource that has registered the identity */
export function declaredBy(server: string | undefined, identity: string): string | undefined {
  return register().get(keyOf(server, identity));
}

/** What stands for this run of the program. */
export function programRun(): object {
  return pulumi.runtime.getStackResource() ?? outsideAnyStack;
}

function keyOf(server: string | undefined, identity: string): string {
  return `${server ?? onlyServer()} ${identity}`;
}

function register(): Map<string, string> {
  const run = programRun();
  let found = registers.get(run);
  if (!found) registers.set(run, (found = new Map<string, string>()));
  return found;
}

/** The server that resources mean which name none: the configured one, if there is one only. */
function onlyServer(): string {
  try {
    const names = Object.keys(JSON.parse(pulumi.runtime.getConfig(SERVERS_KEY) ?? "{}") as object);
    return names.length === 1 ? names[0]! : "";
  } catch {
    // The provider's check says what is wrong with the configuration.
    return "";
  }
}

function isPlain(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return false;
  return Object.values(value).every(isPlain);
}

// In a provider process

const declared = new Set<string>();

/** What this process knows of a server, under whatever name the stack configures it. */
export function identityOn(server: string, id: string): string {
  const { label, configuration } = serverFor(server);
  const { command, alias } = configuration.drush;
  return [label, command, alias, id].join(" ");
}

export function noteDeclared(server: string, id: string): void {
  declared.add(identityOn(server, id));
}

export function isDeclared(server: string, id: string): boolean {
  return declared.has(identityOn(server, id));
}

/** For tests that play several operations in one process. */
export function forgetDeclared(): void {
  declared.clear();
}
