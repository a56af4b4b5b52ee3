/**
 * What changes between two pictures of effective access: who loses and who gains which sites, and why. A person
 * who still reaches a site in another way does not lose it, so that a merged team or a renamed client shows no removals.
 */
import { brokenByChange, type BrokenRule } from "../rules/judge";
import { type AccessChange, type Cause, type GrantCounts, grantsOf, type Rename, type Who } from "./AccessChange";
import { advisoriesOf, type Advisory } from "./Advisory";
import { ChangeGroups } from "./ChangeGroups";
import { ClientMatching } from "./ClientMatching";
import { type AccessClient, type Binding, EffectiveAccess } from "./EffectiveAccess";
import { TeamCauses } from "./teamCauses";

export interface Difference {
  before: EffectiveAccess;
  after: EffectiveAccess;
  lost: AccessChange[];
  gained: AccessChange[];
  renames: readonly Rename[];
  /** By internal name before: the internal name after, of every client that still exists. */
  matchedClients: ReadonlyMap<string, string>;
  /** What the change brings about against the rules before it or its own, allowed or not. */
  broken: readonly BrokenRule[];
  /** What else a reviewer must know; sorted by weight. */
  advisories: Advisory[];
  grants: GrantCounts;
}

/** Compares two pictures. Linear in what they hold, as long as owners change in groups. */
export function differenceOf(before: EffectiveAccess, after: EffectiveAccess): Difference {
  const [from, to] = [before.server, after.server];
  if (from === undefined || to === undefined || from === to) return compared(before, after);
  const nothing = new EffectiveAccess({ ...after, clients: [], sites: [], people: [] });
  const [removed, added] = [compared(before, nothing), compared(nothing, after)];
  const grants = { ...removed.grants, gained: added.grants.gained };
  const advisories: Advisory[] = [{ kind: "server", from, to }, ...removed.advisories, ...added.advisories];
  return { ...removed, after, gained: added.gained, advisories, grants };
}

function compared(before: EffectiveAccess, after: EffectiveAccess): Difference {
  const matching = new ClientMatching(before, after);
  const { lost, gained } = new Comparison(before, after, matching).changes();
  const { renames, matchedClients, sameTitle } = matching;
  const grants = countsOf(before, lost, gained);
  const broken = before.ruled && after.ruled ? brokenByChange(before.ruled, after.ruled) : [];
  const advisories = advisoriesOf({ before, after, lost, gained, matchedClients, sameTitle, broken });
  return { before, after, lost, gained, renames, matchedClients, broken, advisories, grants };
}

/** Sites that had one owner before, and have one now. */
interface Move {
  from: string | undefined;
  to: string | undefined;
  takenFrom: string | undefined;
  sites: string[];
}

class Comparison {
  /** Those who see every site, before and after, by key: compared on their own. */
  readonly #hadAll: Set<string>;
  readonly #haveAll: Set<string>;
  readonly #teamCauses: TeamCauses;

  constructor(
    private readonly before: EffectiveAccess,
    private readonly after: EffectiveAccess,
    private readonly matching: ClientMatching,
  ) {
    this.#teamCauses = new TeamCauses(before, after);
    this.#hadAll = new Set(before.administrators().map(({ key }) => key));
    this.#haveAll = new Set(after.administrators().map(({ key }) => key));
  }

  changes(): { lost: AccessChange[]; gained: AccessChange[] } {
    const lost = new ChangeGroups();
    const gained = new ChangeGroups();
    for (const move of this.#moves()) {
      this.#people(move, lost, gained);
      this.#logins(move, lost, gained);
      if (move.takenFrom !== undefined) {
        const cause: Cause = { kind: "takenOver", from: move.takenFrom, to: move.to! };
        lost.add({ kind: "everybody", client: move.takenFrom }, move.sites, [cause]);
      }
    }
    this.#administrators(lost, gained);
    return { lost: lost.sorted(), gained: gained.sorted() };
  }

  /** All sites by the owners that they have before and after, so that people are compared once for each pair. */
  #moves(): Iterable<Move> {
    const moves = new Map<string, Move>();
    const enter = (site: string, from: string | undefined, to: string | undefined, takenFrom?: string): void => {
      const key = `${from ?? ""} ${to ?? ""} ${takenFrom ?? ""}`;
      const move = moves.get(key);
      if (move) move.sites.push(site);
      else moves.set(key, { from, to, takenFrom, sites: [site] });
    };
    for (const { site, owner } of this.before.sites.values()) {
      const found = this.after.sites.get(site);
      // It stays with its owner, and is only no longer declared.
      if (found === undefined && this.before.clients.get(owner ?? "")?.leavesSites) continue;
      enter(site, owner, found?.owner);
    }
    for (const { site, owner, takeOverFrom } of this.after.sites.values()) {
      if (!this.before.sites.has(site)) enter(site, undefined, owner, takeOverFrom);
    }
    return moves.values();
  }

  #people(move: Move, lost: ChangeGroups, gained: ChangeGroups): void {
    const { sites } = move;
    const had = this.before.peopleOf(move.from);
    const have = this.after.peopleOf(move.to);
    for (const [key, binding] of had) {
      if (have.has(key) || this.#haveAll.has(key)) continue;
      const ended = binding.expires !== undefined && binding.expires < this.after.asOf;
      const who: Who = { kind: "person", person: binding.person };
      if (ended) lost.add(who, sites, [{ kind: "expired", clients: [move.from!], day: binding.expires! }], true);
      else lost.add(who, sites, this.#lossCauses(move, key));
    }
    for (const [key, binding] of have) {
      if (had.has(key) || this.#hadAll.has(key)) continue;
      gained.add({ kind: "person", person: binding.person }, sites, this.#gainCauses(move, key, binding));
    }
  }

  #lossCauses(move: Move, person: string): [Cause, ...Cause[]] {
    const now = this.matching.matchedClients.get(move.from ?? "");
    const unbound: Cause[] = [];
    if (now !== undefined && !this.after.peopleOf(now).has(person)) {
      const binding = this.after.clients.get(now)?.bindings.get(person);
      if (binding?.ended) unbound.push({ kind: "expired", clients: [now], day: binding.expires ?? "" });
      else if (this.after.people.get(person)?.blocked) unbound.push({ kind: "blocked" });
      else {
        unbound.push(this.#teamCauses.lost(this.before.clients.get(move.from!)!, this.after.clients.get(now)!, person));
      }
    }
    const [only] = unbound;
    if (only !== undefined && now === move.to) return [only];
    return [this.#ownerCause(move), ...unbound];
  }

  #gainCauses(move: Move, person: string, binding: Binding): [Cause, ...Cause[]] {
    const to = move.to!;
    const former = this.matching.formerName(to);
    const bound: Cause[] = [];
    const had = this.before.clients.get(former);
    if (had !== undefined && !this.before.peopleOf(former).has(person)) {
      if (this.before.people.get(person)?.blocked) bound.push({ kind: "unblocked" });
      else bound.push(this.#teamCauses.gained(had, this.after.clients.get(to)!, binding));
    }
    const [only] = bound;
    if (only !== undefined && this.matching.matchedClients.get(move.from ?? "") === to) return [only];
    return [this.#ownerCause(move), ...bound];
  }

  #ownerCause({ from, to, takenFrom }: Move): Cause {
    if (from === undefined) {
      return takenFrom === undefined
        ? { kind: "declared", client: to! }
        : { kind: "takenOver", from: takenFrom, to: to! };
    }
    if (!this.matching.matchedClients.has(from)) {
      return to !== undefined && this.matching.sameTitle.get(from) === to
        ? { kind: "replaced", from, to }
        : { kind: "clientRemoved", client: from, to };
    }
    return to === undefined ? { kind: "released", client: from } : { kind: "moved", from, to };
  }

  #logins(move: Move, lost: ChangeGroups, gained: ChangeGroups): void {
    const { from, to, sites } = move;
    const had = this.before.loginOf(from);
    const has = this.after.loginOf(to);
    if (had === has || this.matching.isRename(from, to)) return;
    const causes: [Cause] = [this.#ownerCause(move)];
    if (had !== undefined) lost.add({ kind: "login", client: from! }, sites, causes);
    if (has !== undefined) gained.add({ kind: "login", client: to! }, sites, causes);
  }

  /** People who become administrators, or stop being one: known of live servers only. */
  #administrators(lost: ChangeGroups, gained: ChangeGroups): void {
    for (const key of new Set([...this.#hadAll, ...this.#haveAll])) {
      if (this.#hadAll.has(key) && this.#haveAll.has(key)) continue;
      const person = (this.before.people.get(key) ?? this.after.people.get(key))!;
      const reached = (access: EffectiveAccess) => new Set(access.reachOfPerson(key).map(({ site }) => site));
      const [had, have] = [reached(this.before), reached(this.after)];
      const [was, is] = [this.before.people.get(key), this.after.people.get(key)];
      const up: Cause = { kind: was?.administrator ? "unblocked" : "administrator" };
      const down: Cause = { kind: is?.blocked ? "blocked" : "noAdministrator" };
      const cause = this.#haveAll.has(key) ? up : down;
      lost.add({ kind: "person", person }, [...had].filter((site) => !have.has(site)).sort(), [cause]);
      gained.add({ kind: "person", person }, [...have].filter((site) => !had.has(site)).sort(), [cause]);
    }
  }
}

function countsOf(before: EffectiveAccess, lost: AccessChange[], gained: AccessChange[]): GrantCounts {
  const perClient = (client: AccessClient): number => {
    const holders = before.peopleOf(client.internalName).size + (before.loginOf(client.internalName) ? 1 : 0);
    return holders * before.sitesOf(client.internalName).length;
  };
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  const ended = sum(lost.filter(({ announced }) => announced).map(grantsOf));
  return {
    before: sum(Array.from(before.clients.values(), perClient)) - ended,
    lost: sum(lost.filter(({ announced }) => !announced).map(grantsOf)),
    ended,
    gained: sum(gained.map(grantsOf)),
  };
}
