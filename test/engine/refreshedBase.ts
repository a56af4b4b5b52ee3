/**
 * The resources of a snapshot after a refresh: what is gone is left out, and so is every mention of it. One URN may stand
 * for several entries, so a mention counts only if such an entry comes *before* it.
 * Source: `rebuildBaseState` in pkg/resource/deploy/deployment_executor.go of pulumi/pulumi.
 */
import { ResourceState } from "./ResourceState";
import { mapValues } from "./wire";

export function refreshedBase(
  resources: readonly ResourceState[],
  refreshed: ReadonlyMap<ResourceState, ResourceState | undefined>,
): ResourceState[] {
  const kept: ResourceState[] = [];
  const present = new Set<string>();
  /** Of what is gone, the nearest ancestor that is still there. */
  const heirs = new Map<string, string>();
  for (const before of resources) {
    const parent = heirs.get(before.parent) ?? before.parent;
    const after = refreshed.has(before) ? refreshed.get(before) : before;
    if (after === undefined) {
      heirs.set(before.urn, parent);
      continue;
    }
    const exists = (urn: string): boolean => present.has(urn);
    kept.push({
      ...after,
      parent,
      dependencies: after.dependencies.filter(exists),
      propertyDependencies: mapValues(after.propertyDependencies, (urns) => urns.filter(exists)),
      deletedWith: exists(after.deletedWith) ? after.deletedWith : "",
    });
    present.add(after.urn);
    heirs.delete(after.urn);
  }
  return kept;
}
