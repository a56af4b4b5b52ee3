/**
 * What Drupal 7 and the hosting modules do when something is saved or deleted (contract 1.3, 2.1, 2.5, 3.2, 3.3 and 4;
 * aegir-measured.md, "Operations"), their silent mistakes included. Names are theirs: node_save of a client is
 * `saveClient`. Nothing here checks what only a form checks.
 */
import type { Clock } from "./Clock";
import {
  collated,
  Database,
  DatabaseError,
  requireStorable,
  type NodeAccessRow,
  type NodeRow,
  type TaskRow,
} from "./Database";

/** Upstream Aegir 3, or BOA's fork of the hosting modules. */
export type Flavour = "upstream" | "boa";

export const CLIENT_ROLE = "aegir client";
export const ADMINISTRATOR_ROLES = ["aegir administrator", "administrator"];
/** `HOSTING_CLIENT_MAX_GROUP_LENGTH` */
const UNAME_LENGTH = 16;

interface NodeBase {
  nid?: number;
  vid?: number;
  title: string;
  uid: number;
}

export interface ClientNode extends NodeBase {
  uname: string;
  /** Transient: only a new client's registration looks at it. */
  email?: string | null;
  /** Associations to remove, by uid. */
  users?: number[];
  /** The name of a user to associate. */
  new_user?: string;
  revision?: boolean;
}

export interface SiteNode extends NodeBase {
  /** What the form or a script puts there: a nid, or a title. A loaded site carries the nid. */
  client: number | string;
  platform: number;
  site_status: number;
  verified: number;
  aliases: string[];
  no_verify?: boolean;
  revision?: boolean;
}

export interface TaskNode extends NodeBase {
  task_type: string;
  rid: number;
  task_status: number;
  executed: number | null;
  delta: number;
  revision?: boolean;
}

/** One mail that the front end sent. */
export interface Mail {
  to: string;
  user: string;
  subject: string;
}

export class Drupal {
  readonly outbox: Mail[] = [];
  /** Sites as they were before the save that is going on, as core's entity cache holds them (contract 4). */
  private readonly entityCache = new Map<number, SiteNode>();

  constructor(
    readonly database: Database,
    private readonly clock: Clock,
    readonly flavour: Flavour,
  ) {}

  variable<Value extends string | number | boolean>(name: string, fallback: Value): Value {
    return (this.database.variable.get(name)?.value as Value | undefined) ?? fallback;
  }

  setVariable(name: string, value: string | number | boolean): void {
    this.database.variable.delete((row) => row.name === name);
    this.database.variable.insert({ name, value });
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

  /** `hosting_client_sanitize`; the prefix goes into the expression unescaped, as there (contract 1.3). */
  sanitizeUname(uname: string): string {
    const prefix = this.variable("hosting_client_prefix", "");
    const rest = uname.replace(new RegExp(`^${prefix}`), "").replace(/[^A-Za-z0-9_]/g, "");
    return (prefix + rest).toLowerCase().slice(0, UNAME_LENGTH);
  }

  /** A fresh copy of the node with its users left out, as `node_load` gives it to a script. */
  loadClient(nid: number): ClientNode | undefined {
    const node = this.node(nid, "client");
    const row = node && this.database.hosting_client.get(node.vid);
    return node && row && { nid, vid: node.vid, title: node.title, uid: node.uid, uname: row.uname };
  }

  /** `hosting_get_client_by_uname` */
  clientByUname(uname: string): ClientNode | undefined {
    const row = this.database.hosting_client.all((client) => collated(client.uname) === collated(uname))[0];
    return row && this.loadClient(row.nid);
  }

  /** `hosting_get_client`: a number is the nid of a node of any type, everything else a title (contract 1.4). */
  private resolveClient(client: number | string): number | undefined {
    if (typeof client === "number" || /^\d+$/.test(client)) return this.database.node.get(Number(client))?.nid;
    return this.database.node.all((node) => node.type === "client" && collated(node.title) === collated(client))[0]
      ?.nid;
  }

  /**
   * `node_save` of a client. Throws DatabaseError 1062 (uname or binding is there, a new revision) or 1048 (`new_user` is
   * nobody); nothing is written then.
   */
  saveClient(node: ClientNode): number {
    const { database } = this;
    return database.transaction(() => {
      const isNew = node.nid === undefined;
      const { nid, vid } = this.writeNode("client", node);
      // PHP's empty(): "0" is empty too.
      node.uname = this.sanitizeUname(["", "0"].includes(node.uname) ? node.title : node.uname);
      if (isNew || node.revision) database.hosting_client.insert({ vid, nid, uname: node.uname });
      else database.hosting_client.update((row) => row.nid === nid, { uname: node.uname });

      if (isNew) {
        if (this.variable("hosting_client_register_user", false) && !this.isMailKnown(node.email)) {
          this.registerUser(nid, node);
        }
        // Set at all, even to '': that is the anonymous user's name (contract 2.1).
        // BOA lets an unknown one be nobody here.
        const known = node.new_user !== undefined && this.userByName(node.new_user) !== undefined;
        if (node.new_user !== undefined && (known || this.flavour === "upstream")) this.associate(node.new_user, nid);
      } else {
        for (const uid of node.users ?? []) {
          database.hosting_client_user.delete((row) => row.user === uid && row.client === nid);
        }
        if (node.new_user) this.associate(node.new_user, nid);
      }
      this.acquireGrants(nid);
      return nid;
    });
  }

  private isMailKnown(mail: string | null | undefined): boolean {
    // NULL equals nothing, '' equals the anonymous user's.
    return (
      typeof mail === "string" && this.database.users.all((user) => collated(user.mail) === collated(mail)).length > 0
    );
  }

  private registerUser(client: number, node: ClientNode): void {
    if (this.flavour === "upstream") {
      // hosting_client_user_presave inserts the association before the user has a uid.
      throw new DatabaseError(1048, "Column 'user' cannot be null");
    }
    const welcome = this.variable("hosting_client_send_welcome", false);
    const uid = this.saveUser({ name: node.uname, mail: node.email ?? "", roles: [CLIENT_ROLE], welcome });
    this.database.hosting_client_user.insert({ user: uid, client, contact_type: "" });
    this.database.node.update((row) => row.nid === client, { uid });
  }

  private associate(userName: string, client: number): void {
    const user = this.userByName(userName);
    if (user === undefined) throw new DatabaseError(1048, "Column 'user' cannot be null");
    this.database.hosting_client_user.insert({ user: user.uid, client, contact_type: "" });
  }

  // Sites

  /** A fresh copy: what is changed in it, and whatever else it holds, is written by the next save. */
  loadSite(nid: number): SiteNode | undefined {
    const node = this.node(nid, "site");
    const row = node && this.database.hosting_site.get(node.vid);
    if (node === undefined || row === undefined) return undefined;
    return {
      nid,
      vid: node.vid,
      title: node.title,
      uid: node.uid,
      client: row.client,
      platform: row.platform,
      site_status: row.status,
      verified: row.verified,
      aliases: this.database.hosting_site_alias.having(node.vid).map(({ alias }) => alias),
    };
  }

  /** Sites whose current revision is not deleted; with `title`, those of that title, as MySQL compares titles. */
  liveSites(title?: string): (SiteNode & { nid: number; client: number })[] {
    return this.sites(title).filter(({ site_status }) => site_status !== -2);
  }

  /** Sites of every status; none that has lost its row. */
  sites(title?: string): (SiteNode & { nid: number; client: number })[] {
    const wanted = title === undefined ? undefined : collated(title);
    return this.database.node
      .all((node) => node.type === "site" && (wanted === undefined || collated(node.title) === wanted))
      .map(({ nid }) => this.loadSite(nid) as (SiteNode & { nid: number; client: number }) | undefined)
      .filter((site) => site !== undefined);
  }

  /**
   * `node_save` of a site: writes every column from the object at hand, however old it is, queues an install for a new
   * queued one, and a verify on every update unless `no_verify` (contract 3.2). An owner that cannot be resolved is
   * client 1 on BOA and an exception upstream; the nid of any node is taken as it is.
   */
  saveSite(node: SiteNode): number {
    const { database } = this;
    return database.transaction(() => {
      const original = node.nid === undefined ? undefined : this.loadSite(node.nid);
      let client = this.resolveClient(node.client);
      if (client === undefined) {
        if (this.flavour === "upstream") throw new DatabaseError(1048, "Column 'client' cannot be null");
        client = 1;
      }
      const { nid, vid } = this.writeNode("site", node);
      const columns = { client, platform: node.platform, status: node.site_status, verified: node.verified };
      if (original === undefined || node.revision) {
        database.hosting_site.insert({ vid, nid, profile: "standard", language: "en", ...columns });
      } else {
        database.hosting_site.update((row) => row.vid === vid, columns);
        database.hosting_site_alias.delete((row) => row.vid === vid);
      }
      for (const alias of node.aliases) database.hosting_site_alias.insert({ vid, nid, alias, automatic: 0 });
      if (original === undefined) database.hosting_context.insert({ nid, name: node.title });

      if (original === undefined) {
        if (node.site_status === 0) this.addTask(nid, "install");
      } else if (!node.no_verify && node.site_status !== -2) {
        // The task's grants are derived while core still holds the site from before this save.
        this.entityCache.set(nid, original);
        try {
          this.addTask(nid, "verify");
        } finally {
          this.entityCache.delete(nid);
        }
      }
      this.acquireGrants(nid);
      return nid;
    });
  }

  // Tasks

  loadTask(nid: number): TaskNode | undefined {
    const node = this.node(nid, "task");
    const row = node && this.database.hosting_task.get(node.vid);
    return node && row && { ...row, title: node.title, uid: node.uid };
  }

  /** Tasks whose current revision is like this, oldest first. */
  tasks(where: (task: Readonly<TaskRow>) => boolean = () => true): (TaskNode & { nid: number })[] {
    return this.loadTasks(this.database.hosting_task.all(where));
  }

  /** The tasks about a node, oldest first. */
  tasksOf(rid: number): (TaskNode & { nid: number })[] {
    return this.loadTasks(this.database.hosting_task.having(rid));
  }

  /** Rows of old revisions, which keep their status for ever, are left out (contract, trap 1). */
  private loadTasks(rows: Readonly<TaskRow>[]): (TaskNode & { nid: number })[] {
    return rows
      .filter(({ nid, vid }) => this.database.node.get(nid)?.vid === vid)
      .map(({ nid }) => this.loadTask(nid) as TaskNode & { nid: number })
      .sort((one, other) => one.nid - other.nid);
  }

  /** `hosting_add_task`: always one more, whatever is queued already (contract 3.3). */
  addTask(rid: number, type: string): number {
    const site = this.database.node.get(rid)?.title ?? "";
    return this.saveTask({
      title: `${type[0]?.toUpperCase()}${type.slice(1)} Site: ${site}`,
      uid: 1,
      task_type: type,
      rid,
      task_status: 0,
      executed: null,
      delta: 0,
    });
  }

  /** `node_save` of a task; with `revision` the row of the old revision stays behind as it was (contract 3.5). */
  saveTask(task: TaskNode): number {
    return this.database.transaction(() => {
      const isNew = task.nid === undefined;
      const { nid, vid } = this.writeNode("task", task);
      task.nid = nid;
      task.vid = vid;
      const { task_type, rid, task_status, executed, delta } = task;
      const row = { vid, nid, task_type, rid, task_status, executed, delta };
      if (isNew || task.revision) this.database.hosting_task.insert(row);
      else this.database.hosting_task.update((other) => other.vid === vid, row);
      task.revision = false;
      this.acquireGrants(nid);
      return nid;
    });
  }

  /** `hosting_task_log` */
  log(task: TaskNode, type: string, message: string): void {
    const { vid, nid } = task as Required<TaskNode>;
    this.database.hosting_task_log.insert({
      lid: this.database.next("lid"),
      vid,
      nid,
      type,
      message,
      timestamp: this.clock.now(),
    });
  }

  // Users

  userByName(name: string): { uid: number; name: string; mail: string; status: number } | undefined {
    return this.database.users.all((user) => collated(user.name) === collated(name))[0];
  }

  rolesOf(uid: number): string[] {
    return this.database.users_roles
      .all((row) => row.uid === uid)
      .map(({ rid }) => this.database.role.get(rid)?.name ?? "")
      .sort();
  }

  isAdministrator(uid: number): boolean {
    return uid === 1 || this.rolesOf(uid).some((role) => ADMINISTRATOR_ROLES.includes(role));
  }

  /** `user_save` of a new user; throws DatabaseError 1062 when the name is taken. Mail addresses may repeat. */
  saveUser(user: { name: string; mail: string; roles?: string[]; active?: boolean; welcome?: boolean }): number {
    requireStorable("name", user.name, 60);
    requireStorable("mail", user.mail, 254);
    return this.database.transaction(() => {
      const uid = this.database.next("uid");
      this.database.users.insert({ uid, name: user.name, mail: user.mail, status: user.active === false ? 0 : 1 });
      for (const name of user.roles ?? []) {
        const role = this.database.role.all((row) => row.name === name)[0];
        if (role === undefined) throw new Error(`The seed has no role "${name}".`);
        this.database.users_roles.insert({ uid, rid: role.rid });
      }
      if (user.welcome) this.outbox.push({ to: user.mail, user: user.name, subject: "Your hosting account" });
      return uid;
    });
  }

  /** `user_delete`: takes every node that the user authored along, and leaves the associations (contract 4). */
  deleteUser(uid: number): void {
    this.database.transaction(() => {
      for (const { nid } of this.database.node.all((node) => node.uid === uid)) this.deleteNode(nid);
      this.database.users_roles.delete((row) => row.uid === uid);
      this.database.users.delete((row) => row.uid === uid);
    });
  }

  /** `user_cancel` that blocks: the user stays, its associations go (contract 4). */
  cancelUser(uid: number): void {
    this.database.transaction(() => {
      this.database.users.update((row) => row.uid === uid, { status: 0 });
      this.database.hosting_client_user.delete((row) => row.user === uid);
    });
  }

  // Nodes of every type

  /**
   * `node_delete`. Of a client: its row and its associations; its sites and platform rows stay behind with a dead nid
   * (contract 2.5). Of a site: its rows and its tasks; nothing on disk.
   */
  deleteNode(nid: number): void {
    const { database } = this;
    database.transaction(() => {
      database.hosting_client.delete((row) => row.nid === nid);
      database.hosting_client_user.delete((row) => row.client === nid);
      for (const task of this.tasksOf(nid)) this.deleteNode(task.nid);
      for (const table of [database.hosting_site, database.hosting_site_alias, database.hosting_task]) {
        table.delete((row: { nid: number }) => row.nid === nid);
      }
      database.hosting_task_log.delete((row) => row.nid === nid);
      database.hosting_context.delete((row) => row.nid === nid);
      database.node_access.delete((row) => row.nid === nid);
      database.node.delete((row) => row.nid === nid);
    });
  }

  /** `node_access_acquire_grants` (contract 4): view and update, but view alone on tasks, for the admin client as well. */
  acquireGrants(nid: number): void {
    const { database } = this;
    const node = database.node.get(nid);
    if (node === undefined) return;
    let gids: number[] = [];
    if (node.type === "client") gids = [nid];
    if (node.type === "site") gids = [Number(this.loadSite(nid)?.client)];
    if (node.type === "task") {
      const rid = database.hosting_task.get(node.vid)?.rid ?? 0;
      const site = this.entityCache.get(rid) ?? this.loadSite(rid);
      gids = site ? [Number(site.client)] : [];
    }
    const grants = [...new Set([...gids, this.adminClient])].map((gid): NodeAccessRow => {
      const grant_update = node.type === "task" ? 0 : 1;
      return { nid, realm: `hosting ${node.type}`, gid, grant_view: 1, grant_update };
    });
    const stored = database.node_access.having(nid);
    // The same rows again are no change, so that a write which changes nothing is not counted as one.
    if (JSON.stringify(stored) === JSON.stringify(grants)) return;
    database.node_access.delete((row) => row.nid === nid);
    for (const grant of grants) database.node_access.insert(grant);
  }

  /**
   * The nodes of a type that a user sees in the panel: through the grants of the user's clients, for who holds the role
   * that may view them, and everything for administrators. Empty for a user who is blocked or does not exist.
   */
  visibleTo(userName: string, type: "site" | "task" | "client"): string[] {
    const user = this.userByName(userName);
    if (user === undefined || user.status === 0) return [];
    const clients = this.database.hosting_client_user.all((row) => row.user === user.uid).map(({ client }) => client);
    const roles = this.rolesOf(user.uid);
    const gids = this.isAdministrator(user.uid) ? [1] : roles.includes(CLIENT_ROLE) ? clients : [];
    return this.database.node
      .all(
        (node) =>
          node.type === type &&
          (user.uid === 1 ||
            this.database.node_access.having(node.nid).some((row) => row.grant_view === 1 && gids.includes(row.gid))) &&
          (type !== "site" || this.database.hosting_site.get(node.vid)?.status !== -2),
      )
      .map(({ title }) => title)
      .sort();
  }

  private node(nid: number, type: NodeRow["type"]): Readonly<NodeRow> | undefined {
    const node = this.database.node.get(nid);
    return node?.type === type ? node : undefined;
  }

  /** The part of `node_save` that all types share. */
  writeNode(type: NodeRow["type"], node: NodeBase & { revision?: boolean }): { nid: number; vid: number } {
    const { database } = this;
    const now = this.clock.now();
    const { title, uid } = node;
    requireStorable("title", title, 255);
    if (node.nid === undefined) {
      const nid = database.next("nid");
      const vid = database.next("vid");
      database.node.insert({ nid, vid, type, title, uid, status: 1, created: now, changed: now });
      return { nid, vid };
    }
    const current = database.node.get(node.nid);
    if (current === undefined) throw new Error(`There is no node ${node.nid}.`);
    const vid = node.revision ? database.next("vid") : current.vid;
    database.node.update((row) => row.nid === node.nid, { vid, title, uid, changed: now });
    return { nid: node.nid, vid };
  }
}
