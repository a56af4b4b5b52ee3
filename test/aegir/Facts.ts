/** What a worker reports of clients, sites, users and tasks, read from the tables as they are during one request. */
import type {
  ClientFacts,
  ClientReference,
  Inventory,
  OrphanBinding,
  QueueFacts,
  ServerFacts,
  SiteFacts,
  TaskFacts,
  UserFacts,
} from "../../provider/worker/facts";
import { PROTOCOL_VERSION } from "../../provider/worker/protocol";
import type { FrontEnd, Site, Task, User } from "./FrontEnd";
import type { Provision } from "./Provision";
import type { TaskQueue } from "./TaskQueue";

/** How many lines of a task's log are reported. */
const LOG_LINES = 5;

export class Facts {
  /** Queued and running tasks in the order in which the queue takes them. */
  readonly #active: Task[];

  constructor(
    private readonly frontEnd: FrontEnd,
    private readonly provision: Provision,
    private readonly taskQueue: TaskQueue,
  ) {
    this.#active = frontEnd.tables.tasks
      .filter(({ status }) => status <= 0)
      .sort((one, other) => one.changed - other.changed || one.nid - other.nid);
  }

  server(): ServerFacts {
    const { frontEnd, provision } = this;
    return {
      protocol: PROTOCOL_VERSION,
      php: "8.2.36",
      drush: "8.4.12",
      drupal: "7.105",
      hosting: frontEnd.flavour === "boa" ? "5.x-head (small Aegir)" : "7.x-3.x (small Aegir)",
      clientsDirectory: provision.clients,
      defaultClient: this.reference(frontEnd.defaultClient),
      adminClient: this.reference(frontEnd.adminClient),
      defaultClientNid: frontEnd.defaultClient,
      adminClientNid: frontEnd.adminClient,
      clientPrefix: frontEnd.variable("hosting_client_prefix", ""),
      registersUsers: frontEnd.variable("hosting_client_register_user", false),
      sendsWelcomeMail: frontEnd.variable("hosting_client_send_welcome", false),
      user: provision.layout.owner,
      home: provision.layout.aegirRoot,
    };
  }

  inventory(): Inventory {
    const { clients, users, platforms } = this.frontEnd.tables;
    return {
      server: this.server(),
      clients: clients.map(({ nid }) => this.client(nid)),
      sites: this.frontEnd
        .liveSites()
        .map((site) => this.site(site))
        .sort((one, other) => (one.site < other.site ? -1 : one.site > other.site ? 1 : one.nid - other.nid)),
      users: users.map((user) => this.user(user)),
      platforms: platforms.map(({ nid, title, clients }) => ({ nid, title, status: 1, clients: sorted(clients) })),
      orphanBindings: this.#orphanBindings(),
      damaged: [],
      queue: this.queue(),
    };
  }

  #orphanBindings(): OrphanBinding[] {
    return this.frontEnd.tables.bindings
      .map(({ user, client }) => ({
        uid: user,
        user: this.frontEnd.user(user)?.name ?? null,
        clientNid: client,
        client: this.reference(client)?.internalName ?? null,
      }))
      .filter(({ user, client }) => user === null || client === null)
      .sort((one, other) => one.uid - other.uid || one.clientNid - other.clientNid);
  }

  reference(nid: number): ClientReference | null {
    const client = this.frontEnd.client(nid);
    return client ? { nid, internalName: client.uname, name: client.title } : null;
  }

  client(nid: number): ClientFacts {
    const { frontEnd } = this;
    const { users, platforms } = frontEnd.tables;
    const reference = this.reference(nid);
    if (reference === null) throw new Error(`Node ${nid} is not a client.`);
    return {
      ...reference,
      users: users
        .filter(({ uid }) => frontEnd.isBound(uid, nid))
        .map(({ uid, name, mail, active }) => ({ uid, name, mail, active })),
      sites: frontEnd
        .liveSites()
        .filter(({ client }) => client === nid)
        .map(({ title }) => title)
        .sort(),
      platforms: platforms
        .filter(({ clients }) => clients.includes(nid))
        .map(({ nid, title, clients }) => ({ nid, title, clients: clients.length })),
      isDefault: nid === frontEnd.defaultClient,
      isAdmin: nid === frontEnd.adminClient,
    };
  }

  site({ nid, title, status, client, hostmaster }: Site): SiteFacts {
    const lastVerify = this.frontEnd.tasksOf(nid).findLast(({ type }) => type === "verify");
    return {
      nid,
      site: title,
      status: status as SiteFacts["status"],
      ownerNid: client,
      owner: this.reference(client),
      hostmaster,
      tasks: this.#active.filter(({ rid }) => rid === nid).map((task) => this.task(task)),
      lastVerify: lastVerify ? this.task(lastVerify) : null,
      links: this.provision.linksOf(title),
    };
  }

  /** Internal names of other clients of which this is true. */
  otherClients(internalName: string, isLike: (client: { title: string; uname: string }) => boolean): string[] {
    return this.frontEnd.tables.clients
      .filter((client) => client.uname !== internalName && isLike(client))
      .map(({ uname }) => uname)
      .sort();
  }

  user(user: User): UserFacts {
    const { clients } = this.frontEnd.tables;
    const { created, login, access, ...facts } = user;
    return {
      ...facts,
      created: created || null,
      lastLogin: login || null,
      lastAccess: access || null,
      roles: [...user.roles].sort(),
      administrator: this.frontEnd.isAdministrator(user),
      clients: clients
        .filter(({ nid }) => this.frontEnd.isBound(user.uid, nid))
        .map(({ uname }) => uname)
        .sort(),
    };
  }

  task({ nid, rid, type, status, executed, log }: Task): TaskFacts {
    const queued = status === 0;
    const troubles = log.filter(({ type }) => ["error", "failed", "warning"].includes(type));
    return {
      nid,
      rid,
      type,
      status,
      // A retry copies the time of the run that it repeats into the new, queued task.
      executed: queued ? null : executed,
      ahead: null,
      log: status >= 2 ? troubles.slice(-LOG_LINES) : [],
    };
  }

  /** How many tasks come before a queued one: those that run, and those that were queued earlier. Null unless it is queued. */
  ahead(nid: number): number | null {
    const queued = this.#active.filter(({ status }) => status === 0);
    const place = queued.findIndex((task) => task.nid === nid);
    return place < 0 ? null : this.#active.length - queued.length + place;
  }

  requireTask(nid: number): TaskFacts {
    const task = this.frontEnd.task(nid);
    if (task === undefined) throw new Error(`There is no task ${nid}.`);
    return this.task(task);
  }

  queue(): QueueFacts {
    const queued = this.#active.filter(({ status }) => status === 0).length;
    return {
      queued,
      processing: this.#active.length - queued,
      lastRun: this.frontEnd.variable("hosting_queue_tasks_last_run", 0) || null,
      obstacles: this.taskQueue.obstacles(),
      disks: this.taskQueue.disks(),
    };
  }
}

function sorted(numbers: number[]): number[] {
  return [...numbers].sort((one, other) => one - other);
}
