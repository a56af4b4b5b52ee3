/** Whose approval a change needs: of the code owners of every client that it changes, as they were before it and are after it. */
import { isDeepStrictEqual } from "node:util";
import { compareText } from "../text/order";
import type { EffectiveAccess } from "./EffectiveAccess";

/** One of these owners has to approve what changes of these clients. */
export interface Approval {
  kind: "approval";
  owners: readonly string[];
  /** Internal names. */
  clients: readonly string[];
}

export function approvalsOf(before: EffectiveAccess, after: EffectiveAccess): Approval[] {
  // A live server and the last deployment know no owners: there is nothing to compare with.
  const areKnown = [before, after].every(({ clients }) => [...clients.values()].every(({ owners }) => owners));
  if (!areKnown) return [];
  const approvals = new Map<string, { owners: readonly string[]; clients: Set<string> }>();
  for (const client of new Set([...before.clients.keys(), ...after.clients.keys()])) {
    const owned = [before, after].filter(({ clients }) => clients.get(client)?.owners?.length);
    if (owned.length === 0 || isDeepStrictEqual(declarationOf(before, client), declarationOf(after, client))) continue;
    for (const { clients } of owned) {
      const owners = clients.get(client)?.owners ?? [];
      const key = JSON.stringify([...owners].sort());
      const approval = approvals.get(key) ?? { owners, clients: new Set() };
      approval.clients.add(client);
      approvals.set(key, approval);
    }
  }
  return [...approvals]
    .sort(([left], [right]) => compareText(left, right))
    .map(([, { owners, clients }]) => ({ kind: "approval", owners, clients: [...clients].sort() }));
}

/** What is declared of a client, wherever in the files it stands. */
function declarationOf(access: EffectiveAccess, internalName: string): unknown {
  const client = access.clients.get(internalName);
  if (client === undefined) return undefined;
  const bindings = [...client.bindings.values()].map(({ ways = [], ...binding }) => ({
    ...binding,
    ways: ways.map(({ team, expires, reason }) => ({ team, expires, reason })),
  }));
  const sites = access.sitesOf(internalName).map((site) => ({ ...access.sites.get(site), declaredAt: undefined }));
  return [{ ...client, bindings }, sites];
}
