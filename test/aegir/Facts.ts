/** What a worker tells about clients, sites, users and tasks, read from the tables as they are during one request. */
import {
  PROTOCOL_VERSION,
  type ClientFacts,
  type ClientReference,
  type DamagedNode,
  type Inventory,
  type OrphanBinding,
  type PlatformFacts,
  type QueueFacts,
  type ServerFacts,
  type SiteFacts,
  type TaskFacts,
  type UserFacts,
} from "../../provider/worker/protocol";
import type { Drupal, SiteNode, TaskNode } from "./drupal";
import type { Provision } from "./provision";
import type { TaskQueue } from "./TaskQueue";

/** How many lines of a task's log are told. */
const LOG_LINES = 5;
/** A task that is processing for longer was killed; the queue does not count it (contract 3.5). */
const DEAD_TASK_SECONDS = 28800;

type Task = TaskNode & { nid: number };
type Site = SiteNode & { nid: number };
type User = { uid: number; name: string; mail: string; status: number };

export class Facts {
  /** Queued and running tasks in the order in which the queue takes them. */
  private readonly active: Task[];
  private readonly queued: Task[];

  constructor(
    private readonly drupal: Drupal,
    private readonly provision: Provision,
    private readonly taskQueue: TaskQueue,
    now: number,
  ) {
    const changed = (task: Task) => drupal.database.node.get(task.nid)?.changed ?? 0;
    this.active = drupal
      .tasks(
        ({ task_status, executed }) =>
          task_status === 0 || (task_status === -1 && (executed ?? 0) > now - DEAD_TASK_SECONDS),
      )
      .sort((one, other) => changed(one) - changed(other) || one.nid - other.nid);
    this.queued = this.active.filter(({ task_status }) => task_status === 0);
  }

  server(): ServerFacts {
    const { drupal } = this;
    return {
      protocol: PROTOCOL_VERSION,
      php: "8.2.36",
      drush: "8.4.12",
      drupal: "7.105",
      hosting: drupal.flavour === "boa" ? "5.x-head (small Aegir)" : "7.x-3.x (small Aegir)",
      clientsDirectory: this.provision.layout.clients,
      defaultClient: this.reference(drupal.defaultClient),
      adminClient: this.reference(drupal.adminClient),
      defaultClientNid: drupal.defaultClient,
      adminClientNid: drupal.adminClient,
      clientPrefix: drupal.variable("hosting_client_prefix", ""),
      registersUsers: drupal.variable("hosting_client_register_user", false),
      sendsWelcomeMail: drupal.variable("hosting_client_send_welcome", false),
      user: this.provision.layout.owner,
      home: this.provision.layout.aegirRoot,
    };
  }

  inventory(): Inventory {
    const { database } = this.drupal;
    const sites = this.drupal.liveSites();
    const directories = new Map<string, string[]>();
    for (const [directory, domains] of Object.entries(this.provision.links())) {
      for (const domain of domains) directories.set(domain, [...(directories.get(domain) ?? []), directory]);
    }
    return {
      server: this.server(),
      clients: database.hosting_client
        .all()
        .map(({ nid }) => this.client(nid, sites))
        .sort((one, other) => one.nid - other.nid),
      sites: sites
        .map((site) => this.site(site, directories.get(site.title) ?? []))
        .sort((one, other) => (one.site < other.site ? -1 : one.site > other.site ? 1 : one.nid - other.nid)),
      users: database.users.all(({ uid }) => uid > 0).map((user) => this.user(user)),
      platforms: this.platforms(),
      orphanBindings: this.orphanBindings(),
      damaged: this.damaged(),
      queue: this.queue(),
    };
  }

  private platforms(): PlatformFacts[] {
    const { node, hosting_platform, hosting_platform_client_access: access } = this.drupal.database;
    return node
      .all(({ type, vid }) => type === "platform" && hosting_platform.get(vid)?.status !== -2)
      .map(({ nid, vid, title }) => ({
        nid,
        title,
        status: hosting_platform.get(vid)?.status ?? 0,
        clients: access
          .all(({ pid }) => pid === nid)
          .map(({ cid }) => cid)
          .sort((one, other) => one - other),
      }));
  }

  private orphanBindings(): OrphanBinding[] {
    const { users, hosting_client_user } = this.drupal.database;
    return hosting_client_user
      .all()
      .map((row) => ({
        uid: row.user,
        user: row.user > 0 ? (users.get(row.user)?.name ?? null) : null,
        clientNid: row.client,
        client: this.reference(row.client)?.internalName ?? null,
      }))
      .filter(({ user, client }) => user === null || client === null)
      .sort((one, other) => one.uid - other.uid || one.clientNid - other.clientNid);
  }

  private damaged(): DamagedNode[] {
    const { node, hosting_client, hosting_site } = this.drupal.database;
    const rows = { client: hosting_client, site: hosting_site };
    return node
      .all()
      .flatMap(({ nid, vid, type, title }) =>
        (type === "client" || type === "site") && !rows[type].get(vid) ? [{ nid, type, title }] : [],
      );
  }

  reference(nid: number): ClientReference | null {
    const client = this.drupal.loadClient(nid);
    return client ? { nid, internalName: client.uname, name: client.title } : null;
  }

  client(nid: number, sites = this.drupal.liveSites()): ClientFacts {
    const { drupal } = this;
    const { database } = drupal;
    const reference = this.reference(nid);
    if (reference === null) throw new Error(`Node ${nid} is no client.`);
    const rows = database.hosting_platform_client_access.all(({ pid }) => this.isLivePlatform(pid));
    return {
      ...reference,
      users: this.usersOf(nid).map(({ uid, name, mail, status }) => ({ uid, name, mail, active: status === 1 })),
      sites: sites
        .filter(({ client }) => client === nid)
        .map(({ title }) => title)
        .sort(),
      platforms: rows
        .filter(({ cid }) => cid === nid)
        .map(({ pid }) => ({
          nid: pid,
          title: database.node.get(pid)?.title ?? "",
          clients: rows.filter((row) => row.pid === pid).length,
        })),
      isDefault: nid === drupal.defaultClient,
      isAdmin: nid === drupal.adminClient,
    };
  }

  /** A deleted platform keeps its rows and opens nothing. */
  private isLivePlatform(nid: number): boolean {
    return this.drupal.database.hosting_platform.all((row) => row.nid === nid && row.status !== -2).length > 0;
  }

  /** Existing users bound to a client, by uid. */
  private usersOf(client: number): User[] {
    const { database } = this.drupal;
    return database.hosting_client_user
      .all((row) => row.client === client && row.user > 0)
      .map(({ user }) => database.users.get(user))
      .filter((user) => user !== undefined)
      .sort((one, other) => one.uid - other.uid);
  }

  site(site: Site, links = this.provision.linksOf(site.title)): SiteFacts {
    const { drupal } = this;
    const [lastVerify] = drupal
      .tasksOf(site.nid)
      .filter(({ task_type }) => task_type === "verify")
      .sort((one, other) => (other.vid ?? 0) - (one.vid ?? 0));
    return {
      nid: site.nid,
      site: site.title,
      status: site.site_status as SiteFacts["status"],
      ownerNid: Number(site.client),
      owner: this.reference(Number(site.client)),
      hostmaster: drupal.database.hosting_context.get(site.nid)?.name === "hostmaster",
      tasks: this.active.filter(({ rid }) => rid === site.nid).map((task) => this.task(task)),
      lastVerify: lastVerify ? this.task(lastVerify) : null,
      links: [...links].sort(),
    };
  }

  /** Other clients with this title, compared as MySQL does. */
  sameName(internalName: string, name: string): string[] {
    const { hosting_client, node } = this.drupal.database;
    return hosting_client
      .all(({ nid, uname }) => uname !== internalName && node.get(nid)?.title.toLowerCase() === name.toLowerCase())
      .map(({ uname }) => uname)
      .sort();
  }

  /** Other clients whose login would have the same name (contract 5.1). */
  sameShellName(internalName: string): string[] {
    const reduced = (name: string) => name.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
    return this.drupal.database.hosting_client
      .all(({ uname }) => uname !== internalName && reduced(uname) === reduced(internalName))
      .map(({ uname }) => uname)
      .sort();
  }

  user(user: User): UserFacts {
    const { drupal } = this;
    return {
      uid: user.uid,
      name: user.name,
      mail: user.mail,
      active: user.status === 1,
      roles: drupal.rolesOf(user.uid),
      administrator: drupal.isAdministrator(user.uid),
      clients: drupal.database.hosting_client_user
        .all((row) => row.user === user.uid)
        .map(({ client }) => drupal.loadClient(client)?.uname)
        .filter((uname) => uname !== undefined)
        .sort(),
    };
  }

  task(task: Task): TaskFacts {
    const ended = task.task_status >= 2;
    const lines = ended ? this.drupal.database.hosting_task_log.having(task.vid) : [];
    return {
      nid: task.nid,
      rid: task.rid,
      type: task.task_type,
      status: task.task_status as TaskFacts["status"],
      // A retry copies the time of the run that it repeats into the new, queued task.
      executed: task.task_status === 0 ? null : task.executed,
      ahead: task.task_status === 0 ? this.ahead(task) : null,
      log: lines
        .filter(({ type }) => ["error", "failed", "warning"].includes(type))
        .map(({ type, message }) => ({ type, message }))
        .slice(-LOG_LINES),
    };
  }

  private ahead(task: Task): number {
    return this.active.length - this.queued.length + this.queued.findIndex(({ nid }) => nid === task.nid);
  }

  taskByNid(nid: number): TaskFacts | undefined {
    const task = this.drupal.loadTask(nid);
    return task && this.task(task as Task);
  }

  requireTask(nid: number): TaskFacts {
    const task = this.taskByNid(nid);
    if (task === undefined) throw new Error(`There is no task ${nid}.`);
    return task;
  }

  queue(): QueueFacts {
    const lastRun = this.drupal.variable("hosting_queue_tasks_last_run", 0);
    return {
      queued: this.queued.length,
      processing: this.active.length - this.queued.length,
      lastRun: lastRun || null,
      obstacles: this.taskQueue.obstacles(),
    };
  }
}
