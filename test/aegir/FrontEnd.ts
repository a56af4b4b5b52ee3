/**
 * The front end: what its tables hold of access, and what Drupal 7 and the hosting modules do when something is saved or
 * deleted (docs/aegir.md), their silent mistakes included. Nothing here
 * checks what only a form checks.
 */
import type { Clock } from "./Clock";

/** Upstream Aegir 3, or BOA's fork of the hosting modules. */
export type Flavour = "upstream" | "boa";

export const CLIENT_ROLE = "aegir client";
export const ADMINISTRATOR_ROLES = ["aegir administrator", "administrator"];
/** `HOSTING_CLIENT_MAX_GROUP_LENGTH` */
const UNAME_LENGTH = 16;

interface Node {
  nid: number;
  title: string;
  changed: number;
  /** The clients that `node_access` lets see it, as of the last time that its grants were acquired. */
  gids: number[];
}

export interface Client extends Node {
  uname: string;
  /** The uid of its author, with whom it is deleted. */
  author: number;
}

export interface Site extends Node {
  /** The nid of its owner; nothing keeps it from being that of something else, or of nothing. */
  client: number;
  platform: number;
  /** `hosting_site.status`: deleted, disabled, queued, enabled. */
  status: -2 | -1 | 0 | 1;
  /** When it was last verified; 0 if that failed. */
  verified: number;
  aliases: string[];
  /** The front end's own site. */
  hostmaster: boolean;
  /** The cid of the certificate that it uses (`hosting_ssl_site.ssl_key`); 0 if none. */
  certificate: number;
}

/** A row of `hosting_ssl_cert`: a certificate, and the client whose sites may choose it (docs/aegir.md#ssl-certificates). */
export interface Certificate {
  cid: number;
  name: string;
  client: number;
}

export interface Task extends Node {
  type: string;
  /** The nid of what it is about. */
  rid: number;
  /** `hosting_task.task_status`: processing, queued, success, error, warning. */
  status: -1 | 0 | 1 | 2 | 3;
  /** When it last started. */
  executed: number | null;
  log: { type: string; message: string }[];
}

export interface Platform {
  nid: number;
  title: string;
  path: string;
  /** The clients that it admits; all, if there are none. */
  clients: number[];
}

export interface User {
  uid: number;
  name: string;
  mail: string;
  active: boolean;
  roles: string[];
  /** Seconds since the epoch; of the last two 0 if never. */
  created: number;
  login: number;
  access: number;
}

/** One owner that a site had, as committed. */
export interface OwnerState {
  site: string;
  nid: number;
  ownerNid: number;
  /** The internal name, null if that node is not a client (any more). */
  owner: string | null;
}

/** What the database throws: the number is MySQL's, such as 1062 (duplicate key) or 1406 (data too long). */
export class SqlError extends Error {
  constructor(
    readonly number: number,
    message: string,
  ) {
    super(`PDOException: SQLSTATE[23000]: ${number} ${message}`);
  }
}

/** Two strings that MySQL's utf8_general_ci takes for equal have the same form: no case, no accents, no trailing space. */
export function collated(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trimEnd();
}

/** The same but for case: what the worker takes for one person or one domain. */
export function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Throws what MySQL throws for a string that a utf8 column of that length cannot hold. */
function requireStorable(column: string, text: string, length: number): void {
  if ([...text].length > length) throw new SqlError(1406, `Data too long for column '${column}'`);
  if (/[\u{10000}-\u{10ffff}]/u.test(text)) throw new SqlError(1366, `Incorrect string value for column '${column}'`);
}

/** Plain JSON, so that a transaction can be undone and two states can be compared. */
const noTables = () => ({
  lastNid: 0,
  lastUid: 0,
  lastCid: 0,
  clients: [] as Client[],
  sites: [] as Site[],
  tasks: [] as Task[],
  platforms: [] as Platform[],
  certificates: [] as Certificate[],
  users: [] as User[],
  roles: [] as string[],
  /** `hosting_client_user`: uids and nids, of which either may be gone. */
  bindings: [] as { user: number; client: number }[],
  variables: {} as Record<string, string | number | boolean>,
});

export class FrontEnd {
  tables = noTables();
  /** How many transactions have changed something. */
  commits = 0;
  /** Every owner that every site ever had, in order: the proof that no site was ever without one. */
  readonly ownerHistory: OwnerState[] = [];
  #inTransaction = false;

  constructor(
    private readonly clock: Clock,
    readonly flavour: Flavour,
  ) {}

  /** One transaction, or a part of the one that is open: when it throws, nothing is left of what it wrote. */
  transaction<Result>(work: () => Result): Result {
    if (this.#inTransaction) return work();
    const before = JSON.stringify(this.tables);
    this.#inTransaction = true;
    try {
      const result = work();
      if (JSON.stringify(this.tables) !== before) {
        this.commits++;
        this.#recordOwners();
      }
      return result;
    } catch (error) {
      this.tables = JSON.parse(before) as ReturnType<typeof noTables>;
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  #recordOwners(): void {
    for (const { nid, title, client: ownerNid } of this.tables.sites) {
      const owner = this.client(ownerNid)?.uname ?? null;
      const last = this.ownerHistory.findLast((state) => state.nid === nid);
      if (last?.ownerNid === ownerNid && last.owner === owner) continue;
      this.ownerHistory.push({ site: title, nid, ownerNid, owner });
    }
  }

  /** PHP's `time()`. */
  time(): number {
    return this.clock.now();
  }

  // Variables

  variable<Value extends string | number | boolean>(name: string, fallback: Value): Value {
    return (this.tables.variables[name] as Value | undefined) ?? fallback;
  }

  setVariable(name: string, value: string | number | boolean): void {
    this.tables.variables[name] = value;
  }

  /** `HOSTING_DEFAULT_CLIENT` */
  get defaultClient(): number {
    return this.variable("hosting_default_client", 1);
  }

  /** `HOSTING_ADMIN_CLIENT` */
  get adminClient(): number {
    return this.variable("hosting_admin_client", 1);
  }

  // Clients

  client(nid: number): Client | undefined {
    return this.tables.clients.find((client) => client.nid === nid);
  }

  clientByUname(uname: string): Client | undefined {
    return this.tables.clients.find((client) => collated(client.uname) === collated(uname));
  }

  /**
   * `hosting_client_sanitize`; the prefix goes into the expression unescaped, as there (docs/aegir.md#internal-name).
   */
  sanitizeUname(uname: string): string {
    const prefix = this.variable("hosting_client_prefix", "");
    const rest = uname.replace(new RegExp(`^${prefix}`), "").replace(/[^A-Za-z0-9_]/g, "");
    return (prefix + rest).toLowerCase().slice(0, UNAME_LENGTH);
  }

  /** `node_save` of a client, without `nid` of a new one; its internal name is cleaned every time. Answers its nid. */
  saveClient(client: { nid?: number; title: string; uname: string; email?: string }): number {
    const { title, email = "" } = client;
    requireStorable("title", title, 255);
    return this.transaction(() => {
      // PHP's empty(): "0" is empty too.
      const uname = this.sanitizeUname(["", "0"].includes(client.uname) ? title : client.uname);
      const holder = this.clientByUname(uname);
      if (holder && holder.nid !== client.nid) throw new SqlError(1062, `Duplicate entry '${uname}' for 'uname_unq'`);
      const nid = client.nid ?? ++this.tables.lastNid;
      const saved = { nid, title, uname, changed: this.clock.now(), gids: this.#gids(nid) };
      const stored = this.client(nid);
      if (stored) {
        Object.assign(stored, saved);
        return nid;
      }
      const author = this.#registersUser(email) ? this.addUser({ name: uname, mail: email }) : 1;
      this.tables.clients.push({ ...saved, author });
      if (author !== 1) this.bind(author, nid);
      return nid;
    });
  }

  /**
   * A new client's address becomes a user if nobody has it; a blank one is the anonymous user's
   * (docs/aegir.md#saving-a-client).
   */
  #registersUser(mail: string): boolean {
    const known = mail === "" || this.tables.users.some((user) => collated(user.mail) === collated(mail));
    return this.variable("hosting_client_register_user", false) && !known;
  }

  // Sites

  /** A fresh copy: what is changed in it, and whatever else it holds, is written by the next save. */
  loadSite(nid: number): Site | undefined {
    return structuredClone(this.tables.sites.find((site) => site.nid === nid));
  }

  /** Copies of the sites that are not deleted; with `title`, of that title, as MySQL compares titles. */
  liveSites(title?: string): Site[] {
    const live = this.tables.sites.filter(({ status }) => status !== -2);
    const found = title === undefined ? live : live.filter((site) => collated(site.title) === collated(title));
    return structuredClone(found);
  }

  /** `node_save` of a new site, which queues an install if its status is queued. Answers its nid. */
  addSite(site: Pick<Site, "title" | "client" | "platform" | "status"> & Partial<Site>): number {
    return this.transaction(() => {
      const nid = ++this.tables.lastNid;
      const client = this.#resolveClient(site.client);
      const made = { aliases: [], verified: 0, hostmaster: false, certificate: 0, ...site, nid, client };
      this.tables.sites.push({ ...made, changed: this.clock.now(), gids: this.#gids(client) });
      if (site.status === 0) this.addTask(nid, "install");
      return nid;
    });
  }

  /**
   * `node_save` of a site: writes every column from the object at hand, however old it is, and queues a verify, which only
   * a task that is at its end does without (docs/aegir.md#site-owner). An owner that cannot be resolved is client 1,
   * silently on BOA.
   */
  saveSite(site: Omit<Site, "client"> & { client: number | string }, { verify = true } = {}): void {
    this.transaction(() => {
      const client = this.#resolveClient(site.client);
      // Its grants are the old owner's: core still holds the site from before this save.
      if (verify && site.status !== -2) this.addTask(site.nid, "verify");
      const saved = { ...site, client, changed: this.clock.now(), gids: this.#gids(client) };
      this.tables.sites = this.tables.sites.map((stored) => (stored.nid === site.nid ? saved : stored));
    });
  }

  /** A certificate of that client, which these sites use. Answers its cid. */
  addCertificate({ name, client, sites }: { name: string; client: number; sites: number[] }): number {
    return this.transaction(() => {
      const cid = ++this.tables.lastCid;
      this.tables.certificates.push({ cid, name, client });
      for (const site of this.tables.sites) if (sites.includes(site.nid)) site.certificate = cid;
      return cid;
    });
  }

  removeCertificate(cid: number): void {
    this.transaction(() => {
      this.tables.certificates = this.tables.certificates.filter((certificate) => certificate.cid !== cid);
      for (const site of this.tables.sites) if (site.certificate === cid) site.certificate = 0;
    });
  }

  /**
   * `hosting_get_client`: a number is the nid of a node of any type, everything else a title
   * (docs/aegir.md#client-title).
   */
  #resolveClient(client: number | string): number {
    const { clients, sites, tasks, platforms } = this.tables;
    const found =
      typeof client === "number"
        ? [clients, sites, tasks, platforms].flat().find(({ nid }) => nid === client)
        : clients.find(({ title }) => collated(title) === collated(client));
    return found?.nid ?? 1;
  }

  // Tasks

  task(nid: number): Task | undefined {
    return this.tables.tasks.find((task) => task.nid === nid);
  }

  tasksOf(rid: number): Task[] {
    return this.tables.tasks.filter((task) => task.rid === rid);
  }

  /** `hosting_add_task`: always one more, whatever is queued already (docs/aegir.md#verify-tasks). Answers its nid. */
  addTask(rid: number, type: string): number {
    return this.transaction(() => {
      const site = this.loadSite(rid);
      const nid = ++this.tables.lastNid;
      const title = `${type[0]?.toUpperCase()}${type.slice(1)} Site: ${site?.title ?? ""}`;
      const gids = this.#gids(site?.client);
      this.tables.tasks.push({
        ...{ nid, title, changed: this.clock.now(), gids },
        ...{ type, rid, status: 0, executed: null, log: [] },
      });
      return nid;
    });
  }

  /** `node_save` of a task. */
  updateTask(nid: number, change: Partial<Task>): void {
    this.transaction(() => {
      const task = this.task(nid);
      if (task) Object.assign(task, change, { changed: this.clock.now() });
      this.acquireGrants(nid);
    });
  }

  // Users

  user(uid: number): User | undefined {
    return this.tables.users.find((user) => user.uid === uid);
  }

  userByName(name: string): User | undefined {
    return this.tables.users.find((user) => collated(user.name) === collated(name));
  }

  isAdministrator({ uid, roles }: User): boolean {
    return uid === 1 || roles.some((role) => ADMINISTRATOR_ROLES.includes(role));
  }

  /** `user_save` of a new user with the role of clients, if no others are named. Mail addresses may repeat. Answers the uid. */
  addUser({ name, mail, roles = [CLIENT_ROLE], active = true }: Partial<User> & Pick<User, "name" | "mail">): number {
    requireStorable("name", name, 60);
    requireStorable("mail", mail, 254);
    return this.transaction(() => {
      if (this.userByName(name)) throw new SqlError(1062, `Duplicate entry '${name}' for key 'name'`);
      const uid = ++this.tables.lastUid;
      this.tables.users.push({ uid, name, mail, active, roles, created: this.clock.now(), login: 0, access: 0 });
      return uid;
    });
  }

  /**
   * `user_delete`: takes every client that the user authored along, and leaves the bindings
   * (docs/aegir.md#deleting-a-user).
   */
  deleteUser(uid: number): void {
    this.transaction(() => {
      for (const { nid } of this.tables.clients.filter(({ author }) => author === uid)) this.deleteNode(nid);
      this.tables.users = this.tables.users.filter((user) => user.uid !== uid);
    });
  }

  isBound(user: number, client: number): boolean {
    return this.tables.bindings.some((row) => row.user === user && row.client === client);
  }

  /** False if the pair was there. */
  bind(user: number, client: number): boolean {
    if (this.isBound(user, client)) return false;
    this.transaction(() => this.tables.bindings.push({ user, client }));
    return true;
  }

  /** False if the pair was not there. */
  unbind(user: number, client: number): boolean {
    if (!this.isBound(user, client)) return false;
    this.transaction(() => {
      this.tables.bindings = this.tables.bindings.filter((row) => row.user !== user || row.client !== client);
    });
    return true;
  }

  // Nodes of every type

  /**
   * `node_delete`. Of a client: its row and its bindings; its sites and platform rows stay behind with a dead nid
   * (docs/aegir.md#deleting-a-client). Of a site: its row and its tasks; nothing on disk.
   */
  deleteNode(nid: number): void {
    this.transaction(() => {
      const { tables } = this;
      tables.clients = tables.clients.filter((client) => client.nid !== nid);
      tables.bindings = tables.bindings.filter(({ client }) => client !== nid);
      tables.sites = tables.sites.filter((site) => site.nid !== nid);
      tables.tasks = tables.tasks.filter((task) => task.nid !== nid && task.rid !== nid);
    });
  }

  /** `node_access_acquire_grants` of a site or a task (docs/aegir.md#node-access). */
  acquireGrants(nid: number): void {
    const site = this.tables.sites.find((each) => each.nid === (this.task(nid)?.rid ?? nid));
    const node = this.task(nid) ?? site;
    if (node) node.gids = this.#gids(site?.client);
  }

  /** Everything can be seen by its client and by the admin client. */
  #gids(client: number | undefined): number[] {
    return [...new Set([client ?? this.adminClient, this.adminClient])];
  }

  /**
   * The domains that a user sees in the panel: through the grants of the user's clients, for who holds the role that may
   * view them, and all for administrators. None for a user who is blocked or does not exist.
   */
  sitesSeenBy(userName: string): string[] {
    const user = this.userByName(userName);
    if (user === undefined || !user.active) return [];
    const clients = this.tables.bindings.filter((row) => row.user === user.uid).map(({ client }) => client);
    const gids = this.isAdministrator(user) ? [1] : user.roles.includes(CLIENT_ROLE) ? clients : [];
    return this.liveSites()
      .filter((site) => user.uid === 1 || site.gids.some((gid) => gids.includes(gid)))
      .map(({ title }) => title)
      .sort();
  }
}
