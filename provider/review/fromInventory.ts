import {
  accessClient,
  type AccessKey,
  type Binding,
  EffectiveAccess,
  lastingBinding,
  personByName,
} from "./EffectiveAccess";
import { dayOf, lastUseOf, type PanelTimes } from "./lastUse";

/** What of a live server's inventory decides who reaches which site. */
export interface LiveAccess {
  readonly server: { readonly adminClient: { readonly internalName: string } | null };
  readonly clients: readonly { readonly internalName: string; readonly name: string }[];
  readonly sites: readonly {
    readonly site: string;
    readonly owner: { readonly internalName: string } | null;
    /** Whether it is the front end's own site. */
    readonly hostmaster: boolean;
  }[];
  readonly users: readonly LiveUser[];
  /** When it was read, in seconds since the epoch by the server's clock. On the day that the access is of if absent. */
  readonly takenAt?: number;
}

/** A panel user. */
export interface LiveUser extends PanelTimes {
  readonly name: string;
  readonly active: boolean;
  readonly administrator: boolean;
  /** Internal names of the clients that this user is bound to. */
  readonly clients: readonly string[];
}

/** With which keys people get into the logins of clients, by internal name of the client. */
export type LiveKeys = ReadonlyMap<
  string,
  {
    /** By key of the person. */
    people: ReadonlyMap<string, readonly AccessKey[]>;
    /** Those of which it is not known whose they are. */
    others: readonly AccessKey[];
  }
>;

/**
 * The access on a live server, declared or not. The front end's own site has no owner and is left out.
 *
 * @param asOf the day (UTC) on which the inventory was read
 * @param instance the Octopus instance, the `o1` of a login `o1.acme`, if it is known; null of a server that makes no logins
 * @param passwordEnds by internal name, the last day (UTC) on which the password of the client's login works, where it is known
 * @param liveKeys those in the logins, as far as they can be read
 */
export function accessOfInventory(
  inventory: LiveAccess,
  asOf: string,
  instance?: string | null,
  passwordEnds: ReadonlyMap<string, string> = new Map(),
  liveKeys: LiveKeys = new Map(),
): EffectiveAccess {
  const lookedAt = inventory.takenAt === undefined ? asOf : dayOf(inventory.takenAt);
  const people = inventory.users.map((user) =>
    personByName(user.name, {
      blocked: !user.active,
      administrator: seesEverySite(user, inventory),
      lastUse: lastUseOf(user, lookedAt),
    }),
  );
  const bindings = new Map<string, Map<string, Binding>>();
  for (const [index, { clients }] of inventory.users.entries()) {
    const person = people[index]!;
    for (const client of clients) {
      const bound = bindings.get(client) ?? new Map<string, Binding>();
      const keys = liveKeys.get(client)?.people.get(person.key);
      bindings.set(client, bound.set(person.key, { ...lastingBinding(person), ...(keys && { keys }) }));
    }
  }
  return new EffectiveAccess({
    asOf,
    instance,
    people,
    clients: inventory.clients.map(({ internalName, name }) =>
      accessClient(internalName, name, {
        bindings: bindings.get(internalName) ?? new Map<string, Binding>(),
        passwordEnds: passwordEnds.get(internalName),
        loginKeys: liveKeys.get(internalName)?.others,
      }),
    ),
    sites: inventory.sites
      .filter(({ hostmaster }) => !hostmaster)
      .map(({ site, owner }) => ({ site, owner: owner?.internalName, takeOverFrom: undefined, protect: false })),
  });
}

/** Administrators, and the users of the admin client, whose grant is on every site (docs/aegir.md#default-client). */
export function seesEverySite({ administrator, clients }: LiveUser, { server }: LiveAccess): boolean {
  return administrator || (server.adminClient !== null && clients.includes(server.adminClient.internalName));
}
