import { ManualClock } from "../aegir/Clock";
import type { SiteNode } from "../aegir/drupal";
import type { SmallAegir } from "../aegir/SmallAegir";
import { until } from "../support/until";
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
        const rows = hosting_client_user.all(({ client }) => client === nid);
        const bound = rows.map(({ user }) => users.get(user)?.name ?? "");
        const { title = "", uid: author = 0 } = node.get(nid) ?? {};
        const bindings = rows.map(({ user }) => user).sort((one, other) => one - other);
        return { nid, uname, title, author, users: bound.filter((name) => name !== "").sort(), bindings };
      });
    const links = this.aegir.tables().sites;
    const sites = node
      .all(({ type, title }) => type === "site" && ours(title))
      .map(({ nid, vid, title, changed }) => {
        const { client = 0, status = 0, verified = 0, platform = 0 } = hosting_site.get(vid) ?? {};
        const linked = links.find((site) => site.nid === nid)?.links ?? [];
        return { nid, title, client, status, verified, platform, changed, links: linked };
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
      defaultClient: { nid: drupal.defaultClient, uname: drupal.loadClient(drupal.defaultClient)?.uname ?? "" },
    });
  }

  digest(of: "everything" | "others"): Promise<string> {
    const { clients, sites, users, accounts, links } = this.aegir.tables();
    const ours = (names: string[]) => names.filter((name) => name.startsWith(this.prefix));
    const directories = [...Object.keys(links), ...accounts.map(({ name }) => name.slice(name.indexOf(".") + 1))];
    const except = {
      clients: ours([...clients.map(({ internalName }) => internalName), ...directories]),
      sites: ours(sites.map(({ site }) => site)),
      users: ours(users.map(({ name }) => name)),
    };
    return Promise.resolve(this.aegir.digest(of === "others" ? except : {}));
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

  addRunningTask(site: number): Promise<number> {
    const nid = this.drupal.addTask(site, "login-reset");
    const executed = this.aegir.clock.now();
    this.drupal.saveTask({ ...this.task(nid), task_status: -1, executed });
    return Promise.resolve(nid);
  }

  addClient({ uname, title }: { uname: string; title: string }): Promise<number> {
    const nid = this.drupal.saveClient({ title, uname, uid: 1, email: "" });
    this.drupal.database.hosting_client.update((row) => row.nid === nid, { uname });
    return Promise.resolve(nid);
  }

  renameClient(nid: number, title: string): Promise<void> {
    this.drupal.database.node.update((row) => row.nid === nid, { title });
    return Promise.resolve();
  }

  removeClient(nid: number): Promise<void> {
    this.drupal.deleteNode(nid);
    return Promise.resolve();
  }

  removeDirectories(): Promise<void> {
    // They end with it.
    return Promise.resolve();
  }

  addUser({ name, mail }: { name: string; mail: string }): Promise<number> {
    return Promise.resolve(this.aegir.panel.addUser({ name, mail }));
  }

  removeUser(name: string): Promise<void> {
    this.aegir.panel.deleteUser(name);
    return Promise.resolve();
  }

  bind(client: number, user: number): Promise<void> {
    this.drupal.database.hosting_client_user.insert({ user, client, contact_type: "" });
    return Promise.resolve();
  }

  unbind(client: number, user: number): Promise<void> {
    this.drupal.database.hosting_client_user.delete((row) => row.client === client && row.user === user);
    return Promise.resolve();
  }

  setOwner(site: number, client: number): Promise<void> {
    this.drupal.saveSite({ ...(this.drupal.loadSite(site) as SiteNode), client });
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

  allowed(platform: number): Promise<number[]> {
    const rows = this.drupal.database.hosting_platform_client_access.all(({ pid }) => pid === platform);
    return Promise.resolve(rows.map(({ cid }) => cid).sort((one, other) => one - other));
  }

  setClientPrefix(prefix: string): Promise<void> {
    this.aegir.panel.setVariable("hosting_client_prefix", prefix);
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

  async passSecond(): Promise<void> {
    const { clock } = this.aegir;
    const next = clock.now() + 1;
    if (clock instanceof ManualClock) clock.advance(1);
    await until(() => clock.now() >= next);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}
