/** The second channel: what the server itself holds, as plain JSON, and a hash of it. */
import { createHash } from "node:crypto";
import type { Drupal } from "./drupal";
import type { FileSystem } from "./FileSystem";
import type { Provision } from "./provision";
import type { ShellAccounts } from "./ShellAccounts";

export interface Tables {
  clients: { nid: number; internalName: string; name: string; author: number; users: string[]; sites: string[] }[];
  /** Sites of every status. `owner`: internal name, null if that node is no client. */
  sites: {
    nid: number;
    site: string;
    status: number;
    ownerNid: number;
    owner: string | null;
    verified: number;
    aliases: string[];
    links: string[];
  }[];
  /** Rows of `hosting_client_user`, orphans included: names are null where the user or the client is gone. */
  bindings: { uid: number; user: string | null; nid: number; client: string | null }[];
  users: { uid: number; name: string; mail: string; active: boolean; roles: string[] }[];
  /** Current revisions, oldest first. */
  tasks: { nid: number; site: string | null; type: string; status: number; executed: number | null }[];
  platformAccess: { platform: string | null; client: string | null }[];
  /** gids with view rights, by node. */
  grants: { nid: number; type: string; title: string; gids: number[] }[];
  /** Domains of the links in each client directory. */
  links: Record<string, string[]>;
  accounts: { name: string; uid: number; clientDirectory: string }[];
  /** Contents, line feed included, by file name. */
  passwordFiles: Record<string, string>;
}

export function readTables(drupal: Drupal, provision: Provision, files: FileSystem, accounts: ShellAccounts): Tables {
  const { database } = drupal;
  const uname = (nid: number) => drupal.loadClient(nid)?.uname ?? null;
  const title = (nid: number) => database.node.get(nid)?.title ?? null;
  const bindings = database.hosting_client_user.all().map(({ user, client }) => ({
    uid: user,
    user: database.users.get(user)?.name ?? null,
    nid: client,
    client: uname(client),
  }));
  const sites = drupal.sites().map((site) => ({
    nid: site.nid,
    site: site.title,
    status: site.site_status,
    ownerNid: site.client,
    owner: uname(site.client),
    verified: site.verified,
    aliases: site.aliases,
    links: site.site_status === -2 ? [] : provision.linksOf(site.title),
  }));
  return {
    clients: database.hosting_client.all().map(({ nid, uname }) => ({
      nid,
      internalName: uname,
      name: title(nid) ?? "",
      author: database.node.get(nid)?.uid ?? 0,
      users: bindings.flatMap((row) => (row.nid === nid && row.user ? [row.user] : [])).sort(),
      sites: sites.flatMap(({ site, status, ownerNid }) => (ownerNid === nid && status !== -2 ? [site] : [])).sort(),
    })),
    sites,
    bindings,
    users: database.users
      .all(({ uid }) => uid > 0)
      .map(({ uid, name, mail, status }) => ({ uid, name, mail, active: status === 1, roles: drupal.rolesOf(uid) })),
    tasks: drupal.tasks().map(({ nid, rid, task_type, task_status, executed }) => ({
      nid,
      site: title(rid),
      type: task_type,
      status: task_status,
      executed,
    })),
    platformAccess: database.hosting_platform_client_access
      .all()
      .map(({ pid, cid }) => ({ platform: title(pid), client: uname(cid) })),
    grants: database.node.all().map(({ nid, type, title }) => ({
      nid,
      type,
      title,
      gids: database.node_access.having(nid).flatMap(({ gid, grant_view }) => (grant_view === 1 ? [gid] : [])),
    })),
    links: provision.links(),
    accounts: accounts.all().map(({ name, uid, home }) => {
      const link = files.lstat(`${home}/sites`);
      return { name, uid, clientDirectory: link?.kind === "link" ? (link.target.split("/").at(-1) ?? "") : "" };
    }),
    passwordFiles: Object.fromEntries(
      files
        .list(accounts.passwordDirectory)
        .map((name) => [name, files.read(`${accounts.passwordDirectory}/${name}`).toString()]),
    ),
  };
}

/** Things that a digest leaves out, with everything that hangs on them. */
export interface Exception {
  /** Internal names: the client, its bindings, platform rows, directory and login. */
  clients?: string[];
  /** Domains: the site, its tasks, grants and links. */
  sites?: string[];
  /** User names: the user and its bindings. */
  users?: string[];
}

/** SHA-256 of everything that `readTables` tells but for the exceptions: equal before and after means untouched. */
export function digestOf(tables: Tables, instance: string, except: Exception = {}): string {
  const clients = new Set(except.clients);
  const sites = new Set(except.sites);
  const users = new Set(except.users);
  const logins = new Set([...clients].map((name) => `${instance}.${name.replace(/[^A-Za-z0-9]/g, "").toLowerCase()}`));
  const exceptedNodes = new Set([
    ...tables.clients.filter(({ internalName }) => clients.has(internalName)).map(({ nid }) => nid),
    ...tables.sites.filter(({ site }) => sites.has(site)).map(({ nid }) => nid),
    ...tables.tasks.filter(({ site }) => sites.has(site ?? "")).map(({ nid }) => nid),
  ]);
  const rest: Tables = {
    clients: tables.clients
      .filter(({ nid }) => !exceptedNodes.has(nid))
      .map((client) => ({
        ...client,
        users: client.users.filter((name) => !users.has(name)),
        sites: client.sites.filter((name) => !sites.has(name)),
      })),
    sites: tables.sites.filter(({ nid }) => !exceptedNodes.has(nid)),
    bindings: tables.bindings.filter(({ user, client }) => !users.has(user ?? "") && !clients.has(client ?? "")),
    users: tables.users.filter(({ name }) => !users.has(name)),
    tasks: tables.tasks.filter(({ nid }) => !exceptedNodes.has(nid)),
    platformAccess: tables.platformAccess.filter(({ client }) => !clients.has(client ?? "")),
    grants: tables.grants.filter(({ nid }) => !exceptedNodes.has(nid)),
    links: Object.fromEntries(
      Object.entries(tables.links)
        .filter(([directory]) => !clients.has(directory))
        .map(([directory, domains]) => [directory, domains.filter((domain) => !sites.has(domain))] as const)
        // A directory that is empty comes and goes with the cron.
        .filter(([, domains]) => domains.length > 0),
    ),
    accounts: tables.accounts.filter(({ name }) => !logins.has(name)),
    passwordFiles: Object.fromEntries(Object.entries(tables.passwordFiles).filter(([name]) => !logins.has(name))),
  };
  return createHash("sha256").update(JSON.stringify(rest)).digest("hex");
}
