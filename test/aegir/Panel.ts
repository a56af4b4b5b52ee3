/**
 * What people do by hand in the panel, with the consequences that Aegir gives it. Sites are named by domain (the live
 * one), clients by internal name.
 */
import type { FrontEnd, Site, Task, User } from "./FrontEnd";
import { cancelTask } from "./TaskQueue";

export class Panel {
  constructor(private readonly frontEnd: FrontEnd) {}

  // Clients

  /** The "Add client" form, filled in by the first user: registers a user if the server is set to. Answers the nid. */
  addClient(client: { name: string; internalName?: string; email?: string }): number {
    const { name, internalName = "", email = "" } = client;
    return this.frontEnd.transaction(() => {
      const nid = this.frontEnd.saveClient({ title: name, uname: internalName, email });
      this.frontEnd.bind(1, nid);
      return nid;
    });
  }

  /** The client's edit form. */
  saveClient(internalName: string, { title }: { title: string }): void {
    const { nid, uname } = this.#client(internalName);
    this.frontEnd.saveClient({ nid, uname, title });
  }

  /** Written to the database by hand, which no form does. */
  setInternalName(internalName: string, to: string): void {
    this.#client(internalName).uname = to;
  }

  /** "Allowed users" on the client form. */
  bind(internalName: string, userName: string): void {
    this.frontEnd.bind(this.#user(userName).uid, this.#client(internalName).nid);
  }

  unbind(internalName: string, userName: string): void {
    this.frontEnd.unbind(this.#user(userName).uid, this.#client(internalName).nid);
  }

  deleteClient(internalName: string): void {
    this.frontEnd.deleteNode(this.#client(internalName).nid);
  }

  // Sites and their tasks

  /**
   * The site form's "Client": a title or a nid, and what else Aegir takes (docs/aegir.md#site-owner). Answers the
   * verify's nid.
   */
  setOwner(domain: string, client: string | number): number {
    const site = this.#site(domain);
    this.frontEnd.saveSite({ ...site, client });
    return this.frontEnd.tasksOf(site.nid).at(-1)?.nid ?? 0;
  }

  /** The site form's "New encryption key": a certificate of the site's client. Answers its cid. */
  addCertificate(domain: string, name = domain): number {
    const { nid, client } = this.#site(domain);
    return this.frontEnd.addCertificate({ name, client, sites: [nid] });
  }

  /** "Add site": a queued site of the default owner, and its install task. Answers its nid. */
  addSite({ site }: { site: string }): number {
    const platform = this.frontEnd.tables.platforms[0]?.nid ?? 0;
    return this.frontEnd.addSite({ title: site, client: this.frontEnd.defaultClient, platform, status: 0 });
  }

  /** Queues a task of the site, one more whatever is queued. Answers its nid. */
  addTask(domain: string, type: "verify" | "disable" | "enable" | "delete" | "login-reset"): number {
    return this.frontEnd.addTask(this.#site(domain).nid, type);
  }

  cancelTask(nid: number): void {
    if (this.#task(nid).status > 0) throw new Error(`Task ${nid} is neither queued nor running.`);
    cancelTask(this.frontEnd, nid);
  }

  /**
   * "Retry" on a failed task: upstream queues a new revision of it, BOA a new node (docs/aegir.md#verify-tasks).
   * Answers its nid.
   */
  retryTask(nid: number): number {
    const { rid, type, executed } = this.#task(nid);
    return this.frontEnd.transaction(() => {
      const again = this.frontEnd.flavour === "upstream" ? nid : this.frontEnd.addTask(rid, type);
      this.frontEnd.updateTask(again, { status: 0, executed, log: [] });
      return again;
    });
  }

  // The queue and the server's settings

  pauseQueue(): void {
    this.setVariable("hosting_queue_tasks_enabled", false);
  }

  resumeQueue(): void {
    this.setVariable("hosting_queue_tasks_enabled", true);
  }

  setVariable(name: string, value: string | number | boolean): void {
    this.frontEnd.setVariable(name, value);
  }

  /** A platform for these clients, or open to all. Answers the nid. */
  addPlatform(title: string, clients: string[] = [], path = `/data/disk/o1/static/${title}`): number {
    return this.frontEnd.transaction(() => {
      const nid = ++this.frontEnd.tables.lastNid;
      const admitted = clients.map((internalName) => this.#client(internalName).nid);
      this.frontEnd.tables.platforms.push({ nid, title, path, clients: admitted });
      return nid;
    });
  }

  // Users and roles

  /** Answers the uid. Without `roles` the user gets what Aegir gives to clients' users. */
  addUser(user: { name: string; mail?: string; roles?: string[]; active?: boolean }): number {
    return this.frontEnd.addUser({ mail: `${user.name}@example.com`, ...user });
  }

  renameUser(userName: string, name: string): void {
    this.#editUser(userName, { name });
  }

  setMail(userName: string, mail: string): void {
    this.#editUser(userName, { mail });
  }

  /** The login form, or a one-time login link. */
  logIn(userName: string): void {
    const now = this.frontEnd.time();
    this.#editUser(userName, { login: now, access: now });
  }

  /** A page of the panel in a session that is there already. */
  visit(userName: string): void {
    this.#editUser(userName, { access: this.frontEnd.time() });
  }

  block(userName: string): void {
    this.#editUser(userName, { active: false });
  }

  /** "Delete the account and its content": authored nodes go, bindings stay behind. */
  deleteUser(userName: string): void {
    this.frontEnd.deleteUser(this.#user(userName).uid);
  }

  deleteRole(role: string): void {
    const { tables } = this.frontEnd;
    tables.roles = tables.roles.filter((name) => name !== role);
  }

  /** The domains that this user sees in the panel now. */
  sitesOf(userName: string): string[] {
    return this.frontEnd.sitesSeenBy(userName);
  }

  #editUser(userName: string, change: Partial<User>): void {
    this.frontEnd.transaction(() => Object.assign(this.#user(userName), change));
  }

  #client(internalName: string) {
    return found(this.frontEnd.clientByUname(internalName), `client ${internalName}`);
  }

  #site(domain: string): Site {
    return found(this.frontEnd.liveSites(domain)[0], `live site ${domain}`);
  }

  #task(nid: number): Task {
    return found(this.frontEnd.task(nid), `task ${nid}`);
  }

  #user(name: string): User {
    return found(this.frontEnd.userByName(name), `user ${name}`);
  }
}

function found<Found>(value: Found | undefined, what: string): Found {
  if (value === undefined) throw new Error(`There is no ${what}.`);
  return value;
}
