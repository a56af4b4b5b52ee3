/** Inventories of servers that no Aegir would let anybody make. */
import type { ServerInventory } from "../../provider/aegir/AegirServer";

export interface Client {
  internalName: string;
  name: string;
  sites: string[];
  users: string[];
}

const TAKEN_AT = Date.parse("2026-11-24T12:00:00Z") / 1000;

/** A server with the clients given, beside the admin client and the default owner; everything is linked as it should be. */
export function inventoryOf(clients: Client[], defaultOwned: string[] = []): ServerInventory {
  const reference = (nid: number, { internalName, name }: Client) => ({ nid, internalName, name });
  const all: [Client, Client, ...Client[]] = [
    { internalName: "admin", name: "admin", sites: [], users: [] },
    { internalName: "octopus", name: "Octopus", sites: defaultOwned, users: [] },
    ...clients,
  ];
  const names = [...new Set(all.flatMap(({ users }) => users))];
  const user = (name: string) => {
    const uid = names.indexOf(name) + 2;
    return { uid, name, mail: `user${uid}@example.com`, active: true };
  };
  return {
    server: {
      ...{ protocol: 1, php: "8.2", drush: "8", drupal: "7", hosting: "", user: "aegir", home: "/var/aegir" },
      clientsDirectory: "/var/aegir/clients",
      ...{ adminClient: reference(1, all[0]), defaultClient: reference(2, all[1]) },
      ...{ adminClientNid: 1, defaultClientNid: 2, clientPrefix: "", registersUsers: false, sendsWelcomeMail: false },
    },
    clients: all.map((client, index) => ({
      ...reference(index + 1, client),
      ...{ users: client.users.map(user), sites: client.sites, platforms: [] },
      ...{ isAdmin: index === 0, isDefault: index === 1 },
    })),
    sites: all.flatMap((client, index) =>
      client.sites.map((site, number) => ({
        ...{ nid: 1000 * (index + 1) + number, site, status: 1 as const, ownerNid: index + 1 },
        ...{ owner: reference(index + 1, client), hostmaster: false, tasks: [], lastVerify: null },
        links: [client.internalName],
      })),
    ),
    users: names.map((name) => ({
      ...user(name),
      ...{ created: TAKEN_AT, lastLogin: null, lastAccess: null, roles: ["aegir client"], administrator: false },
      clients: all.filter(({ users }) => users.includes(name)).map(({ internalName }) => internalName),
    })),
    ...{ platforms: [], orphanBindings: [], damaged: [] },
    takenAt: TAKEN_AT,
    queue: { queued: 0, processing: 0, lastRun: null, obstacles: [], disks: [] },
  };
}
