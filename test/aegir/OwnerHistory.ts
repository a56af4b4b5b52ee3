/** Every owner that every site ever had, as committed: the proof that no site was ever without one. */
import type { Database } from "./Database";

export interface OwnerState {
  site: string;
  nid: number;
  /** The raw `hosting_site.client`. */
  ownerNid: number;
  /** The internal name, null if that node is no client (any more). */
  owner: string | null;
  /** Seconds of the server's clock. */
  since: number;
}

export class OwnerHistory {
  readonly states: OwnerState[] = [];
  private readonly current = new Map<number, OwnerState>();

  constructor(
    private readonly database: Database,
    private readonly now: () => number,
  ) {
    database.onCommit(() => this.observe());
  }

  /** The owner before the one that the site has now. */
  previous(nid: number): number | undefined {
    const current = this.current.get(nid);
    return this.states.filter((state) => state.nid === nid && state.ownerNid !== current?.ownerNid).at(-1)?.ownerNid;
  }

  private observe(): void {
    const unames = new Map(this.database.hosting_client.all().map(({ nid, uname }) => [nid, uname]));
    for (const { vid, nid, client } of this.database.hosting_site.all()) {
      const node = this.database.node.get(nid);
      if (node?.vid !== vid) continue;
      const owner = unames.get(client) ?? null;
      const before = this.current.get(nid);
      if (before?.ownerNid === client && before.owner === owner) continue;
      const state = { site: node.title, nid, ownerNid: client, owner, since: this.now() };
      this.current.set(nid, state);
      this.states.push(state);
    }
  }
}
