/** The second channel: what the server itself holds, as plain JSON, and a hash of it. */
import { createHash } from "node:crypto";
import type { Disk } from "./Disk";
import type { FrontEnd } from "./FrontEnd";
import type { Provision } from "./Provision";
import { reducedName, type ShellAccounts } from "./ShellAccounts";

export type Tables = ReturnType<typeof readTables>;

export function readTables(frontEnd: FrontEnd, provision: Provision, disk: Disk, shellAccounts: ShellAccounts) {
  const { tables } = frontEnd;
  const uname = (nid: number) => frontEnd.client(nid)?.uname ?? null;
  const links = provision.links();
  const linksOf = (domain: string) => Object.keys(links).filter((directory) => links[directory]?.includes(domain));
  /** Rows of `hosting_client_user`, orphans included: names are null where the user or the client is gone. */
  const bindings = tables.bindings.map(({ user, client }) => ({
    uid: user,
    user: frontEnd.user(user)?.name ?? null,
    nid: client,
    client: uname(client),
  }));
  /** Sites of every status. `owner`: internal name, null if that node is not a client. */
  const sites = tables.sites.map(({ nid, title, status, client, verified, aliases }) => ({
    ...{ nid, site: title, status, ownerNid: client, owner: uname(client), verified, aliases },
    links: status === -2 ? [] : linksOf(title),
  }));
  const { passwordDirectory } = shellAccounts;
  return {
    clients: tables.clients.map(({ nid, uname, title, author }) => ({
      ...{ nid, internalName: uname, name: title, author },
      users: bindings.flatMap((row) => (row.nid === nid && row.user ? [row.user] : [])).sort(),
      sites: sites.flatMap(({ site, status, ownerNid }) => (ownerNid === nid && status !== -2 ? [site] : [])).sort(),
    })),
    sites,
    bindings,
    users: tables.users.map((user) => ({ ...user, roles: [...user.roles].sort() })),
    /** Oldest first. */
    tasks: tables.tasks.map(({ nid, rid, type, status, executed }) => ({
      ...{ nid, type, status, executed },
      site: tables.sites.find((site) => site.nid === rid)?.title ?? null,
    })),
    platformAccess: tables.platforms.flatMap(({ title, clients }) =>
      clients.map((client) => ({ platform: title, client: uname(client) })),
    ),
    certificates: tables.certificates.map(({ cid, name, client }) => ({
      ...{ name, client: uname(client) },
      sites: tables.sites.flatMap(({ title, certificate }) => (certificate === cid ? [title] : [])).sort(),
    })),
    /** The clients that `node_access` lets see each node. */
    grants: [tables.clients, tables.sites, tables.tasks].flat().map(({ nid, gids }) => ({ nid, gids })),
    /** Domains of the links in each client directory. */
    links,
    accounts: shellAccounts.all().map(({ name, uid, home }) => ({
      ...{ name, uid },
      clientDirectory: disk.linkTarget(`${home}/sites`)?.split("/").at(-1) ?? "",
    })),
    /** Contents of the files that sshd takes keys from, by login. */
    authorizedKeys: Object.fromEntries(
      shellAccounts
        .all()
        .map(({ name }) => [name, shellAccounts.authorizedKeys(name)] as const)
        .filter(([, text]) => text !== ""),
    ),
    /** Contents, line feed included, by file name. */
    passwordFiles: Object.fromEntries(
      disk.list(passwordDirectory).map((name) => [name, disk.read(`${passwordDirectory}/${name}`)]),
    ),
  };
}

/** Things that a digest leaves out, with everything that hangs on them. */
export interface Exception {
  /** Internal names: the client, its bindings, platform rows, certificates, directory and login. */
  clients?: string[];
  /** Domains: the site, its tasks, grants, certificate and links. */
  sites?: string[];
  /** User names: the user and its bindings. */
  users?: string[];
}

/** SHA-256 of everything in the tables but for the exceptions: equal before and after means untouched. */
export function digestOf(tables: Tables, instance: string, except: Exception = {}): string {
  const { clients = [], sites = [], users = [] } = except;
  const logins = clients.map((name) => `${instance}.${reducedName(name)}`);
  const isOther = (excepted: string[], name: string | null) => !excepted.includes(name ?? "");
  const others = (excepted: string[], names: string[]) => names.filter((name) => isOther(excepted, name));
  const rest = {
    clients: tables.clients
      .filter(({ internalName }) => isOther(clients, internalName))
      .map((client) => ({ ...client, users: others(users, client.users), sites: others(sites, client.sites) })),
    sites: tables.sites.filter(({ site }) => isOther(sites, site)),
    bindings: tables.bindings.filter(({ user, client }) => isOther(users, user) && isOther(clients, client)),
    users: tables.users.filter(({ name }) => isOther(users, name)),
    tasks: tables.tasks.filter(({ site }) => isOther(sites, site)),
    platformAccess: tables.platformAccess.filter(({ client }) => isOther(clients, client)),
    certificates: tables.certificates.filter(
      ({ client, sites: using }) => isOther(clients, client) && using.every((site) => isOther(sites, site)),
    ),
    links: Object.entries(tables.links)
      .map(([directory, domains]) => [directory, others(sites, domains)] as const)
      // A directory that is empty comes and goes with the cron.
      .filter(([directory, domains]) => isOther(clients, directory) && domains.length > 0),
    accounts: tables.accounts.filter(({ name }) => isOther(logins, name)),
    authorizedKeys: Object.entries(tables.authorizedKeys).filter(([name]) => isOther(logins, name)),
    passwordFiles: Object.entries(tables.passwordFiles).filter(([name]) => isOther(logins, name)),
  };
  const nids = [rest.clients, rest.sites, rest.tasks].flat().map(({ nid }) => nid);
  const grants = tables.grants.filter(({ nid }) => nids.includes(nid));
  return createHash("sha256")
    .update(JSON.stringify({ ...rest, grants }))
    .digest("hex");
}
