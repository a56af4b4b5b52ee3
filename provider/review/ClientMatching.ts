/** Which client after a change is which client before it. */
import { clientNameKey } from "../naming/ClientName";
import type { Rename } from "./AccessChange";
import type { EffectiveAccess } from "./EffectiveAccess";

export class ClientMatching {
  readonly renames: readonly Rename[];
  /** By internal name before: the internal name after, of every client that still exists. */
  readonly matchedClients: ReadonlyMap<string, string>;
  /** By the internal name of a removed client: that of an added client with the same title, and without `renamedFrom`. */
  readonly sameTitle: ReadonlyMap<string, string>;
  readonly #newNames: ReadonlyMap<string, string>;
  readonly #formerNames: ReadonlyMap<string, string>;

  constructor(before: EffectiveAccess, after: EffectiveAccess) {
    const added = [...after.clients.values()].filter(({ internalName }) => !before.clients.has(internalName));
    const isGone = (client: string) => before.clients.has(client) && !after.clients.has(client);
    const newNames = new Map<string, string>();
    for (const { internalName, renamedFrom } of added) {
      // One client cannot become two.
      if (renamedFrom !== undefined && isGone(renamedFrom) && !newNames.has(renamedFrom)) {
        newNames.set(renamedFrom, internalName);
      }
    }
    this.#newNames = newNames;
    this.renames = Array.from(newNames, ([from, to]) => ({ from, to }));
    this.#formerNames = new Map(this.renames.map(({ from, to }) => [to, from]));
    this.matchedClients = new Map(
      [...before.clients.keys()].flatMap((client) => {
        const matched = after.clients.has(client) ? client : newNames.get(client);
        return matched === undefined ? [] : [[client, matched] as const];
      }),
    );
    const byTitle = new Map(added.map(({ name, internalName }) => [clientNameKey(name), internalName]));
    this.sameTitle = new Map(
      [...before.clients.values()].flatMap(({ internalName, name }) => {
        const isRemoved = isGone(internalName) && !newNames.has(internalName);
        const titled = isRemoved ? byTitle.get(clientNameKey(name)) : undefined;
        return titled === undefined ? [] : [[internalName, titled] as const];
      }),
    );
  }

  isRename(from: string | undefined, to: string | undefined): boolean {
    return from !== undefined && to !== undefined && this.#newNames.get(from) === to;
  }

  /** The internal name before, of a client that was renamed; the given one of any other. */
  formerName(client: string): string {
    return this.#formerNames.get(client) ?? client;
  }
}
