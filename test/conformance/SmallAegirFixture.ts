import { ManualClock } from "../aegir/Clock";
import type { Exception, SmallAegir } from "../aegir/SmallAegir";
import { until } from "../support/until";
import type { Grant, ServerFixture, State } from "./ServerFixture";

/** The fixture of the small Aegir: its tables. */
export function smallAegirFixture(aegir: SmallAegir, prefix: string): ServerFixture {
  const { frontEnd, clock, panel, faults } = aegir;
  /** The tables themselves, to be changed past all that the front end does when something is saved. */
  const tables = () => frontEnd.tables;
  const ours = (text: string) => text.startsWith(prefix);
  const site = (nid: number) => found(tables().sites.find((each) => each.nid === nid));
  const change = <Row extends object>(row: Row | undefined, values: Partial<Row>): void =>
    frontEnd.transaction(() => void Object.assign(found(row), values));
  const startTask = (nid: number) => frontEnd.updateTask(nid, { status: -1, executed: clock.now() });
  const deleteNode = (nid: number) => frontEnd.deleteNode(nid);

  return {
    state: () => stateOf(aegir, ours),
    digest: (of) => {
      if (of === "others") return aegir.digest(oursIn(aegir, ours));
      // The login of a client that has lost its last site goes in the second run from now, whatever happens meanwhile.
      if (frontEnd.flavour === "boa") for (let run = 0; run < 2; run++) aegir.runCron();
      return aegir.digest();
    },
    grants: (nid) => {
      const { clients, sites, tasks } = tables();
      const of = (type: string, update: number, nodes: { nid: number; gids: number[] }[]): Grant[] => {
        const gids = nodes.find((node) => node.nid === nid)?.gids ?? [];
        return gids.map((gid) => ({ realm: `hosting ${type}`, gid, view: 1, update }));
      };
      const grants = [of("client", 1, clients), of("site", 1, sites), of("task", 0, tasks)].flat();
      return grants.sort((one, other) => one.gid - other.gid);
    },
    startTask,
    finishTask: (nid, { status, executed, log }) =>
      frontEnd.updateTask(nid, { status, executed: executed ? clock.now() : null, log }),
    removeTask: deleteNode,
    addRunningTask: (nid) => {
      const task = frontEnd.addTask(nid, "login-reset");
      startTask(task);
      return task;
    },
    addClient: ({ uname, title }) => {
      const nid = frontEnd.saveClient({ title, uname });
      change(frontEnd.client(nid), { uname });
      return nid;
    },
    renameClient: (nid, title) => change(frontEnd.client(nid), { title }),
    removeClient: deleteNode,
    // They end with it.
    removeDirectories: () => undefined,
    addUser: ({ name, mail }) => panel.addUser({ name, mail }),
    setTimes: (name, times) => change(frontEnd.userByName(name), times),
    removeUser: (name) => panel.deleteUser(name),
    bind: (client, user) => void frontEnd.bind(user, client),
    unbind: (client, user) => void frontEnd.unbind(user, client),
    setOwner: (nid, client) => frontEnd.saveSite({ ...site(nid), client }),
    addDeletedSite: ({ title, client, like }) =>
      frontEnd.addSite({ title, client, platform: site(like).platform, status: -2 }),
    removeSite: deleteNode,
    addAlias: (nid, alias) => change(site(nid), { aliases: [...site(nid).aliases, alias] }),
    removeAlias: (nid, alias) => change(site(nid), { aliases: site(nid).aliases.filter((other) => other !== alias) }),
    addCertificate: (certificate) => frontEnd.addCertificate(certificate),
    removeCertificate: (cid) => frontEnd.removeCertificate(cid),
    platform: () => tables().platforms.find(({ title }) => ours(title))?.nid ?? null,
    restrict: (platform, clients) =>
      change(
        tables().platforms.find(({ nid }) => nid === platform),
        { clients },
      ),
    allowed: (platform) => {
      const { clients = [] } = tables().platforms.find(({ nid }) => nid === platform) ?? {};
      return [...clients].sort((one, other) => one - other);
    },
    setClientPrefix: (value) => panel.setVariable("hosting_client_prefix", value),
    holdLock: () => faults.holdDatabaseLock(),
    releaseLock: () => faults.releaseDatabaseLock(),
    passSecond: async () => {
      const next = clock.now() + 1;
      if (clock instanceof ManualClock) clock.advance(1);
      await until(() => clock.now() >= next);
    },
    end: () => undefined,
  };
}

function found<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error("there is no such row");
  return row;
}

function stateOf(aegir: SmallAegir, ours: (text: string) => boolean): State {
  const { frontEnd } = aegir;
  const { clients, bindings, users, sites, tasks, certificates } = frontEnd.tables;
  const stored = aegir.tables().sites;
  const ourSites = sites.filter(({ title }) => ours(title));
  const { defaultClient } = frontEnd;
  return {
    clients: clients
      .filter(({ uname }) => ours(uname))
      .map(({ nid, uname, title, author }) => {
        const bound = bindings.flatMap(({ user, client }) => (client === nid ? [user] : [])).sort((a, b) => a - b);
        const names = bound.flatMap((uid) => frontEnd.user(uid)?.name ?? []);
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
    certificates: certificates.filter(({ name }) => ours(name)),
    defaultClient: { nid: defaultClient, uname: frontEnd.client(defaultClient)?.uname ?? "" },
  };
}

/** What a digest of the others leaves out. */
function oursIn(aegir: SmallAegir, ours: (text: string) => boolean): Exception {
  const { clients, sites, users, accounts, links } = aegir.tables();
  const directories = [...Object.keys(links), ...accounts.map(({ name }) => name.slice(name.indexOf(".") + 1))];
  return {
    clients: [...clients.map(({ internalName }) => internalName), ...directories].filter(ours),
    sites: sites.map(({ site }) => site).filter(ours),
    users: users.map(({ name }) => name).filter(ours),
  };
}
