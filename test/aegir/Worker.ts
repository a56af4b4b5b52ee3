/**
 * The worker's side of the protocol: every verb of provider/worker/protocol.ts on the small Aegir's tables. A write is one
 * transaction that re-reads what it decides on; a refusal undoes it whole.
 */
import type { z } from "zod";
import {
  verbs,
  type EnsuredUser,
  type Verb,
  type VerbResult,
  type WorkerErrorCode,
} from "../../provider/worker/protocol";
import type { Clock } from "./Clock";
import { collated, same } from "./Database";
import { CLIENT_ROLE, type ClientNode, type Drupal, type SiteNode } from "./drupal";
import { Facts } from "./Facts";
import type { Provision } from "./provision";
import type { TaskQueue } from "./TaskQueue";

/** An answer that nothing was written, and why. */
export class Refusal extends Error {
  constructor(
    readonly code: WorkerErrorCode,
    message: string,
    readonly detail: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = "Refusal";
  }
}

type Handlers = { [V in Verb]: (args: z.output<(typeof verbs)[V]["args"]>) => VerbResult<V> };

type StoredClient = ClientNode & { nid: number };

interface WantedUser {
  name: string;
  mail: string;
  welcomeMail: boolean;
}

export class Worker {
  constructor(
    private readonly drupal: Drupal,
    private readonly provision: Provision,
    private readonly queue: TaskQueue,
    private readonly clock: Clock,
  ) {}

  /** The tables as they are now. */
  private facts(): Facts {
    return new Facts(this.drupal, this.provision, this.queue, this.clock.now());
  }

  readonly handlers: Handlers = {
    hello: () => this.facts().server(),

    inventory: () => this.facts().inventory(),

    client: ({ internalName, name }) => {
      const client = this.findClient(internalName);
      const facts = this.facts();
      return {
        client: client ? facts.client(client.nid) : null,
        sameName: name === undefined ? [] : facts.sameName(internalName, name),
        sameShellName: facts.sameShellName(internalName),
      };
    },

    site: ({ site }) => {
      const facts = this.facts();
      const all = this.drupal.sites(site).filter(({ title }) => same(title, site));
      const alias = this.drupal
        .liveSites()
        .find(
          ({ title, aliases }) =>
            collated(title) !== collated(site) && aliases.some((name) => collated(name) === collated(site)),
        );
      return {
        sites: all.filter(({ site_status }) => site_status !== -2).map((found) => facts.site(found)),
        deleted: all.filter(({ site_status }) => site_status === -2).length,
        aliasOf: alias?.title ?? null,
      };
    },

    user: ({ uid, name, mail }) => {
      const facts = this.facts();
      const byUid = uid !== undefined && this.drupal.database.users.get(uid);
      if (byUid) return { users: [facts.user(byUid)] };
      const found =
        uid !== undefined
          ? []
          : name !== undefined
            ? this.usersNamed(name)
            : mail !== undefined
              ? this.usersWithMail(mail)
              : [];
      return { users: found.map((user) => facts.user(user)) };
    },

    tasks: ({ nids }) => {
      const facts = this.facts();
      return {
        tasks: nids.map((nid) => facts.taskByNid(nid)).filter((task) => task !== undefined),
        queue: facts.queue(),
      };
    },

    createClient: ({ internalName, name, user }) => {
      const { drupal } = this;
      this.requireStableInternalName(internalName);
      const taken = drupal.clientByUname(internalName);
      if (taken?.nid !== undefined) {
        const client = this.facts().reference(taken.nid);
        throw new Refusal("exists", `The internal name "${internalName}" is taken.`, { client });
      }
      // A blank address keeps the server's own registration away (contract 2.1).
      const nid = drupal.saveClient({ title: name, uname: internalName, uid: 1, email: "", revision: false });
      const ensured = user ? this.ensureUser(nid, user) : null;
      const client = this.facts().client(nid);
      if (client.internalName !== internalName) {
        const stored = { stored: client.internalName };
        throw new Refusal("refused", `Aegir stored the internal name "${internalName}" as another.`, stored);
      }
      return { client, user: ensured };
    },

    renameClient: ({ internalName, from, to }) => {
      const client = this.requireClient(internalName);
      if (client.title !== from) {
        throw new Refusal("changed", `Client ${internalName} is not named as expected.`, { found: client.title });
      }
      this.requireStableInternalName(client.uname);
      this.drupal.saveClient({ ...client, title: to, users: [], new_user: "", revision: false });
      return { client: this.facts().client(client.nid) };
    },

    deleteClient: ({ internalName, dropBindings, dropPlatforms }) => {
      const { drupal } = this;
      const { database } = drupal;
      const client = this.requireClient(internalName);
      const { sites, users, platforms, isDefault, isAdmin } = this.facts().client(client.nid);
      const last = platforms.filter((platform) => platform.clients < 2);
      const obstacles = {
        role: isDefault ? "default" : isAdmin ? "admin" : undefined,
        sites: sites.length > 0 ? sites : undefined,
        users: users.length > 0 && !dropBindings ? users.map(({ name }) => name) : undefined,
        platforms: dropPlatforms ? last : platforms,
      };
      const detail = Object.fromEntries(
        Object.entries(obstacles).filter(([, value]) => value !== undefined && value.length > 0),
      );
      if (Object.keys(detail).length > 0) {
        throw new Refusal("refused", `Client ${internalName} is still needed.`, detail);
      }
      // A save of a deleted site must not meet the nid of a client that is gone.
      database.hosting_site.update(({ client: owner, status }) => owner === client.nid && status === -2, {
        client: drupal.defaultClient,
      });
      if (dropPlatforms) database.hosting_platform_client_access.delete((row) => row.cid === client.nid);
      drupal.deleteNode(client.nid);
      return { deleted: true };
    },

    ensureUser: ({ client, user }) => ({ user: this.ensureUser(this.requireClient(client).nid, user) }),

    setOwner: ({ nid, from, to }) => {
      const { drupal } = this;
      const site = this.requireSite(nid);
      if (drupal.database.hosting_context.get(nid)?.name === "hostmaster") {
        throw new Refusal("refused", "The front end's own site is not given to anybody.");
      }
      const owner = to === null ? drupal.defaultClient : this.requireClient(to).nid;
      if (!drupal.loadClient(owner)) throw new Refusal("missing", "There is no default client.", { what: "client" });
      const facts = this.facts();
      if (site.client !== from) {
        throw new Refusal("changed", `Site ${site.title} is owned by another client than expected.`, {
          found: site.client,
          owner: facts.reference(site.client),
        });
      }
      const running = facts.site(site).tasks.find(({ status }) => status === -1);
      if (running) throw new Refusal("busy", `A task of ${site.title} is running.`, { task: running });
      drupal.database.hosting_site.update((row) => row.vid === site.vid, { client: owner });
      drupal.acquireGrants(nid);
      const task = this.queueVerify(nid);
      for (const { nid: other } of drupal.tasksOf(nid)) drupal.acquireGrants(other);
      const after = this.facts();
      return { site: after.site(this.requireSite(nid)), task: after.requireTask(task) };
    },

    queueVerify: ({ nid }) => {
      this.requireSite(nid);
      const task = this.queueVerify(nid);
      return { task: this.facts().requireTask(task) };
    },

    bind: ({ client, user, createUser }) => {
      const { nid } = this.requireClient(client);
      const [found] = this.usersNamed(user);
      if (found === undefined && createUser === null) {
        throw new Refusal("missing", `There is no user named "${user}".`, { what: "user" });
      }
      const created =
        found === undefined && createUser !== null ? this.makeUser({ name: user, ...createUser }) : undefined;
      const bound = this.bind(created?.uid ?? found?.uid ?? 0, nid);
      const [bearer] = this.usersNamed(user);
      if (bearer === undefined) throw new Error("The user was not saved.");
      const facts = this.facts().user(bearer);
      return { user: facts, created: created !== undefined, bound, ...mailed(created) };
    },

    unbind: ({ client, user, uid: given }) => {
      const { drupal } = this;
      const uid = given ?? (user === undefined ? undefined : this.usersNamed(user)[0]?.uid);
      const nid = this.findClient(client)?.nid;
      if (uid === 1 && nid === drupal.adminClient) {
        throw new Refusal("refused", "The first user stays with the admin client.");
      }
      const removed = drupal.database.hosting_client_user.delete((row) => row.user === uid && row.client === nid);
      return { unbound: removed > 0 };
    },
  };

  /** By its internal name, letter for letter. */
  private findClient(internalName: string): StoredClient | undefined {
    const client = this.drupal.clientByUname(internalName);
    return client?.uname === internalName ? (client as StoredClient) : undefined;
  }

  private requireClient(internalName: string): StoredClient {
    const client = this.findClient(internalName);
    if (client === undefined) {
      throw new Refusal("missing", `There is no client with the internal name "${internalName}".`, { what: "client" });
    }
    return client;
  }

  /** Aegir sanitises it on every save. */
  private requireStableInternalName(internalName: string): void {
    const stored = this.drupal.sanitizeUname(internalName);
    if (stored === internalName) return;
    throw new Refusal("refused", `Aegir would store the internal name "${internalName}" as "${stored}".`, {
      internalName: stored,
    });
  }

  /** A live site. */
  private requireSite(nid: number): SiteNode & { nid: number; client: number } {
    const site = this.drupal.loadSite(nid);
    if (site === undefined || site.site_status === -2) {
      throw new Refusal("missing", `There is no site ${nid}.`, { what: "site" });
    }
    return site as SiteNode & { nid: number; client: number };
  }

  private usersNamed(name: string) {
    return this.drupal.database.users.all((user) => user.uid > 0 && same(user.name, name));
  }

  private usersWithMail(mail: string) {
    return this.drupal.database.users.all((user) => user.uid > 0 && mail !== "" && same(user.mail, mail));
  }

  /** An active user with the role of clients, who is mailed if that is wanted. */
  private makeUser({ name, mail, welcomeMail }: WantedUser): { uid: number; welcomeMail: boolean } {
    const { users, role } = this.drupal.database;
    if (role.all((row) => row.name === CLIENT_ROLE).length === 0) {
      throw new Refusal("refused", `The role "${CLIENT_ROLE}" does not exist here.`, { role: CLIENT_ROLE });
    }
    if (!isUserName(name)) throw new Refusal("refused", `"${name}" is not a user name.`);
    if (!/^[^\s@]+@[^\s@]+$/.test(mail)) throw new Refusal("refused", `"${mail}" is not a mail address.`);
    const [named] = users.all((user) => collated(user.name) === collated(name));
    if (named) throw new Refusal("nameTaken", `Another user has the name "${named.name}".`, { user: named.name });
    const [owner] = users.all((user) => collated(user.mail) === collated(mail));
    if (owner) throw new Refusal("mailTaken", `The user "${owner.name}" has the mail "${mail}".`, { user: owner.name });
    return { uid: this.drupal.saveUser({ name, mail, roles: [CLIENT_ROLE], welcome: welcomeMail }), welcomeMail };
  }

  /** The nid of the queued verify of a site, which is made if there is none. */
  private queueVerify(nid: number): number {
    const queued = this.drupal
      .tasksOf(nid)
      .find(({ task_type, task_status }) => task_type === "verify" && task_status === 0);
    return queued?.nid ?? this.drupal.addTask(nid, "verify");
  }

  /** False if the pair was there. */
  private bind(user: number, client: number): boolean {
    const { hosting_client_user } = this.drupal.database;
    if (hosting_client_user.get(`${user}-${client}`)) return false;
    hosting_client_user.insert({ user, client, contact_type: "" });
    return true;
  }

  /** A bound user with this mail, else any user with it, else a new one. */
  private ensureUser(client: number, wanted: WantedUser): EnsuredUser {
    const known = this.usersWithMail(wanted.mail);
    const bound = known.find(({ uid }) => this.drupal.database.hosting_client_user.get(`${uid}-${client}`));
    if (bound) return { uid: bound.uid, name: bound.name, created: false, bound: false };
    if (known.length > 1) {
      const users = known.map(({ name }) => name);
      throw new Refusal("refused", `Several users have the mail "${wanted.mail}".`, { users });
    }
    const [user] = known;
    if (user) return { uid: user.uid, name: user.name, created: false, bound: this.bind(user.uid, client) };
    const made = this.makeUser(wanted);
    return { uid: made.uid, name: wanted.name, created: true, bound: this.bind(made.uid, client), ...mailed(made) };
  }
}

/** Told only of a user that was made and was to be mailed. */
function mailed(made: { welcomeMail: boolean } | undefined): { mailed?: true } {
  return made?.welcomeMail ? { mailed: true } : {};
}

/** Drupal's user_validate_name(). */
function isUserName(name: string): boolean {
  return (
    name !== "" && name === name.trim() && !name.includes("  ") && /^[\x80-\uffff a-z0-9@+_.'-]{1,60}$/i.test(name)
  );
}
