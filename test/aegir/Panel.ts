/**
 * What people do by hand in the panel, with the consequences that Aegir gives it. Sites are named by domain (the live
 * one), clients by internal name, platforms by title.
 */
import { CLIENT_ROLE, Drupal, type SiteNode, type TaskNode } from "./drupal";
import { cancelTask } from "./TaskQueue";

export class Panel {
  constructor(private readonly drupal: Drupal) {}

  // Clients

  /** The "Add client" form, filled in by the first user: registers a user if the server is set to. Answers the nid. */
  addClient(client: { name: string; internalName?: string; email?: string }): number {
    const { name, internalName = "", email = "" } = client;
    const author = this.drupal.database.users.get(1)?.name ?? "";
    return this.drupal.saveClient({ title: name, uname: internalName, uid: 1, email, new_user: author });
  }

  /** The client's edit form; `revision` is its checkbox "Create new revision". */
  saveClient(
    internalName: string,
    change: { title?: string; uname?: string; users?: number[]; new_user?: string; revision?: boolean },
  ): void {
    this.drupal.saveClient({ ...this.client(internalName), users: [], new_user: "", ...change });
  }

  /** "Allowed users" on the client form: a pair that is there is an exception (1062), as is an unknown user (1048). */
  bind(internalName: string, userName: string): void {
    this.saveClient(internalName, { new_user: userName });
  }

  unbind(internalName: string, userName: string): void {
    this.saveClient(internalName, { users: [this.uid(userName)] });
  }

  deleteClient(internalName: string): void {
    this.drupal.deleteNode(this.client(internalName).nid);
  }

  // Sites and their tasks

  /** The site form's "Client": a title or a nid, and what else Aegir takes (contract 3.2). Answers the verify's nid. */
  setOwner(domain: string, client: string | number): number {
    const site = this.site(domain);
    this.drupal.saveSite({ ...site, client });
    return this.lastTask(site.nid);
  }

  /** "Add site": a queued site and its install task. Answers its nid. */
  addSite(site: { site: string; client?: string | number; platform?: string }): number {
    const { database } = this.drupal;
    const platform = database.node.all(
      ({ type, title }) => type === "platform" && (site.platform === undefined || title === site.platform),
    )[0];
    if (platform === undefined) throw new Error(`There is no platform ${site.platform ?? ""}.`);
    return this.drupal.saveSite({
      title: site.site,
      uid: 1,
      client: site.client ?? this.drupal.defaultClient,
      platform: platform.nid,
      site_status: 0,
      verified: 0,
      aliases: [],
    });
  }

  /** Queues a task of the site, one more whatever is queued. Answers its nid. */
  addTask(domain: string, type: "verify" | "disable" | "enable" | "delete" | "login-reset"): number {
    return this.drupal.addTask(this.site(domain).nid, type);
  }

  cancelTask(nid: number): void {
    const task = this.task(nid);
    if (task.task_status > 0) throw new Error(`Task ${nid} is neither queued nor running.`);
    cancelTask(this.drupal, task);
  }

  /** "Retry" on a failed task: upstream queues a new revision of it, BOA a new node (contract 3.5). Answers its nid. */
  retryTask(nid: number): number {
    const task = this.task(nid);
    const again: TaskNode = { ...task, task_status: 0, delta: 0 };
    if (this.drupal.flavour === "upstream") return this.drupal.saveTask({ ...again, revision: true });
    return this.drupal.saveTask({ ...again, nid: undefined, vid: undefined });
  }

  deleteTask(nid: number): void {
    this.drupal.deleteNode(this.task(nid).nid);
  }

  // The queue and the server's settings

  pauseQueue(): void {
    this.drupal.setVariable("hosting_queue_tasks_enabled", false);
  }

  resumeQueue(): void {
    this.drupal.setVariable("hosting_queue_tasks_enabled", true);
  }

  setVariable(name: string, value: string | number | boolean): void {
    this.drupal.setVariable(name, value);
  }

  // Platforms

  /** Answers the nid. No clients: open to all. */
  addPlatform(title: string, clients: string[] = [], path = `/data/disk/o1/static/${title}`): number {
    const { database } = this.drupal;
    return database.transaction(() => {
      const { nid, vid } = this.drupal.writeNode("platform", { title, uid: 1 });
      database.hosting_platform.insert({ vid, nid, publish_path: path, status: 1 });
      for (const client of clients) {
        database.hosting_platform_client_access.insert({ pid: nid, cid: this.client(client).nid });
      }
      return nid;
    });
  }

  // Users

  /** Answers the uid. Without `roles` the user gets what Aegir gives to clients' users. */
  addUser(user: { name: string; mail?: string; roles?: string[]; active?: boolean }): number {
    return this.drupal.saveUser({ mail: `${user.name}@example.com`, roles: [CLIENT_ROLE], ...user });
  }

  setMail(userName: string, mail: string): void {
    const uid = this.uid(userName);
    this.drupal.database.users.update((row) => row.uid === uid, { mail });
  }

  block(userName: string): void {
    const uid = this.uid(userName);
    this.drupal.database.users.update((row) => row.uid === uid, { status: 0 });
  }

  /** "Delete the account and its content": authored nodes go, associations stay behind. */
  deleteUser(userName: string): void {
    this.drupal.deleteUser(this.uid(userName));
  }

  /** "Disable the account": associations go. */
  cancelUser(userName: string): void {
    this.drupal.cancelUser(this.uid(userName));
  }

  /** The domains that this user sees in the panel now. */
  sitesOf(userName: string): string[] {
    return this.drupal.visibleTo(userName, "site");
  }

  /** The titles of the tasks that this user sees in the panel now. */
  tasksOf(userName: string): string[] {
    return this.drupal.visibleTo(userName, "task");
  }

  private client(internalName: string) {
    const client = this.drupal.clientByUname(internalName);
    if (client?.nid === undefined) throw new Error(`There is no client ${internalName}.`);
    return { ...client, nid: client.nid };
  }

  private site(domain: string): SiteNode & { nid: number } {
    const [site] = this.drupal.liveSites(domain);
    if (site === undefined) throw new Error(`There is no live site ${domain}.`);
    return site;
  }

  private task(nid: number): TaskNode & { nid: number } {
    const task = this.drupal.loadTask(nid);
    if (task === undefined) throw new Error(`There is no task ${nid}.`);
    return { ...task, nid };
  }

  private lastTask(rid: number): number {
    return this.drupal.tasksOf(rid).at(-1)?.nid ?? 0;
  }

  private uid(userName: string): number {
    const user = this.drupal.userByName(userName);
    if (user === undefined) throw new Error(`There is no user ${userName}.`);
    return user.uid;
  }
}
