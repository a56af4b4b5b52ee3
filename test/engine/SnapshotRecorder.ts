/**
 * Keeps the state on disk one step behind the world, never more: what an operation is about to do is written before it
 * is done (`pending_operations`), what it has done right after. A snapshot is what this deployment has made so far, then
 * whatever is left of the one before, so it stays sorted. Source: pkg/backend/snapshot.go of pulumi/pulumi.
 */
import { deepEquals } from "./PropertyValue";
import { OperationType, PendingOperation, ResourceState } from "./ResourceState";
import { Snapshot } from "./StateFile";
import { DeploymentStep, RefreshStep, SameStep } from "./steps";
import { mapValues } from "./wire";
import { splitProviderReference } from "./Urn";

export class SnapshotRecorder {
  private readonly done = new Set<ResourceState>();
  private readonly made: ResourceState[] = [];
  private readonly pending = new Map<ResourceState, OperationType>();
  private unwritten = true;

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
    const operation = pendingOperationOf(step);
    if (operation !== undefined) {
      this.pending.set(step.resource, operation);
      this.write();
    }
  }

  /** @param recorded whether something has happened; true for a failure that leaves a resource behind, too */
  end(step: DeploymentStep, recorded: boolean): void {
    this.pending.delete(step.resource);
    if (!recorded) {
      this.write();
      return;
    }
    switch (step.op) {
      case "same":
        this.endSame(step);
        return;
      case "create":
      case "create-replacement":
        this.add(step.next);
        if (step.old?.pendingReplacement === true) {
          this.remove(step.old);
        }
        break;
      case "update":
      case "read":
      case "read-replacement":
      case "import":
        this.remove(step.op === "read-replacement" ? undefined : step.old);
        this.add(step.next);
        break;
      case "delete":
      case "delete-replaced":
      case "discard":
      case "discard-replaced":
        if (!step.resource.pendingReplacement) {
          this.remove(step.resource);
        }
        break;
      case "remove-pending-replace":
        this.remove(step.resource);
        break;
      case "refresh":
        // Those in front of everything rewrite the base and are written with the first change.
        if (!(step instanceof RefreshStep && step.persisted)) {
          this.unwritten = true;
          return;
        }
        this.remove(step.old);
        this.add(step.next);
        break;
      case "replace":
        return;
    }
    this.write();
  }

  /** A component, or the stack, has said what its outputs are. */
  outputsRegistered(step: DeploymentStep): void {
    if (step.old === undefined || step.next === undefined || !deepEquals(step.old.outputs, step.next.outputs)) {
      this.write();
    } else {
      this.unwritten = true;
    }
  }

  /** Writes what was put off. */
  finish(): void {
    if (this.unwritten) {
      this.save?.(this.snapshot());
    }
  }

  snapshot(): Snapshot {
    const resources = [...this.made, ...this.base.resources].filter((state) => !this.done.has(state));
    const pendingOperations: PendingOperation[] = [...this.pending].map(([resource, type]) => ({ resource, type }));
    // Whether an interrupted creation has made something is for a person to find out.
    const interrupted = this.base.pendingOperations.filter(({ type }) => type === "creating");
    return {
      resources: withoutAliases(resources),
      pendingOperations: [...pendingOperations, ...interrupted],
    };
  }

  private endSame(step: DeploymentStep): void {
    if (step instanceof SameStep && step.kind === "skippedCreate") {
      return;
    }
    this.remove(step.old);
    this.add(step.next);
    if (step.old !== undefined && step.next !== undefined && isSameOnDisk(step.old, step.next)) {
      this.unwritten = true;
    } else {
      this.write();
    }
  }

  private add(state: ResourceState | undefined): void {
    if (state !== undefined) {
      this.made.push(state);
    }
  }

  private remove(state: ResourceState | undefined): void {
    if (state !== undefined) {
      this.done.add(state);
    }
  }

  private write(): void {
    if (this.everyStep) {
      this.save?.(this.snapshot());
      this.unwritten = false;
    } else {
      this.unwritten = true;
    }
  }
}

function pendingOperationOf(step: DeploymentStep): OperationType | undefined {
  switch (step.op) {
    case "create":
    case "create-replacement":
      return "creating";
    case "update":
      return "updating";
    case "delete":
    case "delete-replaced":
    case "discard":
    case "discard-replaced":
      return "deleting";
    case "read":
    case "read-replacement":
      return "reading";
    case "import":
      return "importing";
    case "same":
    case "replace":
    case "refresh":
    case "remove-pending-replace":
      return undefined;
  }
}

/** Source positions and init errors are not worth a write. */
function isSameOnDisk(old: ResourceState, next: ResourceState): boolean {
  const essence = ({
    inputs: _inputs,
    outputs: _outputs,
    dependencies,
    initErrors: _initErrors,
    sourcePosition: _sourcePosition,
    stackTrace: _stackTrace,
    aliases: _aliases,
    ...rest
  }: ResourceState): string => JSON.stringify({ ...rest, dependencies: [...dependencies].sort() });
  return essence(old) === essence(next) && deepEquals(old.inputs, next.inputs) && deepEquals(old.outputs, next.outputs);
}

/** Whatever still names a resource by a former URN names it by the present one. */
function withoutAliases(resources: ResourceState[]): ResourceState[] {
  const present = new Map(resources.flatMap(({ urn, aliases }) => aliases.map((alias) => [alias, urn] as const)));
  if (present.size === 0) {
    return resources;
  }
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
    propertyDependencies: mapValues(state.propertyDependencies, (urns) => urns.map(fix)),
    deletedWith: fix(state.deletedWith),
    provider: state.provider === "" ? "" : fixProvider(state.provider),
  }));
}
