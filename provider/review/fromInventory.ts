import type { Inventory } from "../worker/protocol";
import { EffectiveAccess, personByName, type Binding } from "./EffectiveAccess";

/**
 * The access on a live server, declared or not. The front end's own site is left out: it is nobody's.
 *
 * @param asOf the day (UTC) on which the inventory was read
 * @param instance the Octopus instance, the `o1` of a login `o1.acme`, if it is known; null of a server that makes no logins
 */
export function accessOfInventory(inventory: Inventory, asOf: string, instance?: string | null): EffectiveAccess {
  const adminClient = inventory.server.adminClient?.internalName;
  const people = inventory.users.map((user) =>
    personByName(user.name, {
      blocked: !user.active,
      // The admin client's grant is on every site (docs/aegir.md#default-client), so whoever is bound to it sees them
      // all.
      administrator: user.administrator || (adminClient !== undefined && user.clients.includes(adminClient)),
    }),
  );
  const bindings = new Map<string, Map<string, Binding>>();
  for (const [index, { clients }] of inventory.users.entries()) {
    const person = people[index]!;
    for (const client of clients) {
      const bound = bindings.get(client) ?? new Map<string, Binding>();
      bindings.set(client, bound.set(person.key, { person, expires: undefined, reason: undefined, ended: false }));
    }
  }
  return new EffectiveAccess({
    asOf,
    instance,
    people,
    clients: inventory.clients.map(({ internalName, name }) => ({
      internalName,
      name,
      renamedFrom: undefined,
      protect: false,
      keepPeople: false,
      leavesSites: false,
      shellAccount: undefined,
      bindings: bindings.get(internalName) ?? new Map<string, Binding>(),
    })),
    sites: inventory.sites
      .filter(({ hostmaster }) => !hostmaster)
      .map(({ site, owner }) => ({ site, owner: owner?.internalName, takeOverFrom: undefined, protect: false })),
  });
}
