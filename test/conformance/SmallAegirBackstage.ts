import type { SiteNode } from "../aegir/drupal";
import type { SmallAegir } from "../aegir/SmallAegir";
import type { Backstage, Grant, State } from "./Backstage";

/** The backstage of the small Aegir: its tables. */
export class SmallAegirBackstage implements Backstage {
  constructor(
    private readonly aegir: SmallAegir,
    private readonly prefix: string,
  ) {}

  private get drupal() {
    return this.aegir.drupal;
  }

  private task(nid: number) {
    const task = this.drupal.loadTask(nid);
    if (task === undefined) throw new Error(`there is no task ${nid}`);
    return task;
  }

  state(): Promise<State> {
    const { drupal } = this;
    const { node, users, hosting_client, hosting_client_user, hosting_site } = drupal.database;
    const ours = (text: string) => text.startsWith(this.prefix);
    const clients = hosting_client
      .all(({ uname }) => ours(uname))
      .map(({ nid, uname }) => {
        const bound = hosting_client_user
          .all(({ client }) => client === nid)
          .map(({ user }) => users.get(user)?.name ?? "");
        const { title = "", uid: author = 0 } = node.get(nid) ?? {};
        return { nid, uname, title, author, users: bound.filter((name) => name !== "").sort() };
      });
    const sites = node
      .all(({ type, title }) => type === "site" && ours(title))
      .map(({ nid, vid, title, changed }) => {
        const { client = 0, status = 0, verified = 0, platform = 0 } = hosting_site.get(vid) ?? {};
        return { nid, title, client, status, verified, platform, changed };
      });
    const tasks = drupal
      .tasks(({ rid }) => sites.some(({ nid }) => nid === rid))
      .map(({ nid, task_type, rid, task_status }) => ({ nid, type: task_type, rid, status: task_status }));
    return Promise.resolve({
      clients: clients.sort((one, other) => one.nid - other.nid),
      users: users
        .all(({ name }) => ours(name))
        .map(({ uid, name, mail, status }) => ({ name, mail, status, roles: drupal.rolesOf(uid) }))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),
      sites: sites.sort((one, other) => one.nid - other.nid),
      tasks,
    });
  }

  grants(nid: number): Promise<Grant[]> {
    const rows = this.drupal.database.node_access.all((row) => row.nid === nid);
    return Promise.resolve(
      rows
        .map(({ realm, gid, grant_view: view, grant_update: update }) => ({ realm, gid, view, update }))
        .sort((one, other) => one.gid - other.gid),
    );
  }

  startTask(nid: number): Promise<void> {
    const executed = this.aegir.clock.now();
    this.drupal.saveTask({ ...this.task(nid), task_status: -1, executed, revision: true });
    return Promise.resolve();
  }

  finishTask: Backstage["finishTask"] = (nid, { status, executed, log }) => {
    const task = this.task(nid);
    for (const { type, message } of log) this.drupal.log(task, type, message);
    this.drupal.saveTask({ ...task, task_status: status, executed: executed ? this.aegir.clock.now() : null });
    return Promise.resolve();
  };

  removeTask(nid: number): Promise<void> {
    this.drupal.deleteNode(nid);
    return Promise.resolve();
  }

  removeUser(name: string): Promise<void> {
    this.aegir.panel.deleteUser(name);
    return Promise.resolve();
  }

  addDeletedSite({ title, client, like }: { title: string; client: number; like: number }): Promise<number> {
    const { platform } = this.drupal.loadSite(like) as { platform: number };
    const live: SiteNode = { title, uid: 1, client, platform, site_status: 1, verified: 0, aliases: [] };
    const nid = this.drupal.saveSite(live);
    const saved = this.drupal.loadSite(nid) as SiteNode;
    this.drupal.saveSite({ ...saved, site_status: -2, no_verify: true, revision: true });
    return Promise.resolve(nid);
  }

  removeSite(nid: number): Promise<void> {
    this.drupal.deleteNode(nid);
    return Promise.resolve();
  }

  addAlias(nid: number, alias: string): Promise<void> {
    const { vid = 0 } = this.drupal.loadSite(nid) ?? {};
    this.drupal.database.hosting_site_alias.insert({ vid, nid, alias, automatic: 0 });
    return Promise.resolve();
  }

  removeAlias(nid: number, alias: string): Promise<void> {
    this.drupal.database.hosting_site_alias.delete((row) => row.nid === nid && row.alias === alias);
    return Promise.resolve();
  }

  platform(): Promise<number | null> {
    const { node } = this.drupal.database;
    return Promise.resolve(
      node.all(({ type, title }) => type === "platform" && title.startsWith(this.prefix))[0]?.nid ?? null,
    );
  }

  restrict(platform: number, clients: number[]): Promise<void> {
    const { hosting_platform_client_access: access } = this.drupal.database;
    access.delete(({ pid }) => pid === platform);
    for (const cid of clients) access.insert({ pid: platform, cid });
    return Promise.resolve();
  }

  holdLock(): Promise<void> {
    this.aegir.faults.holdDatabaseLock();
    return Promise.resolve();
  }

  releaseLock(): Promise<void> {
    this.aegir.faults.releaseDatabaseLock();
    return Promise.resolve();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}
