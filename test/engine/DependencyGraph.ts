/**
 * Who depends on whom in a list of resources that is sorted topologically, as a snapshot is. One URN may stand for
 * several resources (the old one and its replacement), so an edge leads to entries *before* the dependent one only.
 * Source: pkg/resource/graph/dependency_graph.go of pulumi/pulumi.
 */
import { allDependencyUrns, dependencyUrns, providerUrn, ResourceState } from "./ResourceState";

export class DependencyGraph {
  private readonly index: Map<ResourceState, number>;

  constructor(private readonly resources: readonly ResourceState[]) {
    this.index = new Map(resources.map((resource, position) => [resource, position]));
  }

  contains(resource: ResourceState): boolean {
    return this.index.has(resource);
  }

  /** Everything that depends on the resource, directly or not, in topological order. */
  dependingOn(resource: ResourceState, options: { ignore?: ReadonlySet<string>; children?: boolean }): ResourceState[] {
    const dependents: ResourceState[] = [];
    const urns = new Set([resource.urn]);
    for (const candidate of this.resources.slice(this.positionOf(resource) + 1)) {
      if (options.ignore?.has(candidate.urn)) {
        continue;
      }
      const reasons = dependencyUrns(candidate).add(providerUrn(candidate));
      if (options.children === true) {
        reasons.add(candidate.parent);
      }
      if ([...reasons].some((urn) => urns.has(urn))) {
        dependents.push(candidate);
        urns.add(candidate.urn);
      }
    }
    return dependents;
  }

  /** What the resource depends on directly; a component stands for everything below it, too. */
  dependenciesOf(resource: ResourceState): Set<ResourceState> {
    const urns = dependencyUrns(resource).add(providerUrn(resource));
    const earlier = this.resources.slice(0, this.positionOf(resource));
    const dependencies = new Set<ResourceState>();
    for (const candidate of earlier) {
      if (urns.has(candidate.urn)) {
        dependencies.add(candidate);
        if (!candidate.custom) {
          this.descendantsOf(candidate.urn, earlier).forEach((descendant) => dependencies.add(descendant));
        }
      } else if (candidate.urn === resource.parent) {
        dependencies.add(candidate);
      }
    }
    return dependencies;
  }

  transitiveDependenciesOf(resource: ResourceState): Set<ResourceState> {
    const found = new Set<ResourceState>();
    const frontier = [resource];
    for (let next = frontier.pop(); next !== undefined; next = frontier.pop()) {
      const urns = allDependencyUrns(next);
      for (const candidate of this.resources.slice(0, this.positionOf(next))) {
        if (urns.has(candidate.urn) && !found.has(candidate)) {
          found.add(candidate);
          frontier.push(candidate);
        }
      }
    }
    return found;
  }

  /**
   * Puts deletions in waves: a wave may run in parallel, and begins when the one before it is done. The first resources
   * to be deleted are those farthest from the roots, so a resource that nothing depends on is still deleted *last* if
   * it depends on nothing itself. Source: `ScheduleDeletes` in pkg/resource/deploy/step_generator.go.
   */
  deletionWaves(condemned: Iterable<ResourceState>): ResourceState[][] {
    const remaining = new Set(condemned);
    const dependencies = new Map([...remaining].map((resource) => [resource, [...this.dependenciesOf(resource)]]));
    const waves: ResourceState[][] = [];
    while (remaining.size > 0) {
      const wave = [...remaining].filter((resource) =>
        dependencies.get(resource)?.every((dependency) => !remaining.has(dependency)),
      );
      if (wave.length === 0) {
        throw new Error("the state is not sorted: its dependencies form a circle");
      }
      wave.forEach((resource) => remaining.delete(resource));
      waves.unshift(wave);
    }
    return waves;
  }

  private descendantsOf(urn: string, among: readonly ResourceState[]): ResourceState[] {
    const urns = new Set([urn]);
    return among.filter((candidate) => {
      if (!urns.has(candidate.parent)) {
        return false;
      }
      urns.add(candidate.urn);
      return true;
    });
  }

  private positionOf(resource: ResourceState): number {
    const position = this.index.get(resource);
    if (position === undefined) {
      throw new Error(`${resource.urn} is not part of the dependency graph`);
    }
    return position;
  }
}
