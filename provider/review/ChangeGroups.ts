import { compareText } from "../text/order";
import { type AccessChange, type Cause, grantsOf, type Who, whoKey } from "./AccessChange";

/** What a person loses or gains because its own bindings change: one line for all of its clients. */
interface BindingChange {
  who: Who;
  cause: Extract<Cause, { clients: string[] }>;
  announced: boolean;
  /** The sites of a move belong together, and are told apart by identity. */
  parts: { client: string; sites: readonly string[] }[];
}

/** Collects what changes: people and logins that lose (or gain) the same sites for the same causes share one change. */
export class ChangeGroups {
  readonly #bySites = new Map<readonly string[], Map<string, AccessChange>>();
  readonly #bindings = new Map<string, BindingChange>();

  add(who: Who, sites: readonly string[], causes: [Cause, ...Cause[]], announced = false): void {
    if (sites.length === 0) return;
    const [cause, second] = causes;
    if (second === undefined && who.kind === "person" && "clients" in cause) {
      const key = JSON.stringify([who.person.key, { ...cause, clients: [] }, announced]);
      const change = this.#bindings.get(key) ?? { who, cause, announced, parts: [] };
      change.parts.push({ client: cause.clients[0]!, sites });
      this.#bindings.set(key, change);
      return;
    }
    const byCause = this.#bySites.get(sites) ?? new Map<string, AccessChange>();
    this.#bySites.set(sites, byCause);
    const key = JSON.stringify(causes);
    const change = byCause.get(key);
    if (change) change.who.push(who);
    else byCause.set(key, { who: [who], sites: [...sites], causes, announced });
  }

  /** What was known to end comes last; otherwise the change with more grants comes first. */
  sorted(): AccessChange[] {
    const changes = [...this.#bySites.values()].flatMap((byCause) => [...byCause.values()]).concat(this.#ofBindings());
    for (const { who, sites } of changes) {
      who.sort((left, right) => compareText(whoKey(left), whoKey(right)));
      sites.sort();
    }
    return changes.sort(
      (left, right) =>
        Number(left.announced) - Number(right.announced) ||
        grantsOf(right) - grantsOf(left) ||
        compareText(left.sites[0]!, right.sites[0]!) ||
        compareText(whoKey(left.who[0]!), whoKey(right.who[0]!)),
    );
  }

  #ofBindings(): AccessChange[] {
    const numbers = new Map<readonly string[], number>();
    const alike = new Map<string, AccessChange>();
    for (const { who, cause, announced, parts } of this.#bindings.values()) {
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
