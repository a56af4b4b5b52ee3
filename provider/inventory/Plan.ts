/**
 * A manifest beside the live server that it is about, without any state: what deploying it would do, resource by resource,
 * and who reaches what afterwards. What an earlier deployment declared and the manifest no longer does is known to the
 * stack's state alone.
 */
import { decideBinding, decideMail, type LiveUser } from "../decisions/binding";
import { decideClient } from "../decisions/client";
import { decideOwner } from "../decisions/siteOwner";
import type { Located, Manifest, ManifestClient, ManifestSite, ManifestUser } from "../manifest/Manifest";
import { keysOf } from "../naming/AuthorizedKey";
import { mailKey, userNameKey } from "../naming/PanelUser";
import { reducedName, shellAccountName } from "../naming/ShellAccountName";
import { normalizeDomain } from "../naming/SiteDomain";
import {
  type AccessClient,
  accessClient,
  type AccessSite,
  EffectiveAccess,
  lastingBinding,
  personByName,
} from "../review/EffectiveAccess";
import { accessOfInventory } from "../review/fromInventory";
import { enumerated, name, type Phrase, phrase, plural } from "../text/Phrase";
import { type ClientFacts, type Inventory, type SiteFacts, SiteStatus } from "../worker/facts";
import { grouped } from "./declarable";
import { declaredLines, keyDifference, liveKeys } from "./loginKeys";
import { agedPasswords, type LiveLogins, passwordEnds, type PasswordRemark } from "./passwords";
import { type Undeclared, undeclaredIds, undeclaredOf } from "./undeclared";

/** Where the manifest declares it; the line from 1. */
type Place = Pick<Located, "file" | "line">;

/** What a deployment does with one declared resource; `refuse`: it fails there, and says so. */
export interface Step extends Place {
  /** `adopt`: it is so already, and nothing is written. */
  action: "adopt" | "create" | "update" | "refuse";
  /** Its id, for example `site:www.acme.example`. */
  resource: string;
  says: Phrase;
  /** It is so if the stack has deployed what the server has now, which its state alone knows; else it is refused. */
  isFromState?: true;
  /** Of a login: the keys that a deployment adds and removes, each described, safe to show. */
  keys?: { added: string[]; removed: string[] };
}

export interface Plan {
  /** In the order of the manifest's normal form. */
  steps: Step[];
  before: EffectiveAccess;
  after: EffectiveAccess;
  undeclared: Undeclared;
}

/** @param logins where they are known, the pictures of the access say when passwords end and which keys people have */
export function planOf(
  manifest: Manifest,
  inventory: Inventory,
  instance?: string | null,
  logins: LiveLogins = { instance: null, ages: new Map(), problem: null },
): Plan {
  return new Planning(manifest, inventory, instance, logins).plan();
}

const welcome = (welcomeMail: boolean) => (welcomeMail ? ", which gets a welcome mail" : "");

const ADOPTED: Phrase = ["is so already"];

class Planning {
  readonly #before: EffectiveAccess;
  readonly #clients: Map<string, AccessClient>;
  readonly #sites: Map<string, AccessSite>;
  readonly #liveClients: Map<string, ClientFacts>;
  readonly #liveSites: Map<string, SiteFacts[]>;
  // Those that earlier steps create are among them.
  readonly #users: Map<string, LiveUser>;
  readonly #mails: Map<string, LiveUser[]>;
  /** Passwords that are rotated for their age, by id of the login. */
  readonly #aged: Map<string, PasswordRemark>;
  readonly #steps: Step[] = [];
  /** Internal names. */
  readonly #refusedClients = new Set<string>();

  constructor(
    private readonly manifest: Manifest,
    private readonly inventory: Inventory,
    private readonly instance: string | null | undefined,
    private readonly logins: LiveLogins,
  ) {
    this.#before = accessOfInventory(
      inventory,
      manifest.asOf,
      instance,
      passwordEnds(manifest, logins),
      liveKeys(manifest, logins.keys, logins.stack),
    );
    this.#clients = new Map(
      [...this.#before.clients].map(([key, client]) => [key, { ...client, bindings: new Map(client.bindings) }]),
    );
    this.#sites = new Map([...this.#before.sites].map(([key, site]) => [key, { ...site }]));
    this.#liveClients = new Map(inventory.clients.map((client) => [client.internalName, client]));
    this.#liveSites = grouped(inventory.sites, ({ site }) => normalizeDomain(site));
    this.#users = new Map(inventory.users.map((user) => [userNameKey(user.name), user]));
    this.#aged = new Map(agedPasswords(manifest, logins).map((aged) => [aged.resource, aged]));
    this.#mails = grouped(inventory.users as LiveUser[], ({ mail }) => mailKey(mail));
  }

  plan(): Plan {
    for (const client of this.manifest.clients) {
      this.#client(client);
      const isRefused = this.#refusedClients.has(client.internalName);
      for (const user of client.users) {
        if (isRefused) this.#dependent(`binding:${client.internalName}:${user.name}`, user, client);
        else this.#binding(client, user);
      }
      for (const site of client.sites) {
        if (isRefused) this.#dependent(`site:${site.site}`, site, client);
        else this.#site(client, site);
      }
      this.#login(client, isRefused);
    }
    const undeclared = undeclaredOf(this.manifest, this.inventory, this.instance ?? undefined);
    const undecided = this.#steps.some(({ action, isFromState }) => action === "refuse" || isFromState);
    const after = new EffectiveAccess({
      asOf: this.manifest.asOf,
      instance: this.instance,
      people: this.#before.people.values(),
      clients: this.#clients.values(),
      sites: this.#sites.values(),
      removalLimit: this.manifest.removalLimit,
      allowRemovals: this.manifest.allowRemovals,
      // The stack's state decides about these, and is not known here.
      undecided: undecided || undeclaredIds(undeclared).length > 0,
    });
    return { steps: this.#steps, before: this.#before, after, undeclared };
  }

  #step(action: Step["action"], resource: string, { file, line }: Place, says: Phrase): void {
    this.#steps.push({ action, resource, file, line, says });
  }

  /** What needs a client that is refused. */
  #dependent(resource: string, declared: Place, { internalName }: ManifestClient): void {
    this.#step(
      "refuse",
      resource,
      declared,
      phrase`is not deployed, because ${name(`client:${internalName}`)} is refused`,
    );
  }

  #client(declared: ManifestClient): void {
    const { internalName, name: title } = declared;
    const resource = `client:${internalName}`;
    const live = this.#liveClients.get(internalName);
    const login = reducedName(internalName);
    const sharing = this.inventory.clients.filter(
      (other) => other !== live && reducedName(other.internalName) === login,
    );
    const sameShellName = sharing.map((other) => other.internalName);
    const decision = decideClient({ name: title }, { client: live ?? null, sameShellName }, undefined);
    if (decision.action === "refuse") {
      this.#refusedClients.add(internalName);
      const says = live
        ? phrase`is called ${name(live.name)} on the server, and ${name(title)} here. A stack that declared the old title renames it. Any other stack is refused`
        : phrase`would share its shell login with ${enumerated(sameShellName.map(name))}, because only letters and digits count there. Choose another internalName`;
      return this.#step("refuse", resource, declared, says);
    }
    const user = this.#mailUser(declared, live);
    if (user?.action === "refuse") {
      // What needs the client is not deployed either. A new client and its user are written together, or not at all.
      this.#refusedClients.add(internalName);
      return this.#step("refuse", resource, declared, user.says);
    }
    const former = declared.renamedFrom === undefined ? undefined : this.#liveClients.get(declared.renamedFrom);
    if (live) this.#step("adopt", resource, declared, ADOPTED);
    else {
      const says = former
        ? phrase`is new, in the place of ${name(former.internalName)}, which the deployment removes if the stack declared it`
        : phrase`is new, with the title ${name(title)}`;
      this.#step("create", resource, declared, says);
      this.#clients.set(internalName, accessClient(internalName, title));
    }
    if (!user) return;
    this.#step("update", resource, declared, user.says);
    if (user.isNew) this.#make(user.user, declared.email!);
    this.#bind(internalName, user.user);
  }

  /** What becomes of the user with the client's `email`; undefined if there is none, or it is bound already. */
  #mailUser(
    { internalName, email, welcomeMail }: ManifestClient,
    live: ClientFacts | undefined,
  ): { action: "refuse"; says: Phrase } | { action: "update"; says: Phrase; user: string; isNew: boolean } | undefined {
    if (email === undefined) return undefined;
    const decision = decideMail({
      named: this.#users.get(userNameKey(internalName)),
      isBound: live?.users.some((user) => mailKey(user.mail) === mailKey(email)) ?? false,
      mailed: this.#mails.get(mailKey(email)) ?? [],
    });
    switch (decision.action) {
      case "adopt":
        return undefined;
      case "bind":
        return {
          action: "update",
          says: phrase`binds ${name(decision.user)}, who has the address ${name(email)}`,
          user: decision.user,
          isNew: false,
        };
      case "create":
        return {
          action: "update",
          says: phrase`creates the panel user ${name(internalName)} with ${name(email)}${welcome(welcomeMail)}`,
          user: internalName,
          isNew: true,
        };
      case "refuse": {
        const says =
          decision.why === "severalUsers"
            ? phrase`several users have the mail address ${name(email)}`
            : phrase`a user with ${name(email)} would be created, but another user has the name ${name(internalName)}`;
        return { action: "refuse", says };
      }
    }
  }

  #binding(client: ManifestClient, declared: ManifestUser): void {
    const { internalName } = client;
    const { expectedUid, createUser } = declared;
    const named = this.#users.get(userNameKey(declared.name));
    const decision = decideBinding(declared, {
      named,
      isBound: this.#clients.get(internalName)?.bindings.has(personByName(declared.name).key) ?? false,
      mailed: createUser ? (this.#mails.get(mailKey(createUser.email)) ?? []) : [],
    });
    const step = (action: Step["action"], says: Phrase) =>
      this.#step(action, `binding:${internalName}:${declared.name}`, declared, says);
    if (decision.action === "adopt") return step("adopt", ADOPTED);
    if (decision.action === "refuse") {
      switch (decision.why) {
        case "otherPerson": {
          const bearer = named
            ? phrase`${name(declared.name)} is uid ${named.uid}`
            : phrase`there is no user ${name(declared.name)}`;
          return step("refuse", phrase`${bearer} on the server, and expectedUid says ${expectedUid!}`);
        }
        case "otherMail":
          return step(
            "refuse",
            phrase`the user has the address ${name(named!.mail)} on the server, and createUser says ${name(createUser!.email)}. Remove createUser if this is the right person`,
          );
        case "missing":
          return step(
            "refuse",
            phrase`there is no panel user ${name(declared.name)}. Write createUser with an address to create one`,
          );
        case "mailTaken":
          return step(
            "refuse",
            phrase`the user would be created with ${name(createUser!.email)}, which is the address of ${name(decision.by)}`,
          );
      }
    }
    const made =
      decision.action === "bind"
        ? []
        : phrase`, a panel user who is created with ${name(createUser!.email)}${welcome(createUser!.welcomeMail)}`;
    step("create", phrase`binds ${name(declared.name)}${made}`);
    if (decision.action === "create") this.#make(declared.name, createUser!.email);
    this.#bind(internalName, declared.name);
  }

  #make(user: string, mail: string): void {
    const made = { uid: 0, name: user, mail };
    this.#users.set(userNameKey(user), made);
    this.#mails.set(mailKey(mail), [...(this.#mails.get(mailKey(mail)) ?? []), made]);
  }

  #bind(client: string, user: string): void {
    const person = this.#before.people.get(personByName(user).key) ?? personByName(user);
    this.#clients.get(client)?.bindings.set(person.key, lastingBinding(person));
  }

  #site(client: ManifestClient, declared: ManifestSite): void {
    const { site, takeOverFrom } = declared;
    const { internalName } = client;
    const step = (action: Step["action"], says: Phrase) => this.#step(action, `site:${site}`, declared, says);
    const [live, other] = this.#liveSites.get(site) ?? [];
    if (!live) {
      return step(
        "refuse",
        phrase`no site of the server has this main domain. Install it, or write the domain of which this is an alias`,
      );
    }
    if (other) return step("refuse", phrase`several live sites have this name`);
    if (live.hostmaster) return step("refuse", phrase`is Aegir's own front end, which is never given to a client`);
    const { defaultClientNid } = this.inventory.server;
    const clientNid = this.#liveClients.get(internalName)?.nid;
    const decision = decideOwner({ client: internalName, clientNid, takeOverFrom }, live, undefined, defaultClientNid);
    const owner = live.owner?.internalName;
    if (decision.action === "adopt") return step("adopt", ADOPTED);
    if (decision.action === "verify") {
      const found = live.links.length === 0 ? phrase`no client` : enumerated(live.links.map(name));
      return step(
        "update",
        phrase`is recorded for ${name(internalName)}, but its files are linked for ${found}: it is verified again`,
      );
    }
    const waits = live.status === SiteStatus.queued ? phrase`, once it is installed` : [];
    const from = owner === undefined ? phrase`no owner` : name(owner);
    const moves = phrase`goes from ${from} to ${name(internalName)}${waits}`;
    if (decision.action === "refuse") {
      const otherwise = phrase`A stack that manages this site moves it. Any other stack is refused, unless you write takeOverFrom: ${from}`;
      if (!this.manifest.clients.some((each) => each.internalName === owner)) {
        return step("refuse", phrase`belongs to ${from}. ${otherwise}`);
      }
      const says = phrase`${moves}. ${otherwise}`;
      this.#steps.push({
        action: "update",
        resource: `site:${site}`,
        file: declared.file,
        line: declared.line,
        says,
        isFromState: true,
      });
    } else {
      step("update", moves);
    }
    this.#sites.set(live.site, { ...this.#sites.get(live.site)!, owner: internalName });
  }

  /** Its password's rotation by age, and its keys; the rest of a login is BOA's. */
  #login(client: ManifestClient, isRefused: boolean): void {
    const { internalName } = client;
    if (!this.instance) return;
    const resource = `account:${shellAccountName(this.instance, internalName)}`;
    if (this.logins.keys === undefined && declaredLines(client).length > 0) {
      return this.#step(
        "refuse",
        resource,
        client,
        phrase`declares keys, and only root may put them into a login. Configure root as the user of ${name("accounts.connection")}`,
      );
    }
    if (this.logins.keys !== undefined && !isRefused) this.#hold(client);
    const aged = this.#aged.get(resource);
    const held = this.logins.keys?.get(internalName);
    if (typeof held === "object" && declaredLines(client).length > 0) {
      return this.#step("refuse", resource, client, phrase`has keys that cannot be read: ${held.problem}`);
    }
    const { missing: added, left: removed } = keyDifference(
      client,
      typeof held === "string" ? held : "",
      this.logins.stack,
    );
    const changes = enumerated([
      ...(added.length > 0 ? [phrase`gets ${plural(added.length, "key")}`] : []),
      ...(removed.length > 0 ? [phrase`loses ${plural(removed.length, "key")} of earlier deployments`] : []),
    ]);
    if (!aged && changes.length === 0) return;
    if (isRefused) return this.#dependent(resource, client, client);
    const says = !aged ? changes : changes.length === 0 ? aged.says : phrase`${aged.says}. It ${changes}`;
    const action = aged || held !== undefined ? "update" : "create";
    this.#steps.push({ action, resource, file: client.file, line: client.line, says, keys: { added, removed } });
  }

  /** The people of the client have the declared keys afterwards. */
  #hold({ internalName, shellAccount, users }: ManifestClient): void {
    const held = this.#clients.get(internalName);
    if (!held) return;
    const { bindings } = held;
    held.loginKeys = [];
    for (const user of users) {
      const binding = bindings.get(personByName(user.name).key);
      if (binding) bindings.set(binding.person.key, { ...binding, keys: shellAccount ? keysOf(user.keys) : [] });
    }
  }
}
