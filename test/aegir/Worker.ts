/**
 * The worker's side of the protocol: every verb of provider/worker/protocol.ts on the small Aegir's tables. A write is one
 * transaction that re-reads what it decides on; a refusal undoes it whole.
 */
import type { z } from "zod";
import type { WorkerErrorCode } from "../../provider/worker/errorCodes";
import type { CertificateLeft } from "../../provider/worker/facts";
import { type EnsuredUser, type Verb, type VerbResult, type verbs } from "../../provider/worker/protocol";
import { Facts } from "./Facts";
import { type Client, CLIENT_ROLE, collated, type FrontEnd, same, type Site, type User } from "./FrontEnd";
import type { Provision } from "./Provision";
import { reducedName } from "./ShellAccounts";
import type { TaskQueue } from "./TaskQueue";

/** An answer that nothing was written, and why. */
export class Refusal extends Error {
  constructor(
    readonly code: WorkerErrorCode,
    message: string,
    readonly detail: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

type Handlers = { [V in Verb]: (args: z.output<(typeof verbs)[V]["args"]>) => VerbResult<V> };

interface WantedUser {
  name: string;
  mail: string;
  welcomeMail: boolean;
}

export class Worker {
  constructor(
    private readonly frontEnd: FrontEnd,
    private readonly provision: Provision,
    private readonly queue: TaskQueue,
  ) {}

  /** The tables as they are now. */
  #facts(): Facts {
    return new Facts(this.frontEnd, this.provision, this.queue);
  }

  readonly handlers: Handlers = {
    hello: () => this.#facts().server(),

    inventory: () => this.#facts().inventory(),

    client: ({ internalName, name }) => {
      const client = this.#findClient(internalName);
      const facts = this.#facts();
      const login = reducedName(internalName);
      return {
        client: client ? facts.client(client.nid) : null,
        sameName: name === undefined ? [] : facts.otherClients(internalName, ({ title }) => same(title, name)),
        sameShellName: facts.otherClients(internalName, ({ uname }) => reducedName(uname) === login),
      };
    },

    clientReference: ({ internalName }) => {
      const client = this.#findClient(internalName);
      return { client: client ? this.#facts().reference(client.nid) : null };
    },

    site: ({ site }) => {
      const facts = this.#facts();
      const live = this.frontEnd.liveSites();
      const isAlias = ({ title, aliases }: Site) =>
        collated(title) !== collated(site) && aliases.some((alias) => collated(alias) === collated(site));
      const deleted = this.frontEnd.tables.sites.filter(({ title, status }) => status === -2 && same(title, site));
      return {
        sites: live.filter(({ title }) => same(title, site)).map((found) => facts.site(found)),
        deleted: deleted.length,
        aliasOf: live.find(isAlias)?.title ?? null,
      };
    },

    user: ({ uid, name = "", mail = "" }) => {
      const found =
        uid !== undefined
          ? this.#users((user) => user.uid === uid)
          : name !== ""
            ? this.#usersNamed(name)
            : this.#usersWithMail(mail);
      const facts = this.#facts();
      return { users: found.map((user) => facts.user(user)) };
    },

    tasks: ({ nids }) => {
      const facts = this.#facts();
      const found = nids.filter((nid) => this.frontEnd.task(nid));
      return {
        tasks: found.map((nid) => ({ ...facts.requireTask(nid), ahead: facts.ahead(nid) })),
        queue: facts.queue(),
      };
    },

    createClient: ({ internalName, name, user }) => {
      this.#requireStableInternalName(internalName);
      const taken = this.frontEnd.clientByUname(internalName);
      if (taken) {
        const client = this.#facts().reference(taken.nid);
        throw new Refusal("exists", `The internal name "${internalName}" is taken.`, { client });
      }
      // Without an address, which keeps the server's own registration away (docs/aegir.md#saving-a-client).
      const nid = this.frontEnd.saveClient({ title: name, uname: internalName });
      const ensured = user ? this.#ensureUser(nid, user) : null;
      const client = this.#facts().client(nid);
      if (client.internalName !== internalName) {
        const stored = { stored: client.internalName };
        throw new Refusal("refused", `Aegir stored the internal name "${internalName}" as another.`, stored);
      }
      return { client, user: ensured };
    },

    renameClient: ({ internalName, nid: expected, from, to }) => {
      const { nid, title, uname } = this.#requireClient(internalName, expected);
      if (title !== from) {
        throw new Refusal("changed", `Client ${internalName} is not named as expected.`, { found: title });
      }
      this.#requireStableInternalName(uname);
      this.frontEnd.saveClient({ nid, uname, title: to });
      return { client: this.#facts().client(nid) };
    },

    deleteClient: ({ internalName, nid: expected, dropBindings, dropPlatforms, replaceLast }) => {
      const { tables, defaultClient } = this.frontEnd;
      const { nid } = this.#requireClient(internalName, expected);
      const { sites, users, platforms, isDefault, isAdmin } = this.#facts().client(nid);
      const detail = {
        ...((isDefault || isAdmin) && { role: isDefault ? "default" : "admin" }),
        ...(sites.length > 0 && { sites }),
        ...(users.length > 0 && !dropBindings && { users: users.map(({ name }) => name) }),
      };
      const last = platforms.filter(({ clients }) => clients === 1).map(({ nid }) => nid);
      const kept = dropPlatforms ? platforms.filter(({ nid }) => last.includes(nid) && !replaceLast) : platforms;
      const obstacles = { ...detail, ...(kept.length > 0 && { platforms: kept }) };
      if (Object.keys(obstacles).length > 0) {
        throw new Refusal("refused", `Client ${internalName} is still needed.`, obstacles);
      }
      // A save of a deleted site must not meet the nid of a client that is gone.
      for (const site of tables.sites) if (site.client === nid) site.client = defaultClient;
      for (const platform of tables.platforms) {
        if (last.includes(platform.nid)) platform.clients.push(defaultClient);
        platform.clients = platform.clients.filter((client) => client !== nid);
      }
      this.frontEnd.deleteNode(nid);
      return { deleted: true };
    },

    ensureUser: ({ client, user }) => ({ user: this.#ensureUser(this.#requireClient(client).nid, user) }),

    setOwner: ({ nid, from, to, toNid }) => {
      const { frontEnd } = this;
      const site = this.#requireSite(nid);
      if (site.hostmaster) {
        throw new Refusal("refused", "The front end's own site is not given to anybody.");
      }
      const owner = to === null ? frontEnd.defaultClient : this.#requireClient(to, toNid).nid;
      if (!frontEnd.client(owner)) throw new Refusal("missing", "There is no default client.", { what: "client" });
      const facts = this.#facts();
      if (site.client !== from) {
        const detail = { found: site.client, owner: facts.reference(site.client) };
        throw new Refusal("changed", `Site ${site.title} is owned by another client than expected.`, detail);
      }
      const running = facts.site(site).tasks.find(({ status }) => status === -1);
      if (running) throw new Refusal("busy", `A task of ${site.title} is running.`, { task: running });
      site.client = owner;
      const certificateLeft = this.#moveCertificate(site, from);
      const task = this.#queueVerify(nid);
      for (const node of [site, ...frontEnd.tasksOf(nid)]) frontEnd.acquireGrants(node.nid);
      const after = this.#facts();
      return { site: after.site(site), task: after.requireTask(task), certificateLeft };
    },

    queueVerify: ({ nid }) => {
      this.#requireSite(nid);
      const task = this.#queueVerify(nid);
      return { task: this.#facts().requireTask(task) };
    },

    bind: ({ client, clientNid, user, uid, createUser }) => {
      const { nid } = this.#requireClient(client, clientNid);
      const [known] = this.#usersNamed(user);
      if (uid !== undefined && known?.uid !== uid) {
        const detail = { uid: known?.uid ?? null, name: this.frontEnd.user(uid)?.name ?? null };
        throw new Refusal("changed", `The user "${user}" is not the one with uid ${uid}.`, detail);
      }
      if (!known && !createUser) throw new Refusal("missing", `There is no user named "${user}".`, { what: "user" });
      const unbound = known && !this.frontEnd.isBound(known.uid, nid);
      if (unbound && createUser && !same(known.mail, createUser.mail)) {
        const what = `The user "${known.name}" has the mail "${known.mail}", not "${createUser.mail}".`;
        throw new Refusal("refused", what, { mail: known.mail });
      }
      const bearer = known ?? this.#makeUser({ name: user, welcomeMail: false, mail: "", ...createUser });
      const bound = this.frontEnd.bind(bearer.uid, nid);
      const created = known === undefined;
      const made = mailed(created && createUser?.welcomeMail);
      return { clientNid: nid, user: this.#facts().user(bearer), created, bound, ...made };
    },

    unbind: ({ client, clientNid, user, uid: given }) => {
      const uid = given ?? (user === undefined ? undefined : this.#usersNamed(user)[0]?.uid);
      const nid = clientNid ?? this.#findClient(client)?.nid;
      if (uid === 1 && nid === this.frontEnd.adminClient) {
        throw new Refusal("refused", "The first user stays with the admin client.");
      }
      return { unbound: uid !== undefined && nid !== undefined && this.frontEnd.unbind(uid, nid) };
    },
  };

  /** By its internal name, letter for letter. */
  #findClient(internalName: string): Client | undefined {
    const client = this.frontEnd.clientByUname(internalName);
    return client?.uname === internalName ? client : undefined;
  }

  #requireClient(internalName: string, expected?: number): Client {
    const client = this.#findClient(internalName);
    if (client && (expected === undefined || client.nid === expected)) return client;
    const known = expected === undefined ? undefined : this.frontEnd.client(expected);
    if (client || known) {
      const detail = { nid: client?.nid ?? null, internalName: known?.uname ?? null };
      throw new Refusal("changed", `Client ${internalName} is not node ${expected}.`, detail);
    }
    const message = `There is no client with the internal name "${internalName}".`;
    throw new Refusal("missing", message, { what: "client" });
  }

  /** Aegir sanitises it on every save. */
  #requireStableInternalName(internalName: string): void {
    const stored = this.frontEnd.sanitizeUname(internalName);
    if (stored === internalName) return;
    const message = `Aegir would store the internal name "${internalName}" as "${stored}".`;
    throw new Refusal("refused", message, { internalName: stored });
  }

  /** A live site. */
  #requireSite(nid: number): Site {
    const site = this.frontEnd.tables.sites.find((each) => each.nid === nid && each.status !== -2);
    if (site === undefined) throw new Refusal("missing", `There is no site ${nid}.`, { what: "site" });
    return site;
  }

  /** Moves the record of the site's certificate, unless another client's live site uses it. */
  #moveCertificate({ certificate: cid, client }: Site, from: number): CertificateLeft | null {
    const certificate = this.frontEnd.tables.certificates.find((each) => each.cid === cid);
    if (certificate === undefined || certificate.client === client) return null;
    const others = this.frontEnd.liveSites().filter((site) => site.certificate === cid && site.client !== client);
    const owner = this.#facts().reference(certificate.client);
    if (others.length > 0 || (owner !== null && owner.nid !== from)) {
      return { name: certificate.name, owner, otherSites: others.length };
    }
    certificate.client = client;
    return null;
  }

  #users(where: (user: User) => boolean): User[] {
    return this.frontEnd.tables.users.filter(where);
  }

  #usersNamed(name: string): User[] {
    return this.#users((user) => same(user.name, name));
  }

  #usersWithMail(mail: string): User[] {
    return this.#users((user) => mail !== "" && same(user.mail, mail));
  }

  /** An active user with the role of clients. */
  #makeUser({ name, mail }: WantedUser): User {
    if (!this.frontEnd.tables.roles.includes(CLIENT_ROLE)) {
      throw new Refusal("refused", `The role "${CLIENT_ROLE}" does not exist here.`, { role: CLIENT_ROLE });
    }
    if (!isUserName(name)) throw new Refusal("refused", `"${name}" is not a user name.`);
    if (!/^[^\s@]+@[^\s@]+$/.test(mail)) throw new Refusal("refused", `"${mail}" is not a mail address.`);
    const named = this.frontEnd.userByName(name);
    if (named) throw new Refusal("nameTaken", `Another user has the name "${named.name}".`, { user: named.name });
    const [owner] = this.#users((user) => collated(user.mail) === collated(mail));
    if (owner) throw new Refusal("mailTaken", `The user "${owner.name}" has the mail "${mail}".`, { user: owner.name });
    this.frontEnd.addUser({ name, mail });
    return this.#usersNamed(name)[0] as User;
  }

  /** The nid of the queued verify of a site, which is made if there is none. */
  #queueVerify(nid: number): number {
    const queued = this.frontEnd.tasksOf(nid).find(({ type, status }) => type === "verify" && status === 0);
    return queued?.nid ?? this.frontEnd.addTask(nid, "verify");
  }

  /** A bound user with this mail, else any user with it, else a new one. */
  #ensureUser(client: number, wanted: WantedUser): EnsuredUser {
    const known = this.#usersWithMail(wanted.mail);
    const isBound = known.find(({ uid }) => this.frontEnd.isBound(uid, client));
    if (known.length > 1 && !isBound) {
      const users = known.map(({ name }) => name);
      throw new Refusal("refused", `Several users have the mail "${wanted.mail}".`, { users });
    }
    const created = known.length === 0;
    const { uid, name } = isBound ?? known[0] ?? this.#makeUser(wanted);
    const bound = this.frontEnd.bind(uid, client);
    return { uid, name, created, bound, ...mailed(created && wanted.welcomeMail) };
  }
}

/** Reported only of a user that was made and was to be mailed; the small Aegir has no mailer that could fail. */
function mailed(wanted: boolean | undefined): { mailed?: true } {
  return wanted ? { mailed: true } : {};
}

/** Drupal's user_validate_name(). */
function isUserName(name: string): boolean {
  return (
    name !== "" && name === name.trim() && !name.includes("  ") && /^[\x80-\uffff a-z0-9@+_.'-]{1,60}$/i.test(name)
  );
}
