/**
 * Keeps the state on disk one step behind the world, never more: what an operation is about to do is written before it
 * is done (`pending_operations`), what it has done right after. A snapshot is what this deployment has made so far, then
 * whatever is left of the one before, so it stays sorted. Source: pkg/backend/snapshot.go of pulumi/pulumi.
 */
import { isDeepStrictEqual } from "node:util";
import { afterRefresh } from "./dependencies";
import { type StepOperation } from "./Engine";
import { mapValues } from "./properties";
import { type OperationType, type ResourceState } from "./ResourceState";
import { type Snapshot } from "./StateFile";
import { type DeploymentStep } from "./steps";
import { splitProviderReference } from "./Urn";

const pendingOperations: Partial<Record<StepOperation, OperationType>> = {
  create: "creating",
  "create-replacement": "creating",
  update: "updating",
  delete: "deleting",
  "delete-replaced": "deleting",
  discard: "deleting",
  read: "reading",
};

export class SnapshotRecorder {
  readonly #done = new Set<ResourceState>();
  readonly #made: ResourceState[] = [];
  readonly #pending = new Map<ResourceState, OperationType>();
  #unwritten = true;

  /**
   * @param base the last snapshot; a refresh rewrites its list of resources
   * @param save what writes; absent in a preview
   * @param everyStep false with PULUMI_SKIP_CHECKPOINTS: only the end is written
   */
  constructor(
    private readonly base: Snapshot,
    private readonly save: ((snapshot: Snapshot) => void) | undefined,
    private readonly everyStep: boolean,
  ) {}

  begin(step: DeploymentStep): void {
    const operation = pendingOperations[step.op];
    if (operation !== undefined) {
      this.#pending.set(step.resource, operation);
      this.#write();
    }
  }

  /** @param hasResult whether something has happened; true for a failure that leaves a resource behind, too */
  end(step: DeploymentStep, hasResult: boolean): void {
    const { op, old, next } = step;
    this.#pending.delete(step.resource);
    if (hasResult && step.isRecorded) {
      // A replaced resource is still there, marked as such.
      if (old !== undefined && op !== "create-replacement") this.#done.add(old);
      if (next !== undefined) this.#made.push(next);
    }
    const isWorthWriting =
      op === "same" ? step.isRecorded && !isSameOnDisk(old, next) : pendingOperations[op] !== undefined;
    if (isWorthWriting) {
      this.#write();
    } else {
      this.#unwritten = true;
    }
  }

  /** A component, or the stack, has said what its outputs are. */
  outputsRegistered({ old, next }: DeploymentStep): void {
    if (isDeepStrictEqual(old?.outputs, next?.outputs)) {
      this.#unwritten = true;
    } else {
      this.#write();
    }
  }

  /** Writes what was put off. */
  finish(): void {
    if (this.#unwritten) this.save?.(this.#snapshot());
  }

  /** Takes what this deployment has made and refreshed so far for the snapshot that it began with. */
  rewriteBase(refreshed: ReadonlyMap<ResourceState, ResourceState | undefined>): void {
    const { resources } = this.base;
    resources.splice(0, resources.length, ...afterRefresh(this.#resources(), refreshed));
    this.#made.length = 0;
    this.#done.clear();
    this.#unwritten = true;
  }

  #resources(): ResourceState[] {
    return [...this.#made, ...this.base.resources].filter((state) => !this.#done.has(state));
  }

  #snapshot(): Snapshot {
    // Whether an interrupted creation has made something is for a person to find out.
    const interrupted = this.base.pendingOperations.filter(({ type }) => type === "creating");
    return {
      resources: withoutAliases(this.#resources()),
      pendingOperations: [...[...this.#pending].map(([resource, type]) => ({ resource, type })), ...interrupted],
    };
  }

  #write(): void {
    if (this.everyStep) this.save?.(this.#snapshot());
    this.#unwritten = !this.everyStep;
  }
}

/** Init errors are not worth a write. */
function isSameOnDisk(old: ResourceState | undefined, next: ResourceState | undefined): boolean {
  const essence = (state: ResourceState | undefined): Partial<ResourceState> => ({
    ...state,
    dependencies: [...(state?.dependencies ?? [])].sort(),
    initErrors: [],
    aliases: [],
  });
  return isDeepStrictEqual(essence(old), essence(next));
}

/** Whatever still names a resource by a former URN names it by the present one. */
function withoutAliases(resources: ResourceState[]): ResourceState[] {
  const present = new Map(resources.flatMap(({ urn, aliases }) => aliases.map((alias) => [alias, urn] as const)));
  if (present.size === 0) return resources;
  const fix = (urn: string): string => present.get(urn) ?? urn;
  const fixProvider = (reference: string): string => {
    const { urn, id } = splitProviderReference(reference);
    return `${fix(urn)}::${id}`;
  };
  return resources.map((state) => ({
    ...state,
    urn: fix(state.urn),
    parent: fix(state.parent),
    dependencies: state.dependencies.map(fix),
    propertyDependencies: mapValues(state.propertyDependencies, (urns) => urns?.map(fix) ?? []),
    provider: state.provider === "" ? "" : fixProvider(state.provider),
  }));
}
