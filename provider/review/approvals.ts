/**
 * Whose approval a change needs: of the code owners of everything that it changes, as they were before it and are after it.
 * A client may have owners of its own; all else has those of its file.
 */
import { isDeepStrictEqual } from "node:util";
import { compareText } from "../text/order";
import type { Declaration, EffectiveAccess } from "./EffectiveAccess";

/** One of these owners has to approve what changes of these. */
export interface Approval {
  kind: "approval";
  owners: readonly string[];
  /** Internal names. */
  clients: readonly string[];
  /** What changes besides clients. */
  others: readonly Pick<Declaration, "kind" | "name">[];
}

export function approvalsOf(before: EffectiveAccess, after: EffectiveAccess): Approval[] {
  // A live server and the last deployment know no owners: there is nothing to compare with.
  if (before.declarations === undefined || after.declarations === undefined) return [];
  const approvals = new Map<string, { owners: readonly string[]; clients: Set<string>; others: Map<string, Owned> }>();
  const [had, has] = [ownedBy(before), ownedBy(after)];
  for (const key of new Set([...had.keys(), ...has.keys()])) {
    const [old, now] = [had.get(key), has.get(key)];
    if (![old, now].some((each) => each?.owners.length) || isDeepStrictEqual(old, now)) continue;
    for (const owned of [old, now]) {
      if (owned === undefined || owned.owners.length === 0) continue;
      const by = JSON.stringify([...owned.owners].sort());
      const approval = approvals.get(by) ?? {
        owners: owned.owners,
        clients: new Set(),
        others: new Map<string, Owned>(),
      };
      if (owned.kind === "client") approval.clients.add(owned.name);
      else approval.others.set(key, owned);
      approvals.set(by, approval);
    }
  }
  return [...approvals]
    .sort(([left], [right]) => compareText(left, right))
    .map(([, { owners, clients, others }]) => ({
      kind: "approval",
      owners,
      clients: [...clients].sort(),
      others: [...others.values()].flatMap(({ kind, name }) => (kind === "client" ? [] : [{ kind, name }])),
    }));
}

interface Owned extends Omit<Declaration, "kind"> {
  kind: Declaration["kind"] | "client";
}

/** By kind and name. */
function ownedBy(access: EffectiveAccess): Map<string, Owned> {
  const clients = [...access.clients.values()].map(({ internalName, owners = [] }): Owned => ({
    kind: "client",
    name: internalName,
    owners,
    // Of a client without owners nothing is asked, and not much is compared.
    get says() {
      return declarationOf(access, internalName);
    },
  }));
  return new Map([...clients, ...(access.declarations ?? [])].map((each) => [`${each.kind} ${each.name}`, each]));
}

/** What is declared of a client, wherever in the files it stands. */
function declarationOf(access: EffectiveAccess, internalName: string): unknown {
  const client = access.clients.get(internalName);
  if (client === undefined) return undefined;
  const bindings = [...client.bindings.values()].map(({ ways = [], ...binding }) => ({
    ...binding,
    person: { ...binding.person, id: undefined },
    ways: ways.map(({ team, expires, reason }) => ({ team, expires, reason })),
  }));
  const sites = access.sitesOf(internalName).map((site) => ({ ...access.sites.get(site), declaredAt: undefined }));
  return [{ ...client, bindings, path: undefined }, sites];
}
