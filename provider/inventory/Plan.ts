/**
 * A manifest beside the live server that it is about, without any state: what deploying it would do, resource by resource,
 * and who reaches what afterwards. What an earlier deployment declared and the manifest no longer does is known to the
 * stack's state alone.
 */
import { decideOwner, ownerName } from "../decisions/siteOwner";
import type { Manifest, ManifestClient, ManifestSite, ManifestUser } from "../manifest/Manifest";
import { mailKey, userNameKey } from "../naming/PanelUser";
import { normalizeDomain } from "../naming/SiteDomain";
import {
  EffectiveAccess,
  personByName,
  type AccessClient,
  type AccessSite,
  type Binding,
} from "../review/EffectiveAccess";
import { accessOfInventory } from "../review/fromInventory";
import { enumerated, name, phrase, type Phrase } from "../text/Phrase";
import { SiteStatus, type ClientFacts, type Inventory, type SiteFacts, type UserFacts } from "../worker/protocol";
import { grouped } from "./declarable";
import { undeclaredIds, undeclaredOf, type Undeclared } from "./undeclared";

/** What a deployment does with one declared resource; `refuse`: it fails there, and says so. */
export interface Step {
  /** `adopt`: it is so already, and nothing is written. */
  action: "adopt" | "create" | "update" | "refuse";
  /** Its id, for example `site:www.acme.example`. */
  resource: string;
  /** Where the manifest declares it; from 1. */
  line: number;
  says: Phrase;
}

export interface Plan {
  /** In the order of the manifest's normal form. */
  steps: Step[];
  before: EffectiveAccess;
  after: EffectiveAccess;
  undeclared: Undeclared;
}

export function planOf(manifest: Manifest, inventory: Inventory, instance?: string | null): Plan {
  return new Planning(manifest, inventory, instance).plan();
}

const ADOPTED: Phrase = ["is so already"];

class Planning {
  private readonly before: EffectiveAccess;
  private readonly clients: Map<string, AccessClient>;
  private readonly sites: Map<string, AccessSite>;
  private readonly liveClients: Map<string, ClientFacts>;
  private readonly liveSites: Map<string, SiteFacts[]>;
  private readonly users: Map<string, UserFacts>;
  private readonly mails: Map<string, UserFacts[]>;
  private readonly steps: Step[] = [];

  constructor(
    private readonly manifest: Manifest,
    private readonly inventory: Inventory,
    private readonly instance: string | null | undefined,
  ) {
    this.before = accessOfInventory(inventory, manifest.asOf, instance);
    this.clients = new Map(
      [...this.before.clients].map(([key, client]) => [key, { ...client, bindings: new Map(client.bindings) }]),
    );
    this.sites = new Map([...this.before.sites].map(([key, site]) => [key, { ...site }]));
    this.liveClients = new Map(inventory.clients.map((client) => [client.internalName, client]));
    this.liveSites = grouped(inventory.sites, ({ site }) => normalizeDomain(site));
    this.users = new Map(inventory.users.map((user) => [userNameKey(user.name), user]));
    this.mails = grouped(inventory.users, ({ mail }) => mailKey(mail));
  }

  plan(): Plan {
    for (const client of this.manifest.clients) {
      this.client(client);
      for (const user of client.users) this.binding(client, user);
      for (const site of client.sites) this.site(client, site);
    }
    const undeclared = undeclaredOf(this.manifest, this.inventory, this.instance ?? undefined);
    const refused = this.steps.some(({ action }) => action === "refuse");
    const after = new EffectiveAccess({
      asOf: this.manifest.asOf,
      instance: this.instance,
      people: this.before.people.values(),
      clients: this.clients.values(),
      sites: this.sites.values(),
      removalLimit: this.manifest.removalLimit,
      allowRemovals: this.manifest.allowRemovals,
      // The stack's state decides about these, and is not known here.
      undecided: refused || undeclaredIds(undeclared).length > 0,
    });
    return { steps: this.steps, before: this.before, after, undeclared };
  }

  private step(action: Step["action"], resource: string, { line }: { line: number }, says: Phrase): void {
    this.steps.push({ action, resource, line, says });
  }

  private client(declared: ManifestClient): void {
    const { internalName, name: title } = declared;
    const resource = `client:${internalName}`;
    const live = this.liveClients.get(internalName);
    if (live && live.name !== title) {
      const says = phrase`is called ${name(live.name)} on the server, and ${name(title)} here. A stack that declared the old title renames it. Any other stack is refused`;
      return this.step("refuse", resource, declared, says);
    }
    const former = declared.renamedFrom === undefined ? undefined : this.liveClients.get(declared.renamedFrom);
    if (live) this.step("adopt", resource, declared, ADOPTED);
    else if (former) {
      this.step(
        "create",
        resource,
        declared,
        phrase`is new, in the place of ${name(former.internalName)}, which the deployment removes if the stack declared it`,
      );
    } else this.step("create", resource, declared, phrase`is new, with the title ${name(title)}`);
    if (!live) {
      this.clients.set(internalName, {
        ...{ internalName, name: title, renamedFrom: undefined, protect: false, keepPeople: false },
        ...{ leavesSites: false, shellAccount: undefined, bindings: new Map<string, Binding>() },
      });
    }
    if (declared.email !== undefined) this.mail(declared, declared.email, live);
  }

  /** Somebody with the client's `email` is bound to it. */
  private mail(client: ManifestClient, mail: string, live: ClientFacts | undefined): void {
    const resource = `client:${client.internalName}`;
    if (live?.users.some((user) => mailKey(user.mail) === mailKey(mail))) return;
    const [user, other] = this.mails.get(mailKey(mail)) ?? [];
    if (other) return this.step("refuse", resource, client, phrase`several users have the mail address ${name(mail)}`);
    if (user) {
      this.step("update", resource, client, phrase`binds ${name(user.name)}, who has the address ${name(mail)}`);
      return this.bind(client.internalName, user.name);
    }
    if (this.users.has(userNameKey(client.internalName))) {
      const says = phrase`a user with ${name(mail)} would be created, but another user has the name ${name(client.internalName)}`;
      return this.step("refuse", resource, client, says);
    }
    this.step(
      "update",
      resource,
      client,
      phrase`creates the panel user ${name(client.internalName)} with ${name(mail)}`,
    );
    this.bind(client.internalName, client.internalName);
  }

  private binding(client: ManifestClient, declared: ManifestUser): void {
    const { internalName } = client;
    const resource = `binding:${internalName}:${declared.name}`;
    const user = this.users.get(userNameKey(declared.name));
    const { expectedUid, createUser } = declared;
    if (expectedUid !== undefined && user?.uid !== expectedUid) {
      const bearer = user
        ? phrase`${name(declared.name)} is uid ${user.uid}`
        : phrase`there is no user ${name(declared.name)}`;
      const says = phrase`${bearer} on the server, and expectedUid says ${expectedUid}`;
      return this.step("refuse", resource, declared, says);
    }
    if (user?.clients.includes(internalName)) return this.step("adopt", resource, declared, ADOPTED);
    if (user && createUser && mailKey(user.mail) !== mailKey(createUser.email)) {
      const says = phrase`the user has the address ${name(user.mail)} on the server, and createUser says ${name(createUser.email)}. Remove createUser if this is the right person`;
      return this.step("refuse", resource, declared, says);
    }
    if (!user && createUser === undefined) {
      const says = phrase`there is no panel user ${name(declared.name)}. Write createUser with an address to create one`;
      return this.step("refuse", resource, declared, says);
    }
    const sharing = user ? undefined : this.mails.get(mailKey(createUser!.email))?.[0];
    if (sharing) {
      const says = phrase`the user would be created with ${name(createUser!.email)}, which is the address of ${name(sharing.name)}`;
      return this.step("refuse", resource, declared, says);
    }
    const made = user ? [] : phrase`, a panel user who is created with ${name(createUser!.email)}`;
    this.step("create", resource, declared, phrase`binds ${name(declared.name)}${made}`);
    this.bind(internalName, declared.name);
  }

  private bind(client: string, user: string): void {
    const person = this.before.people.get(personByName(user).key) ?? personByName(user);
    this.clients.get(client)?.bindings.set(person.key, { person, expires: undefined, reason: undefined, ended: false });
  }

  private site(client: ManifestClient, declared: ManifestSite): void {
    const { site, takeOverFrom } = declared;
    const { internalName } = client;
    const step = (action: Step["action"], says: Phrase) => this.step(action, `site:${site}`, declared, says);
    const [live, other] = this.liveSites.get(site) ?? [];
    if (!live)
      return step(
        "refuse",
        phrase`no site of the server has this main domain. Install it, or write the domain of which this is an alias`,
      );
    if (other) return step("refuse", phrase`several live sites have this name`);
    if (live.hostmaster) return step("refuse", phrase`is Aegir's own front end, which is never given to a client`);
    const { defaultClientNid } = this.inventory.server;
    const clientNid = this.liveClients.get(internalName)?.nid;
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
    if (decision.action === "refuse") {
      return step(
        "refuse",
        phrase`belongs to ${name(ownerName(live))}. To take it from that client, write takeOverFrom: ${name(ownerName(live))}. A stack that declared it there moves it`,
      );
    }
    const waits = live.status === SiteStatus.queued ? phrase`, once it is installed` : [];
    const from = owner === undefined ? phrase`no owner` : name(owner);
    step("update", phrase`goes from ${from} to ${name(internalName)}${waits}`);
    this.sites.set(live.site, { ...this.sites.get(live.site)!, owner: internalName });
  }
}
