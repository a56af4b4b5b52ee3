/**
 * What changes between two pictures of effective access: who loses and who gains which sites, and why. Nobody who reaches
 * a site by another way afterwards loses it, so that a merged team or a renamed client is no wall of removals.
 */
import { clientNameKey } from "../naming/ClientName";
import {
  grantsOf,
  whoKey,
  type AccessChange,
  type Cause,
  type GrantCounts,
  type Rename,
  type Who,
} from "./AccessChange";
import { EffectiveAccess, type AccessClient, type Binding } from "./EffectiveAccess";
import { notesOf, type Note } from "./notes";

export interface Difference {
  before: EffectiveAccess;
  after: EffectiveAccess;
  lost: AccessChange[];
  gained: AccessChange[];
  renamed: Rename[];
  /** The internal name after, of every client before that still is. */
  successors: ReadonlyMap<string, string>;
  /** What else a reviewer must know; sorted by weight. */
  notes: Note[];
  grants: GrantCounts;
}

/** Compares two pictures. Linear in what they hold, as long as owners change in groups. */
export function differenceOf(before: EffectiveAccess, after: EffectiveAccess): Difference {
  const [from, to] = [before.server, after.server];
  if (from === undefined || to === undefined || from === to) return compared(before, after);
  const nothing = new EffectiveAccess({ ...after, clients: [], sites: [], people: [] });
  const [removed, added] = [compared(before, nothing), compared(nothing, after)];
  const grants = { ...removed.grants, gained: added.grants.gained };
  const notes: Note[] = [{ kind: "server", from, to }, ...removed.notes, ...added.notes];
  return { ...removed, after, gained: added.gained, notes, grants };
}

function compared(before: EffectiveAccess, after: EffectiveAccess): Difference {
  const comparison = new Comparison(before, after);
  const { lost, gained } = comparison.changes();
  const { renamed, successors, namesakes } = comparison;
  const grants = countsOf(before, lost, gained);
  const notes = notesOf({ before, after, lost, gained, successors, namesakes });
  return { before, after, lost, gained, renamed, successors, notes, grants };
}

/** Sites that had one owner before, and have one now. */
interface Move {
  from: string | undefined;
  to: string | undefined;
  takenFrom: string | undefined;
  sites: string[];
}

class Comparison {
  readonly renamed: Rename[];
  readonly successors: Map<string, string>;
  private readonly heirs: Map<string, string>;
  private readonly formerNames: Map<string, string>;
  readonly namesakes: Map<string, string>;
  /** Who sees every site, before and after, by key: compared on their own. */
  private readonly hadAll: Set<string>;
  private readonly haveAll: Set<string>;

  constructor(
    private readonly before: EffectiveAccess,
    private readonly after: EffectiveAccess,
  ) {
    this.hadAll = new Set(before.administrators().map(({ key }) => key));
    this.haveAll = new Set(after.administrators().map(({ key }) => key));
    const fresh = [...after.clients.values()].filter(({ internalName }) => !before.clients.has(internalName));
    const isGone = (client: string) => before.clients.has(client) && !after.clients.has(client);
    this.heirs = new Map();
    for (const { internalName, renamedFrom } of fresh) {
      // One client cannot become two.
      if (renamedFrom !== undefined && isGone(renamedFrom) && !this.heirs.has(renamedFrom)) {
        this.heirs.set(renamedFrom, internalName);
      }
    }
    this.renamed = Array.from(this.heirs, ([from, to]) => ({ from, to }));
    this.formerNames = new Map(this.renamed.map(({ from, to }) => [to, from]));
    this.successors = new Map(
      [...before.clients.keys()].flatMap((client) => {
        const successor = after.clients.has(client) ? client : this.heirs.get(client);
        return successor === undefined ? [] : [[client, successor] as const];
      }),
    );
    const byTitle = new Map(fresh.map(({ name, internalName }) => [clientNameKey(name), internalName]));
    this.namesakes = new Map(
      [...before.clients.values()].flatMap(({ internalName, name }) => {
        const namesake =
          isGone(internalName) && !this.heirs.has(internalName) ? byTitle.get(clientNameKey(name)) : undefined;
        return namesake === undefined ? [] : [[internalName, namesake] as const];
      }),
    );
  }

  changes(): { lost: AccessChange[]; gained: AccessChange[] } {
    const lost = new Changes();
    const gained = new Changes();
    for (const move of this.moves()) {
      this.people(move, lost, gained);
      this.logins(move, lost, gained);
      if (move.takenFrom !== undefined) {
        const cause: Cause = { kind: "takenOver", from: move.takenFrom, to: move.to! };
        lost.add({ kind: "everybody", client: move.takenFrom }, move.sites, [cause]);
      }
    }
    this.administrators(lost, gained);
    return { lost: lost.sorted(), gained: gained.sorted() };
  }

  /** All sites by the owners that they have before and after, so that people are compared once for each pair. */
  private moves(): Iterable<Move> {
    const moves = new Map<string, Move>();
    const enter = (site: string, from: string | undefined, to: string | undefined, takenFrom?: string): void => {
      const key = `${from ?? ""} ${to ?? ""} ${takenFrom ?? ""}`;
      const move = moves.get(key);
      if (move) move.sites.push(site);
      else moves.set(key, { from, to, takenFrom, sites: [site] });
    };
    for (const { site, owner } of this.before.sites.values()) {
      const found = this.after.sites.get(site);
      // It stays with its owner, and is only declared no more.
      if (found === undefined && this.before.clients.get(owner ?? "")?.leavesSites) continue;
      enter(site, owner, found?.owner);
    }
    for (const { site, owner, takeOverFrom } of this.after.sites.values()) {
      if (!this.before.sites.has(site)) enter(site, undefined, owner, takeOverFrom);
    }
    return moves.values();
  }

  private people(move: Move, lost: Changes, gained: Changes): void {
    const { sites } = move;
    const had = this.before.peopleOf(move.from);
    const have = this.after.peopleOf(move.to);
    for (const [key, binding] of had) {
      if (have.has(key) || this.haveAll.has(key)) continue;
      const ended = binding.expires !== undefined && binding.expires < this.after.asOf;
      const who: Who = { kind: "person", person: binding.person };
      if (ended) lost.add(who, sites, [{ kind: "expired", clients: [move.from!], day: binding.expires! }], true);
      else lost.add(who, sites, this.lossCauses(move, key));
    }
    for (const [key, binding] of have) {
      if (had.has(key) || this.hadAll.has(key)) continue;
      gained.add({ kind: "person", person: binding.person }, sites, this.gainCauses(move, key, binding));
    }
  }

  private lossCauses(move: Move, person: string): [Cause, ...Cause[]] {
    const now = this.successors.get(move.from ?? "");
    const unbound: Cause[] = [];
    if (now !== undefined && !this.after.peopleOf(now).has(person)) {
      const binding = this.after.clients.get(now)?.bindings.get(person);
      if (binding?.ended) unbound.push({ kind: "expired", clients: [now], day: binding.expires ?? "" });
      else if (this.after.people.get(person)?.blocked) unbound.push({ kind: "blocked" });
      else unbound.push({ kind: "unbound", clients: [now] });
    }
    const [only] = unbound;
    if (only !== undefined && now === move.to) return [only];
    return [this.ownerCause(move), ...unbound];
  }

  private gainCauses(move: Move, person: string, binding: Binding): [Cause, ...Cause[]] {
    const to = move.to!;
    const former = this.formerNames.get(to) ?? to;
    const bound: Cause[] = [];
    if (this.before.clients.has(former) && !this.before.peopleOf(former).has(person)) {
      if (this.before.people.get(person)?.blocked) bound.push({ kind: "unblocked" });
      else bound.push({ kind: "bound", clients: [to], expires: binding.expires, reason: binding.reason });
    }
    const [only] = bound;
    if (only !== undefined && this.successors.get(move.from ?? "") === to) return [only];
    return [this.ownerCause(move), ...bound];
  }

  private ownerCause({ from, to, takenFrom }: Move): Cause {
    if (from === undefined) {
      return takenFrom === undefined
        ? { kind: "declared", client: to! }
        : { kind: "takenOver", from: takenFrom, to: to! };
    }
    if (!this.successors.has(from)) {
      return to !== undefined && this.namesakes.get(from) === to
        ? { kind: "replaced", from, to }
        : { kind: "clientRemoved", client: from, to };
    }
    return to === undefined ? { kind: "released", client: from } : { kind: "moved", from, to };
  }

  private logins(move: Move, lost: Changes, gained: Changes): void {
    const { from, to, sites } = move;
    const renamed = from !== undefined && to !== undefined && this.heirs.get(from) === to;
    const had = this.before.loginOf(from);
    const has = this.after.loginOf(to);
    if (had === has || renamed) return;
    const causes: [Cause] = [this.ownerCause(move)];
    if (had !== undefined) lost.add({ kind: "login", client: from! }, sites, causes);
    if (has !== undefined) gained.add({ kind: "login", client: to! }, sites, causes);
  }

  /** Whoever becomes an administrator, or is one no more: known of live servers only. */
  private administrators(lost: Changes, gained: Changes): void {
    for (const key of new Set([...this.hadAll, ...this.haveAll])) {
      if (this.hadAll.has(key) && this.haveAll.has(key)) continue;
      const person = (this.before.people.get(key) ?? this.after.people.get(key))!;
      const reached = (access: EffectiveAccess) => new Set(access.reachOfPerson(key).map(({ site }) => site));
      const [had, have] = [reached(this.before), reached(this.after)];
      const [was, is] = [this.before.people.get(key), this.after.people.get(key)];
      const up: Cause = { kind: was?.administrator ? "unblocked" : "administrator" };
      const down: Cause = { kind: is?.blocked ? "blocked" : "noAdministrator" };
      const cause = this.haveAll.has(key) ? up : down;
      lost.add({ kind: "person", person }, [...had].filter((site) => !have.has(site)).sort(), [cause]);
      gained.add({ kind: "person", person }, [...have].filter((site) => !had.has(site)).sort(), [cause]);
    }
  }
}

/** What a person loses or gains because its own bindings change: one line for all of its clients. */
interface BindingChange {
  who: Who;
  cause: Extract<Cause, { clients: string[] }>;
  announced: boolean;
  /** The sites of a move belong together, and are told apart by identity. */
  parts: { client: string; sites: readonly string[] }[];
}

/** Changes under way: whoever loses (or gains) the same sites for the same causes shares a line. */
class Changes {
  private readonly bySites = new Map<readonly string[], Map<string, AccessChange>>();
  private readonly bindings = new Map<string, BindingChange>();

  add(who: Who, sites: readonly string[], causes: [Cause, ...Cause[]], announced = false): void {
    if (sites.length === 0) return;
    const [cause, second] = causes;
    if (second === undefined && who.kind === "person" && "clients" in cause) {
      const key = JSON.stringify([who.person.key, { ...cause, clients: [] }, announced]);
      const change = this.bindings.get(key) ?? { who, cause, announced, parts: [] };
      change.parts.push({ client: cause.clients[0]!, sites });
      this.bindings.set(key, change);
      return;
    }
    const byCause = this.bySites.get(sites) ?? new Map<string, AccessChange>();
    this.bySites.set(sites, byCause);
    const key = JSON.stringify(causes);
    const change = byCause.get(key);
    if (change) change.who.push(who);
    else byCause.set(key, { who: [who], sites: [...sites], causes, announced });
  }

  /** What was known to end comes last; else what concerns more comes first. */
  sorted(): AccessChange[] {
    const changes = [...this.bySites.values()].flatMap((byCause) => [...byCause.values()]).concat(this.ofBindings());
    for (const { who, sites } of changes) {
      who.sort((left, right) => compare(whoKey(left), whoKey(right)));
      sites.sort();
    }
    return changes.sort(
      (left, right) =>
        Number(left.announced) - Number(right.announced) ||
        grantsOf(right) - grantsOf(left) ||
        compare(left.sites[0]!, right.sites[0]!) ||
        compare(whoKey(left.who[0]!), whoKey(right.who[0]!)),
    );
  }

  private ofBindings(): AccessChange[] {
    const numbers = new Map<readonly string[], number>();
    const alike = new Map<string, AccessChange>();
    for (const { who, cause, announced, parts } of this.bindings.values()) {
      for (const { sites } of parts) if (!numbers.has(sites)) numbers.set(sites, numbers.size);
      const moves = parts.map(({ sites }) => numbers.get(sites)!).sort((left, right) => left - right);
      const clients = [...new Set(parts.map(({ client }) => client))].sort();
      const key = JSON.stringify([{ ...cause, clients }, announced, moves]);
      const change = alike.get(key);
      if (change) change.who.push(who);
      else {
        const sites = parts.flatMap((part) => part.sites);
        alike.set(key, { who: [who], sites, causes: [{ ...cause, clients }], announced });
      }
    }
    return [...alike.values()];
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

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
