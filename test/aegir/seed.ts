/** What a small Aegir has when it starts: just an install, or a server with a past. */
import { ADMINISTRATOR_ROLES, CLIENT_ROLE, type FrontEnd, type Site } from "./FrontEnd";
import type { Panel } from "./Panel";
import type { Provision } from "./Provision";

/** What a seed may use. */
export interface Ground {
  frontEnd: FrontEnd;
  panel: Panel;
  provision: Provision;
}

export type Seed = (ground: Ground) => void;

export interface SeededSite {
  site: string;
  /** Internal name; the default owner if absent. */
  owner?: string;
  /** As in the table: 1 (enabled) if absent. */
  status?: Site["status"];
  /** The title of its platform; one that is open to all if absent. */
  platform?: string;
  aliases?: string[];
}

const OPEN_PLATFORM = "drupal-open";

/** The domain of the front end itself. */
export const HOSTMASTER_SITE = "o1.aegir.example.com";

/**
 * What an install has: the admin client (nid 1, uname `admin`), the first user, the roles, the front end's own site and
 * one platform that is open to all. On BOA also the default owner, a client of its own, and registration switched on.
 */
export const emptySeed: Seed = (ground) => {
  const { frontEnd, panel, provision } = ground;
  frontEnd.tables.roles = [CLIENT_ROLE, "aegir account manager", "aegir platform manager", ...ADMINISTRATOR_ROLES];
  panel.addUser({ name: "admin", roles: [] });
  const admin = panel.addClient({ name: "admin" });
  frontEnd.setVariable("hosting_admin_client", admin);
  frontEnd.setVariable("hosting_default_client", admin);
  frontEnd.setVariable("hosting_dispatch_enabled", true);

  panel.addPlatform(OPEN_PLATFORM);
  panel.addPlatform("hostmaster", ["admin"], `${provision.layout.aegirRoot}/aegir/distro/001`);
  addSites(ground, [{ site: HOSTMASTER_SITE, owner: "admin", platform: "hostmaster" }]);
  for (const site of frontEnd.tables.sites) site.hostmaster = true;

  if (frontEnd.flavour === "boa") {
    frontEnd.setVariable("hosting_default_client", addClient(frontEnd, "Octopus123456"));
    frontEnd.setVariable("hosting_client_register_user", true);
    frontEnd.setVariable("hosting_client_send_welcome", true);
  }
};

/** Sites as they are long after their install: files, link and finished tasks are there, as far as their status goes. */
export function addSites({ frontEnd, provision }: Ground, sites: SeededSite[]): void {
  frontEnd.transaction(() => {
    for (const { site, owner, status = 1, platform = OPEN_PLATFORM, aliases = [] } of sites) {
      const client = owner === undefined ? frontEnd.client(frontEnd.defaultClient) : frontEnd.clientByUname(owner);
      const home = frontEnd.tables.platforms.find(({ title }) => title === platform);
      if (client === undefined) throw new Error(`There is no client ${owner}.`);
      if (home === undefined) throw new Error(`There is no platform ${platform}.`);
      const nid = frontEnd.addSite({ title: site, client: client.nid, platform: home.nid, status, aliases });
      // A queued site's install is queued by the save itself.
      if (status === 0) continue;
      const [stored] = frontEnd.tables.sites.slice(-1);
      if (stored) stored.verified = stored.changed;
      for (const type of ["install", "verify"]) finishTask(frontEnd, frontEnd.addTask(nid, type), 1);
      if (status === -2) continue;
      provision.installSite(home.path, site);
      provision.createSymlink(home.path, site, client.uname);
    }
  });
}

/** Links a site's files in the directory of one more client, as a verify of the past may have left it. */
export function leaveLink({ frontEnd, provision }: Ground, client: string, site: string) {
  const platform = frontEnd.liveSites(site)[0]?.platform;
  const home = frontEnd.tables.platforms.find(({ nid }) => nid === platform);
  if (home === undefined) throw new Error(`There is no live site ${site}.`);
  provision.link(client, home.path, site);
}

/** A task of the past. */
function finishTask(frontEnd: FrontEnd, nid: number, status: 1 | 2): void {
  frontEnd.updateTask(nid, { status, executed: frontEnd.task(nid)?.changed ?? null });
}

/** As a script makes them: nobody is bound, and a blank address registers no user. */
function addClient(frontEnd: FrontEnd, title: string, uname = ""): number {
  return frontEnd.saveClient({ title, uname });
}

/** A server with a past: something of everything that a real one may hold. Quiet: nothing is queued or under way. */
export const fullSeed: Seed = (ground) => {
  emptySeed(ground);
  const { frontEnd, panel } = ground;

  addClient(frontEnd, "Acme Corp", "acme");
  addClient(frontEnd, "Beta GmbH", "beta");
  addClient(frontEnd, "Empty Ltd", "empty");
  // One title twice: only the form would mind.
  addClient(frontEnd, "Twin Ltd", "twin1");
  addClient(frontEnd, "Twin Ltd", "twin2");
  // One login for two clients (docs/aegir.md#shell-account-names).
  addClient(frontEnd, "Foo Bar", "foo_bar");
  addClient(frontEnd, "Foobar", "foobar");
  // From the days of Aegir 2; the next save would alter it.
  const legacy = frontEnd.client(addClient(frontEnd, "Legacy Co", "legacyco"));
  if (legacy) legacy.uname = "Legacy-Co";
  const gone = addClient(frontEnd, "Gone Inc", "gone");

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
    { site: "moved.example.com", owner: "beta" },
    { site: "stale.example.com", owner: "acme" },
    { site: "legacy.example.com", owner: "Legacy-Co" },
    { site: "foo-bar.example.com", owner: "foo_bar" },
    { site: "foobar.example.com", owner: "foobar" },
    { site: "dangling.example.com", owner: "gone" },
    { site: "free1.example.com" },
    { site: "free2.example.com" },
    { site: "free3.example.com" },
  ]);
  panel.addCertificate("acme.example.com");
  // Its install failed, so it stays queued.
  for (const { nid } of frontEnd.tables.tasks.filter(({ status }) => status === 0)) finishTask(frontEnd, nid, 2);
  // A link that an earlier verify left behind: beta still reaches acme's files (docs/aegir.md#site-links).
  leaveLink(ground, "beta", "stale.example.com");
  frontEnd.deleteNode(gone);

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
