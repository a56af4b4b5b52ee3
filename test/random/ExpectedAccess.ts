/**
 * What reviewers have decided, what the state must hold after the deployments so far, and what follows for the next one.
 * Names are what people decide by; numbers are what they mean.
 */

/** One person and one client. The name is the one that reviewers know. */
export interface Grant {
  uid: number;
  client: string;
  name: string;
  isSaidByUid: boolean;
  /** Last day, as a number of days since the first one. */
  expires: number;
}

/** The server's own tables. */
export interface Look {
  users: { uid: number; name: string }[];
  bindings: { uid: number; user: string; client: string }[];
  owners: Map<string, string | null>;
}

/** What the next deployment must find was changed by hand. */
export interface Drift {
  /** Keys of bindings. */
  unbound: Set<string>;
  moved: Set<string>;
  /** More than a deployment undoes by itself. */
  isMass: boolean;
}

export interface Night {
  /** The refresh cannot look, and the update can: what was changed by hand is undone only if a person has confirmed it. */
  isBlind: boolean;
  /** The process that changes things has also looked at them; otherwise it does not undo what it has not counted. */
  isOneProcess: boolean;
  /** A person has confirmed that what was changed by hand is to be undone. */
  mayUndo: boolean;
}

export interface Expectation {
  /** Those who may act for a client on this day. */
  due: Grant[];
  /** Those whose bindings fail. */
  refused: Grant[];
  /** Those of them who were unbound by hand, and stay so. */
  unbound: Grant[];
  /** Sites whose owner was changed by hand, and stays so. */
  moved: Set<string>;
  isBlind: boolean;
}

export const keyOf = ({ client, name }: { client: string; name: string }): string => `${client} ${name}`;

export class ExpectedAccess {
  grants: Grant[] = [];
  /** By site, whom reviewers have given it to. */
  readonly owners = new Map<string, string>();
  /** `uid client` of every grant that there ever was. */
  readonly #meant = new Set<string>();
  /** What the state holds: whom a deployment has bound, by key, and whom it gave the sites to. */
  #bound = new Map<string, { uid: number; name: string; client: string }>();
  readonly #given = new Map<string, string>();
  /** Whom the last night that could look found as the owners of the sites. */
  readonly #seen: Look["owners"] = new Map();

  grant(grant: Grant): void {
    this.grants.push(grant);
    this.#mean(grant);
  }

  /** What one entry says of a name is said of it everywhere. */
  sayUid(name: string, uid: number): void {
    for (const grant of this.grants.filter((each) => each.name === name)) {
      Object.assign(grant, { uid, isSaidByUid: true });
      this.#mean(grant);
    }
  }

  #mean({ uid, client }: Grant): void {
    this.#meant.add(`${uid} ${client}`);
  }

  wasMeant({ uid, client }: { uid: number; client: string }): boolean {
    return this.#meant.has(`${uid} ${client}`);
  }

  /** No deployment has seen this person in every place yet, so there is no number by which to tell others from them. */
  isUnseen(uid: number): boolean {
    return this.grants.some((grant) => grant.uid === uid && this.#bound.get(keyOf(grant))?.uid !== uid);
  }

  /** Names in the manifest, known by number, that no user has. */
  freeNames({ users }: Look): string[] {
    const free = this.grants.filter(({ name }) => !users.some((user) => user.name === name));
    return free
      .map(({ name }) => name)
      .filter((name) => free.every((each) => each.name !== name || this.#isKnown(each)));
  }

  /** The state has a binding of this name, made for another person. Who is meant is not said. */
  isTaken(grant: Grant): boolean {
    const held = this.#bound.get(keyOf(grant));
    return held !== undefined && held.uid !== grant.uid && !grant.isSaidByUid;
  }

  #isKnown(grant: Grant): boolean {
    return this.#bound.has(keyOf(grant));
  }

  /** A deployment has made the clients. */
  get isDeployed(): boolean {
    return this.#given.size > 0;
  }

  drift(look: Look): Drift {
    const people = [...this.#bound].filter(([, { name, uid }]) => bearerOf(look, name) === numberOf(look, uid));
    const unbound = people.filter(([, { uid, client }]) => !isBound(look, uid, client)).map(([key]) => key);
    const moved = [...this.#given].filter(([site, client]) => look.owners.get(site) !== client).map(([site]) => site);
    const [changed, all] = [unbound.length + moved.length, people.length + this.#given.size];
    return { unbound: new Set(unbound), moved: new Set(moved), isMass: changed >= 10 && changed * 100 > all * 30 };
  }

  /** What a night makes of what was changed by hand. */
  expect(today: number, look: Look, night: Night): Expectation {
    const { isBlind, isOneProcess, mayUndo } = night;
    const drift = this.drift(look);
    const stays = !mayUndo && (isBlind || drift.isMass || !isOneProcess);
    const due = this.grants.filter(({ expires }) => expires >= today);
    const unbound = due.filter((grant) => stays && drift.unbound.has(keyOf(grant)));
    const others = due.filter((grant) => hasParted(look, grant) || this.#isContested(grant, look, due, night));
    const moved = [...drift.moved].filter((site) => {
      const [owner, live] = [this.owners.get(site), look.owners.get(site)];
      const isUndone = owner === this.#given.get(site);
      if (!isBlind) return stays && isUndone;
      // What the state does not know is never overwritten.
      return owner !== live && (this.#seen.get(site) !== live || (stays && isUndone));
    });
    return { due, refused: [...new Set([...unbound, ...others])], unbound, moved: new Set(moved), isBlind };
  }

  /** A new grant by a name that the refresh finds with another person than another client's binding was made for. */
  #isContested(grant: Grant, look: Look, due: Grant[], { isBlind, isOneProcess }: Night): boolean {
    const said = this.grants.find(({ name, isSaidByUid }) => isSaidByUid && name === grant.name);
    if (said !== undefined) return said.uid !== grant.uid;
    if (this.#isKnown(grant)) return this.isTaken(grant);
    return [...this.#bound].some(([key, { name, uid }]) => {
      const isSeen = (!isBlind && isOneProcess) || due.some((each) => keyOf(each) === key);
      const bearer = bearerOf(look, name);
      return isSeen && name === grant.name && bearer !== undefined && bearer !== uid;
    });
  }

  /** After a deployment that could do its work. */
  deployed({ due, refused, moved, isBlind }: Expectation, look: Look): void {
    const now = due.flatMap((grant) => {
      const { uid, name, client } = grant;
      const former = this.#bound.get(keyOf(grant));
      // What a blind night refuses depends on what it comes to first.
      const isNew = !refused.includes(grant) || (former === undefined && isBound(look, uid, client));
      const held = isNew ? { uid, name, client } : former;
      return held ? [[keyOf(grant), held] as const] : [];
    });
    this.#bound = new Map(now);
    for (const [site, owner] of look.owners) if (!(isBlind && moved.has(site))) this.#seen.set(site, owner);
    for (const [site, owner] of this.owners) if (!moved.has(site)) this.#given.set(site, owner);
  }
}

/** The name that reviewers know is no longer that of the person. */
export function hasParted(look: Look, { name, uid }: { name: string; uid: number }): boolean {
  return bearerOf(look, name) !== uid;
}

function bearerOf({ users }: Look, name: string): number | undefined {
  return users.find((user) => user.name === name)?.uid;
}

/** Undefined if that user was deleted. */
function numberOf({ users }: Look, uid: number): number | undefined {
  return users.find((user) => user.uid === uid)?.uid;
}

export function isBound({ bindings }: Look, uid: number, client: string): boolean {
  return bindings.some((each) => each.uid === uid && each.client === client);
}
