import { ManualClock } from "../aegir/Clock";
import type { SmallAegir } from "../aegir/SmallAegir";
import { until } from "../support/until";
import type { Backstage, Grant, State } from "./Backstage";

/** The backstage of the small Aegir: its tables. */
export class SmallAegirBackstage implements Backstage {
  constructor(
    private readonly aegir: SmallAegir,
    private readonly prefix: string,
  ) {}

  private get frontEnd() {
    return this.aegir.frontEnd;
  }

  /** The tables themselves, to be changed past all that the front end does when something is saved. */
  private get tables() {
    return this.frontEnd.tables;
  }

  /** Changes a row of them. */
  private change<Row extends object>(row: Row | undefined, change: Partial<Row>): void {
    if (row === undefined) throw new Error("there is no such row");
    this.frontEnd.transaction(() => Object.assign(row, change));
  }

  state(): State {
    const { clients, bindings, users, sites, tasks } = this.tables;
    const ours = (text: string) => text.startsWith(this.prefix);
    const stored = this.aegir.tables().sites;
    const ourSites = sites.filter(({ title }) => ours(title));
    const { defaultClient } = this.frontEnd;
    return {
      clients: clients
        .filter(({ uname }) => ours(uname))
        .map(({ nid, uname, title, author }) => {
          const bound = bindings.flatMap(({ user, client }) => (client === nid ? [user] : [])).sort((a, b) => a - b);
          const names = bound.flatMap((uid) => this.frontEnd.user(uid)?.name ?? []);
          return { nid, uname, title, author, users: names.sort(), bindings: bound };
        }),
      users: users
        .filter(({ name }) => ours(name))
        .map(({ name, mail, active, roles }) => ({ name, mail, status: active ? 1 : 0, roles: [...roles].sort() }))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),
      sites: ourSites.map(({ nid, title, client, status, verified, platform, changed }) => {
        const links = stored.find((site) => site.nid === nid)?.links ?? [];
        return { nid, title, client, status, verified, platform, changed, links };
      }),
      tasks: tasks
        .filter(({ rid }) => ourSites.some(({ nid }) => nid === rid))
        .map(({ nid, type, rid, status }) => ({ nid, type, rid, status })),
      defaultClient: { nid: defaultClient, uname: this.frontEnd.client(defaultClient)?.uname ?? "" },
    };
  }

  digest(of: "everything" | "others"): string {
    const { clients, sites, users, accounts, links } = this.aegir.tables();
    const ours = (names: string[]) => names.filter((name) => name.startsWith(this.prefix));
    const directories = [...Object.keys(links), ...accounts.map(({ name }) => name.slice(name.indexOf(".") + 1))];
    const except = {
      clients: ours([...clients.map(({ internalName }) => internalName), ...directories]),
      sites: ours(sites.map(({ site }) => site)),
      users: ours(users.map(({ name }) => name)),
    };
    return this.aegir.digest(of === "others" ? except : {});
  }

  grants(nid: number): Grant[] {
    const { clients, sites, tasks } = this.tables;
    const of = (type: string, update: number, nodes: { nid: number; gids: number[] }[]): Grant[] => {
      const gids = nodes.find((node) => node.nid === nid)?.gids ?? [];
      return gids.map((gid) => ({ realm: `hosting ${type}`, gid, view: 1, update }));
    };
    const grants = [of("client", 1, clients), of("site", 1, sites), of("task", 0, tasks)].flat();
    return grants.sort((one, other) => one.gid - other.gid);
  }

  startTask(nid: number): void {
    this.frontEnd.updateTask(nid, { status: -1, executed: this.aegir.clock.now() });
  }

  finishTask: Backstage["finishTask"] = (nid, { status, executed, log }) => {
    this.frontEnd.updateTask(nid, { status, executed: executed ? this.aegir.clock.now() : null, log });
  };

  removeTask(nid: number): void {
    this.frontEnd.deleteNode(nid);
  }

  addRunningTask(site: number): number {
    const nid = this.frontEnd.addTask(site, "login-reset");
    this.startTask(nid);
    return nid;
  }

  addClient({ uname, title }: { uname: string; title: string }): number {
    const nid = this.frontEnd.saveClient({ title, uname });
    this.change(this.frontEnd.client(nid), { uname });
    return nid;
  }

  renameClient(nid: number, title: string): void {
    this.change(this.frontEnd.client(nid), { title });
  }

  removeClient(nid: number): void {
    this.frontEnd.deleteNode(nid);
  }

  removeDirectories(): void {
    // They end with it.
  }

  addUser({ name, mail }: { name: string; mail: string }): number {
    return this.aegir.panel.addUser({ name, mail });
  }

  removeUser(name: string): void {
    this.aegir.panel.deleteUser(name);
  }

  bind(client: number, user: number): void {
    this.frontEnd.bind(user, client);
  }

  unbind(client: number, user: number): void {
    this.frontEnd.unbind(user, client);
  }

  setOwner(site: number, client: number): void {
    this.frontEnd.saveSite({ ...this.site(site), client });
  }

  addDeletedSite({ title, client, like }: { title: string; client: number; like: number }): number {
    const { platform } = this.site(like);
    return this.frontEnd.addSite({ title, client, platform, status: -2 });
  }

  removeSite(nid: number): void {
    this.frontEnd.deleteNode(nid);
  }

  addAlias(nid: number, alias: string): void {
    this.change(this.site(nid), { aliases: [...this.site(nid).aliases, alias] });
  }

  removeAlias(nid: number, alias: string): void {
    this.change(this.site(nid), { aliases: this.site(nid).aliases.filter((other) => other !== alias) });
  }

  private site(nid: number) {
    const site = this.tables.sites.find((each) => each.nid === nid);
    if (site === undefined) throw new Error(`there is no site ${nid}`);
    return site;
  }

  platform(): number | null {
    return this.tables.platforms.find(({ title }) => title.startsWith(this.prefix))?.nid ?? null;
  }

  restrict(platform: number, clients: number[]): void {
    this.change(
      this.tables.platforms.find(({ nid }) => nid === platform),
      { clients },
    );
  }

  allowed(platform: number): number[] {
    const { clients = [] } = this.tables.platforms.find(({ nid }) => nid === platform) ?? {};
    return [...clients].sort((one, other) => one - other);
  }

  setClientPrefix(prefix: string): void {
    this.aegir.panel.setVariable("hosting_client_prefix", prefix);
  }

  holdLock(): void {
    this.aegir.faults.holdDatabaseLock();
  }

  releaseLock(): void {
    this.aegir.faults.releaseDatabaseLock();
  }

  async passSecond(): Promise<void> {
    const { clock } = this.aegir;
    const next = clock.now() + 1;
    if (clock instanceof ManualClock) clock.advance(1);
    await until(() => clock.now() >= next);
  }

  end(): void {}
}
