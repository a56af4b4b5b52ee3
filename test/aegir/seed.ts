/** What a small Aegir has when it starts: just an install, or a server with a past. */
import { ADMINISTRATOR_ROLES, CLIENT_ROLE, type Drupal } from "./drupal";
import type { Panel } from "./Panel";
import type { Provision } from "./provision";

/** What a seed may use. */
export interface Ground {
  drupal: Drupal;
  panel: Panel;
  provision: Provision;
}

export type Seed = (ground: Ground) => void;

export interface SeededSite {
  site: string;
  /** Internal name; the default owner if absent. */
  owner?: string;
  /** As in the table: 1 (enabled) if absent. */
  status?: -2 | -1 | 0 | 1;
  /** The title of its platform; the first open one if absent. */
  platform?: string;
  aliases?: string[];
}

export const OPEN_PLATFORM = "drupal-open";

/** The domain of the front end itself. */
export const HOSTMASTER_SITE = "o1.aegir.example.com";

/**
 * What an install has: the admin client (nid 1, uname `admin`), the first user, the roles, the front end's own site and
 * one platform that is open to all. On BOA also the default owner, a client of its own, and registration switched on.
 */
export const emptySeed: Seed = ({ drupal, panel, provision }) => {
  const { database } = drupal;
  const roles = [CLIENT_ROLE, "aegir account manager", "aegir platform manager", ...ADMINISTRATOR_ROLES];
  for (const name of roles) database.role.insert({ rid: database.next("rid") + 2, name });
  database.users.insert({ uid: 0, name: "", mail: "", status: 0 });
  drupal.saveUser({ name: "admin", mail: "admin@example.com" });

  const admin = addClient(drupal, "admin", "admin");
  database.hosting_client_user.insert({ user: 1, client: admin, contact_type: "" });
  drupal.setVariable("hosting_admin_client", admin);
  drupal.setVariable("hosting_default_client", admin);
  drupal.setVariable("hosting_dispatch_enabled", true);

  panel.addPlatform(OPEN_PLATFORM);
  const path = `${provision.layout.aegirRoot}/aegir/distro/001`;
  const platform = panel.addPlatform("hostmaster", [], path);
  addSites({ drupal, provision }, [{ site: HOSTMASTER_SITE, owner: "admin", platform: "hostmaster" }]);
  database.hosting_context.update(({ name }) => name === HOSTMASTER_SITE, { name: "hostmaster" });
  database.hosting_platform_client_access.insert({ pid: platform, cid: admin });

  if (drupal.flavour === "boa") {
    const octopus = addClient(drupal, "Octopus123456", "octopus123456");
    drupal.setVariable("hosting_default_client", octopus);
    drupal.setVariable("hosting_client_register_user", true);
    drupal.setVariable("hosting_client_send_welcome", true);
  }
};

/** Sites as they are long after their install: files, link and finished tasks are there, as far as their status goes. */
export function addSites({ drupal, provision }: Pick<Ground, "drupal" | "provision">, sites: SeededSite[]): void {
  const { database } = drupal;
  database.transaction(() => {
    for (const { site, owner, status = 1, platform = OPEN_PLATFORM, aliases = [] } of sites) {
      const client = owner === undefined ? drupal.loadClient(drupal.defaultClient) : drupal.clientByUname(owner);
      const home = database.node.all(({ type, title }) => type === "platform" && title === platform)[0];
      if (client?.nid === undefined) throw new Error(`There is no client ${owner}.`);
      if (home === undefined) throw new Error(`There is no platform ${platform}.`);
      const nid = drupal.saveSite({
        title: site,
        uid: 1,
        client: client.nid,
        platform: home.nid,
        site_status: status,
        verified: status === 0 ? 0 : (database.node.get(home.nid)?.created ?? 0),
        aliases,
      });
      // A queued site's install is queued by the save itself.
      if (status === 0) continue;
      for (const type of ["install", "verify"]) finishTask(drupal, drupal.addTask(nid, type), 1);
      if (status === -2) {
        database.hosting_context.delete((row) => row.nid === nid);
        continue;
      }
      const root = database.hosting_platform.get(home.vid)?.publish_path ?? "";
      provision.installSite(root, site);
      provision.createSymlink(root, site, client.uname);
    }
  });
}

/** A task of the past. */
function finishTask(drupal: Drupal, nid: number, status: 1 | 2): void {
  const task = drupal.loadTask(nid);
  const { created } = drupal.database.node.get(nid) ?? {};
  if (task) drupal.saveTask({ ...task, task_status: status, executed: created ?? 0 });
}

/** As a script makes them: a blank address registers nobody, whatever the server does to a form. */
function addClient(drupal: Drupal, title: string, uname: string): number {
  return drupal.saveClient({ title, uname, uid: 1, email: "" });
}

/** A server with a past: something of everything that a real one may hold. Quiet: nothing is queued or under way. */
export const fullSeed: Seed = (ground) => {
  emptySeed(ground);
  const { drupal, panel, provision } = ground;
  const { database } = drupal;

  addClient(drupal, "Acme Corp", "acme");
  addClient(drupal, "Beta GmbH", "beta");
  addClient(drupal, "Empty Ltd", "empty");
  // One title twice: only the form would mind.
  addClient(drupal, "Twin Ltd", "twin1");
  addClient(drupal, "Twin Ltd", "twin2");
  // One login for two clients (contract 5.1).
  addClient(drupal, "Foo Bar", "foo_bar");
  addClient(drupal, "Foobar", "foobar");
  // From the days of Aegir 2; the next save would alter it.
  const legacy = addClient(drupal, "Legacy Co", "legacyco");
  database.hosting_client.update(({ nid }) => nid === legacy, { uname: "Legacy-Co" });
  const gone = addClient(drupal, "Gone Inc", "gone");

  panel.addPlatform("restricted-shared", ["acme", "beta"]);
  panel.addPlatform("restricted-beta", ["beta"]);
  panel.addPlatform("restricted-empty", ["empty"]);

  addSites(ground, [
    { site: "acme.example.com", owner: "acme", aliases: ["www.acme.example.com"] },
    { site: "shop.acme.example.com", owner: "acme", platform: "restricted-shared" },
    { site: "beta.example.com", owner: "beta", platform: "restricted-beta" },
    { site: "disabled.example.com", owner: "beta", status: -1 },
    { site: "queued.example.com", status: 0 },
    { site: "reborn.example.com", owner: "beta", status: -2 },
    { site: "reborn.example.com", owner: "acme" },
    { site: "deleted.example.com", owner: "acme", status: -2 },
    { site: "moved.example.com", owner: "acme" },
    { site: "stale.example.com", owner: "acme" },
    { site: "legacy.example.com", owner: "Legacy-Co" },
    { site: "foo-bar.example.com", owner: "foo_bar" },
    { site: "foobar.example.com", owner: "foobar" },
    { site: "dangling.example.com", owner: "gone" },
    { site: "free1.example.com" },
    { site: "free2.example.com" },
    { site: "free3.example.com" },
  ]);
  // Its install failed, so it stays queued.
  for (const task of drupal.tasks(({ task_status }) => task_status === 0)) finishTask(drupal, task.nid, 2);
  // An old revision that names another owner: who joins on nid reads it (contract, trap 1).
  const [moved] = drupal.liveSites("moved.example.com");
  if (moved) drupal.saveSite({ ...moved, client: "Beta GmbH", revision: true, no_verify: true });
  provision.createSymlink(platformPath(drupal, moved?.platform), "moved.example.com", "beta");
  // A link that an earlier verify left behind: beta still reaches acme's files (contract 3.7).
  const [stale] = drupal.liveSites("stale.example.com");
  provision.link("beta", platformPath(drupal, stale?.platform), "stale.example.com");
  drupal.deleteNode(gone);

  panel.addUser({ name: "alice" });
  panel.addUser({ name: "bob" });
  panel.addUser({ name: "carol" });
  panel.addUser({ name: "blocked", active: false });
  panel.addUser({ name: "operator", roles: ["aegir administrator"] });
  panel.addUser({ name: "norole", roles: [] });
  panel.addUser({ name: "left", mail: "team@example.com" });
  panel.addUser({ name: "right", mail: "team@example.com" });
  panel.addUser({ name: "orphan" });
  for (const [client, user] of [
    ["acme", "alice"],
    ["beta", "alice"],
    ["beta", "bob"],
    ["beta", "orphan"],
    ["foobar", "blocked"],
  ] as const) {
    panel.bind(client, user);
  }
  panel.deleteUser("orphan");
};

function platformPath(drupal: Drupal, platform: number | undefined): string {
  return drupal.database.hosting_platform.all(({ nid }) => nid === platform)[0]?.publish_path ?? "";
}
