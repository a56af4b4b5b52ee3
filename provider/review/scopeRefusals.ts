/** What a file declares that its scope before the change does not allow: a scope is widened first, in a change of its own. */
import { matchesPattern } from "../naming/Pattern";
import { normalizeDomain } from "../naming/SiteDomain";
import type { Difference } from "./Difference";

export interface ScopeRefusal {
  kind: "outOfScope";
  /** From the directory of the manifest; empty if it is one file. */
  path: string;
  /** Internal names after the change. */
  clients: string[];
  sites: string[];
}

export function scopeRefusals({ before, after }: Pick<Difference, "before" | "after">): ScopeRefusal[] {
  const refusals = new Map<string, ScopeRefusal>();
  for (const { internalName, path } of after.clients.values()) {
    const scope = path === undefined ? undefined : before.files.get(path)?.scope;
    if (path === undefined || scope === undefined) continue;
    const isIn = (patterns: readonly string[] | undefined, name: string) =>
      patterns === undefined || patterns.some((pattern) => matchesPattern(pattern, name));
    const domains = scope.sites?.map(normalizeDomain);
    const clients = isIn(scope.clients, internalName) ? [] : [internalName];
    const sites = after.sitesOf(internalName).filter((site) => !isIn(domains, site));
    if (clients.length + sites.length === 0) continue;
    const refusal = refusals.get(path) ?? { kind: "outOfScope", path, clients: [], sites: [] };
    refusal.clients.push(...clients);
    refusal.sites.push(...sites);
    refusals.set(path, refusal);
  }
  return [...refusals.values()];
}
