/**
 * `pulumi destroy` would take everybody's access, and nothing in a dynamic provider can tell it from the removal of a
 * resource. So the program says no: a resource hook is asked before each deletion, and it knows what the program still
 * declares. Because the hook is in the state, a destroy that does not run the program is refused by Pulumi itself,
 * before anything is deleted (`newDestroySource`, pkg/engine/destroy.go of pulumi/pulumi).
 */
import * as pulumi from "@pulumi/pulumi";
import { userNameKey } from "../naming/PanelUser";
import { ProgramError } from "./ProgramError";
import { declaredBy, programRun } from "./uniqueIdentities";
import { pick } from "./values";

/** In the state of every resource, and in Pulumi's words when it refuses a destroy. Frozen. */
const HOOK = "aegir:refuseDestroy";

/** The configuration value that lets this stack be destroyed: its name. */
const DESTROY_KEY = "aegir:destroy";

const guards = new WeakMap<object, DestroyGuard>();

/**
 * Has Pulumi refuse to delete what this program declares, whatever the flags of `pulumi destroy` are. What leaves the
 * program is deleted as before, and replacements work. Call it before the first resource, and in every later version
 * of the program too, even when it declares nothing any more: a hook that is missing stops every deletion.
 *
 * To destroy the stack all the same: `pulumi config set aegir:destroy <stack>`, then `pulumi destroy --run-program`.
 *
 * @returns the hooks, for resources of other packages that are to be kept as well, and whether this stack may be
 *   destroyed now
 * @throws ProgramError if it is called twice, or `aegir:destroy` names another stack
 */
export function refuseDestroy(): { hooks: pulumi.ResourceHookBinding; mayBeDestroyed: boolean } {
  const run = programRun();
  if (guards.has(run)) {
    throw new ProgramError("guardCalledTwice", "refuseDestroy() is called twice in this program. Call it once.");
  }
  const guard = new DestroyGuard(mayBeDestroyed());
  guards.set(run, guard);
  return guard;
}

/** The guard of the running program, if it has one. */
export function destroyGuard(): DestroyGuard | undefined {
  return guards.get(programRun());
}

function mayBeDestroyed(): boolean {
  const stack = pulumi.getStack();
  const given = pulumi.runtime.getConfig(DESTROY_KEY);
  if (given !== undefined && given !== stack) {
    throw new ProgramError(
      "otherStackToDestroy",
      `${DESTROY_KEY} is "${given}", and this stack is called "${stack}". It takes the name of the stack that is to be ` +
        `destroyed. Nothing was done. \`pulumi config rm ${DESTROY_KEY}\` removes it.`,
    );
  }
  return given !== undefined;
}

interface Deployed {
  id: string;
  /** SERVER_NUMBERS, as JSON. */
  numbers: string;
}

/** Outputs by which the server knows a client or a user. */
const SERVER_NUMBERS = ["nid", "uid"];

class DestroyGuard {
  readonly hooks: pulumi.ResourceHookBinding;
  /** What this run has deployed or found unchanged, by URN. */
  readonly #deployed = new Map<string, Deployed>();
  readonly #created = new Set<string>();
  #explained: Promise<void> | undefined;

  constructor(readonly mayBeDestroyed: boolean) {
    const hook = new pulumi.ResourceHook(HOOK, (args) => this.#ask(args), { onDryRun: true });
    // Without the first, the deletion that ends a forced replacement would look like one of a destroy.
    this.hooks = { beforeCreate: [hook], beforeDelete: [hook] };
  }

  note(resource: pulumi.CustomResource): void {
    pulumi
      .all([resource.urn, resource.id, pick(resource, SERVER_NUMBERS)])
      .apply(([urn, id, numbers]: [string, string | undefined, object]) => {
        if (id) this.#deployed.set(urn, { id, numbers: JSON.stringify(numbers) });
      });
  }

  async #ask({ urn, id, name, newInputs, oldInputs, oldOutputs = {} }: pulumi.ResourceHookArgs): Promise<void> {
    if (newInputs !== undefined) {
      this.#created.add(urn);
      return;
    }
    if (this.mayBeDestroyed) return;
    const present = this.#deployed.get(urn);
    // Another number under the same name is what a killed replacement has left behind.
    const isPresent = present?.id === id && present.numbers === JSON.stringify(pick(oldOutputs, SERVER_NUMBERS));
    if (id === "" || (isPresent && !this.#created.has(urn))) {
      // Once for the whole stack: thousands of resources may be refused.
      await (this.#explained ??= pulumi.log.warn(waysOut()));
      throw new Error(`${name} is still declared by this program, so it is not destroyed. Nothing was done to it.`);
    }
    // A preview does not know whether what it would create will be there.
    if (pulumi.runtime.isDryRun()) return;
    const identity = identityOf(id);
    const other = declaredBy(oldInputs?.server as string | undefined, identity);
    if (other === undefined || [...this.#deployed.values()].some((each) => identityOf(each.id) === identity)) return;
    throw new Error(
      `${name} is declared by this program as ${other}, which was not deployed in this run, so it is not deleted. ` +
        "Nothing was done to it. Run `pulumi up` without --target, or with both names as targets.",
    );
  }
}

function waysOut(): string {
  return (
    "Nothing that this program declares is destroyed. To remove a part of it, remove that part from the program and run `pulumi up`. " +
    `To destroy the whole stack, run \`pulumi config set ${DESTROY_KEY} ${pulumi.getStack()}\`, and then ` +
    "`pulumi destroy --run-program`. If `pulumi up --replace` was interrupted, run it again with the same resources."
  );
}

/** The same for every way to write the user of a binding, as the register of what is declared has it. */
function identityOf(id: string): string {
  const [, client, user] = /^binding:([^:]*):(.*)$/s.exec(id) ?? [];
  return client === undefined || user === undefined ? id : `binding:${client}:${userNameKey(user)}`;
}
