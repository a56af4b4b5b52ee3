/**
 * Who depends on whom in a list of resources that is sorted topologically, as a snapshot is. One URN may stand for
 * several resources (the old one and its replacement), so a mention means entries *before* the one that mentions it.
 * Source: pkg/resource/graph/dependency_graph.go of pulumi/pulumi.
 */
import { mapValues } from "./properties";
import { allDependencyUrns, dependencyUrns, providerUrn, type ResourceState } from "./ResourceState";

/** What could not exist without the resource, in topological order: whatever depends on it, and its children. */
export function dependentsOf(resource: ResourceState, resources: readonly ResourceState[]): ResourceState[] {
  const urns = new Set([resource.urn]);
  return resources.slice(resources.indexOf(resource) + 1).filter((candidate) => {
    const isDependent = [...allDependencyUrns(candidate)].some((urn) => urns.has(urn));
    if (isDependent) urns.add(candidate.urn);
    return isDependent;
  });
}

/** Everything that the resource needs, directly or not. */
export function requirementsOf(resource: ResourceState, resources: readonly ResourceState[]): Set<ResourceState> {
  const urns = allDependencyUrns(resource);
  const found = new Set<ResourceState>();
  for (const candidate of resources.slice(0, Math.max(resources.indexOf(resource), 0)).reverse()) {
    if (urns.has(candidate.urn)) {
      found.add(candidate);
      allDependencyUrns(candidate).forEach((urn) => urns.add(urn));
    }
  }
  return found;
}

/** What the resource depends on directly; a component stands for everything below it, too. */
function dependenciesOf(resource: ResourceState, resources: readonly ResourceState[]): Set<ResourceState> {
  const urns = dependencyUrns(resource).add(providerUrn(resource));
  const components = new Set<string>();
  const dependencies = new Set<ResourceState>();
  for (const candidate of resources.slice(0, resources.indexOf(resource))) {
    const isBelow = components.has(candidate.parent);
    if (isBelow || (urns.has(candidate.urn) && !candidate.custom)) components.add(candidate.urn);
    if (isBelow || urns.has(candidate.urn) || candidate.urn === resource.parent) dependencies.add(candidate);
  }
  return dependencies;
}

/**
 * Puts deletions in waves: a wave may run in parallel, and begins when the one before it is done. The first resources
 * to be deleted are those farthest from the roots, so a resource that nothing depends on is still deleted *last* if
 * it depends on nothing itself. Source: `ScheduleDeletes` in pkg/resource/deploy/step_generator.go.
 */
export function deletionWaves(
  condemned: Iterable<ResourceState>,
  resources: readonly ResourceState[],
): ResourceState[][] {
  const remaining = new Set(condemned);
  const dependencies = new Map([...remaining].map((resource) => [resource, dependenciesOf(resource, resources)]));
  const waves: ResourceState[][] = [];
  while (remaining.size > 0) {
    const wave = [...remaining].filter((resource) =>
      [...(dependencies.get(resource) ?? [])].every((dependency) => !remaining.has(dependency)),
    );
    if (wave.length === 0) throw new Error("the state is not sorted: its dependencies form a circle");
    wave.forEach((resource) => remaining.delete(resource));
    waves.unshift(wave);
  }
  return waves;
}

/**
 * The resources of a snapshot after a refresh: what is gone is left out, and so is every mention of it.
 * Source: `rebuildBaseState` in pkg/resource/deploy/deployment_executor.go of pulumi/pulumi.
 */
export function afterRefresh(
  resources: readonly ResourceState[],
  refreshed: ReadonlyMap<ResourceState, ResourceState | undefined>,
): ResourceState[] {
  const kept = resources.flatMap((before) => (refreshed.has(before) ? (refreshed.get(before) ?? []) : before));
  const remaining = new Set(kept.map(({ urn }) => urn));
  const parents = new Map([...refreshed.keys()].map(({ urn, parent }) => [urn, parent]));
  /** Of what is gone, the nearest ancestor that is still there. */
  const heirOf = (urn: string): string =>
    urn === "" || remaining.has(urn) || !parents.has(urn) ? urn : heirOf(parents.get(urn) ?? "");
  const present = new Set<string>();
  return kept.map((state) => {
    const isPresent = (urn: string): boolean => present.has(urn);
    const rewritten = {
      ...state,
      parent: heirOf(state.parent),
      dependencies: state.dependencies.filter(isPresent),
      propertyDependencies: mapValues(state.propertyDependencies, (urns) => urns?.filter(isPresent) ?? []),
    };
    present.add(state.urn);
    return rewritten;
  });
}
