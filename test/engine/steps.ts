/**
 * The steps of Pulumi's engine: what one operation does to one resource. A step is made by the step generator, applied
 * by the step executor, and changes the state it was given (`next`) as it learns more.
 * Source: pkg/resource/deploy/step.go of pulumi/pulumi.
 */
import { Diagnostics } from "./Diagnostics";
import { StepOperation } from "./Engine";
import { changedKeys, deepEquals, PropertyMap } from "./PropertyValue";
import { ProviderRegistry } from "./ProviderRegistry";
import { DiffResult, PartialFailure, ResourceIdentity, ResourceProvider } from "./ResourceProvider";
import { withIgnoredChanges } from "./ignoreChanges";
import { ReadRegistration, Registration, RegistrationResult } from "./registration";
import { ResourceState } from "./ResourceState";
import { isProviderType, nameOf } from "./Urn";
import { unknownSentinel } from "./wire";

/** What steps share within one operation. */
export interface StepContext {
  preview: boolean;
  providers: ProviderRegistry;
  diagnostics: Diagnostics;
}

export abstract class DeploymentStep {
  /** Whether the step is one that a user thinks of; a replacement is one such step and several others. */
  readonly logical: boolean = true;

  constructor(
    readonly op: StepOperation,
    /** The resource that the step is about: the new state, or the old one where there is no new one. */
    readonly resource: ResourceState,
    readonly old: ResourceState | undefined,
    public next: ResourceState | undefined,
  ) {}

  get urn(): string {
    return this.resource.urn;
  }

  /** Steps that Pulumi shows to nobody. */
  get internal(): boolean {
    return isProviderType(this.resource.type);
  }

  abstract apply(): Promise<void>;

  /** The step is done and recorded: whoever waits for it goes on. */
  complete(): void {}

  /** With `--continue-on-error`: the step failed. */
  fail(): void {}

  /** With `--continue-on-error`: something that the step depends on failed. */
  skip(): void {}
}

function identityOf(state: ResourceState): ResourceIdentity {
  return { urn: state.urn, type: state.type, name: nameOf(state.urn) };
}

function now(): string {
  return new Date().toISOString();
}

/** Steps that answer a registration. */
abstract class AnsweringStep extends DeploymentStep {
  protected abstract readonly registration: { settle: (result: RegistrationResult) => void } | undefined;

  override complete(): void {
    this.registration?.settle({ state: this.resource, result: "success" });
  }

  override fail(): void {
    this.registration?.settle({ state: this.resource, result: "failed" });
  }

  override skip(): void {
    this.registration?.settle({ state: this.resource, result: "skipped" });
  }
}

export class SameStep extends AnsweringStep {
  /**
   * @param kind `skippedCreate`: not created because it is no target, and not recorded; `untargeted`: left as it is
   */
  constructor(
    private readonly context: StepContext,
    protected readonly registration: Registration | undefined,
    old: ResourceState,
    next: ResourceState,
    readonly kind: "same" | "untargeted" | "skippedCreate" = "same",
  ) {
    super("same", next, old, next);
  }

  override async apply(): Promise<void> {
    const { old, resource } = this;
    if (this.kind === "skippedCreate" || old === undefined) {
      return;
    }
    resource.id = old.id;
    resource.outputs = old.outputs;
    resource.created = old.created;
    resource.modified = old.modified;
    if (isProviderType(resource.type) && this.kind === "same") {
      await this.context.providers.same({ ...resource, inputs: old.inputs }, { checked: true });
    }
  }
}

export class CreateStep extends AnsweringStep {
  override readonly logical: boolean;

  /** @param replacement of what, and whether the old one is still there and has to be deleted later */
  constructor(
    private readonly context: StepContext,
    protected readonly registration: Registration,
    private readonly created: ResourceState,
    private readonly replacement?: { old: ResourceState; pendingDelete: boolean; keys: string[] },
  ) {
    super(replacement === undefined ? "create" : "create-replacement", created, replacement?.old, created);
    this.logical = replacement === undefined;
  }

  override async apply(): Promise<void> {
    const { created } = this;
    let partialFailure: PartialFailure | undefined;
    if (created.custom) {
      try {
        const { id, outputs } = await this.createIn(this.context.providers.forResource(created));
        Object.assign(created, { id, outputs });
      } catch (error) {
        if (!(error instanceof PartialFailure)) {
          throw error;
        }
        partialFailure = error;
        Object.assign(created, { id: error.id, outputs: error.outputs, initErrors: error.reasons });
      }
    }
    created.created = created.modified = now();
    if (this.replacement?.pendingDelete === true) {
      this.replacement.old.delete = true;
    }
    if (partialFailure !== undefined) {
      throw partialFailure;
    }
  }

  /** The dynamic provider knows no previews: what is to be created has its inputs as outputs, and no id. */
  private async createIn(provider: ResourceProvider): Promise<{ id: string; outputs: PropertyMap }> {
    return this.context.preview && !isProviderType(this.created.type)
      ? { id: "", outputs: { ...this.created.inputs } }
      : provider.create(identityOf(this.created), this.created.inputs);
  }
}

export class UpdateStep extends AnsweringStep {
  constructor(
    private readonly context: StepContext,
    protected readonly registration: Registration,
    private readonly before: ResourceState,
    private readonly after: ResourceState,
  ) {
    super("update", after, before, after);
  }

  override async apply(): Promise<void> {
    const { before, after } = this;
    after.id = before.id;
    after.created = before.created;
    after.modified = before.modified;
    if (!after.custom) {
      return;
    }
    try {
      after.outputs = await this.updateIn(this.context.providers.forResource(after));
      after.modified = now();
    } catch (error) {
      if (error instanceof PartialFailure) {
        // What the provider could not finish was not updated "with these inputs": the old ones stay, so that the next
        // operation sees the difference again.
        Object.assign(after, { outputs: error.outputs, initErrors: error.reasons, inputs: { ...before.inputs } });
        after.modified = now();
      }
      throw error;
    }
  }

  private async updateIn(provider: ResourceProvider): Promise<PropertyMap> {
    const { before, after } = this;
    return this.context.preview && !isProviderType(after.type)
      ? { ...after.inputs }
      : provider.update(identityOf(after), before.id, before.inputs, before.outputs, after.inputs);
  }
}

export class DeleteStep extends DeploymentStep {
  override readonly logical: boolean;

  /**
   * @param replacing `afterwards`: the replacement exists already; `first`: it is created next
   * @param deleted URNs of everything that this operation deletes, for `deletedWith`
   */
  constructor(
    private readonly context: StepContext,
    private readonly condemned: ResourceState,
    private readonly deleted: ReadonlySet<string>,
    private readonly replacing: "no" | "first" | "afterwards" = "no",
  ) {
    super(
      condemned.external
        ? replacing === "no"
          ? "discard"
          : "discard-replaced"
        : replacing === "no"
          ? "delete"
          : "delete-replaced",
      condemned,
      condemned,
      undefined,
    );
    this.logical = replacing === "no";
  }

  override async apply(): Promise<void> {
    const { condemned } = this;
    if (this.replacing === "no" && condemned.protect) {
      throw new ProtectedResourceError(condemned.urn);
    }
    const left =
      this.context.preview ||
      !condemned.custom ||
      condemned.external ||
      condemned.retainOnDelete ||
      this.deleted.has(condemned.deletedWith);
    if (!left) {
      await this.context.providers
        .forResource(condemned)
        .delete(identityOf(condemned), condemned.id, condemned.inputs, condemned.outputs);
    }
    if (this.replacing === "first") {
      condemned.pendingReplacement = true;
    }
  }
}

/** Does not stop the operation: nothing was attempted, so the rest can still be reported. */
export class ProtectedResourceError extends Error {
  constructor(urn: string) {
    super(
      `resource "${urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, ` +
        "either remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`, " +
        `or use the command:\n\`pulumi state unprotect '${urn}'\``,
    );
  }
}

/** The old resource was deleted before its replacement was to be created, and now the program does not want it any more. */
export class RemovePendingReplaceStep extends DeploymentStep {
  override readonly logical = false;

  constructor(old: ResourceState) {
    super("remove-pending-replace", old, old, undefined);
  }

  override get internal(): boolean {
    return true;
  }

  override async apply(): Promise<void> {}
}

/** Does nothing: it stands for the creation, the deletion and whatever comes between them. */
export class ReplaceStep extends DeploymentStep {
  constructor(
    old: ResourceState,
    next: ResourceState,
    readonly keys: string[],
  ) {
    super("replace", next, old, next);
  }

  override async apply(): Promise<void> {}
}

/** Runs in previews, too. */
export class ReadStep extends AnsweringStep {
  override readonly logical: boolean;

  constructor(
    private readonly context: StepContext,
    protected readonly registration: ReadRegistration,
    old: ResourceState | undefined,
    private readonly found: ResourceState,
    private readonly replacing: boolean,
  ) {
    super(replacing ? "read-replacement" : "read", found, old, found);
    this.logical = !replacing;
  }

  override async apply(): Promise<void> {
    const { found, old } = this;
    if (found.id !== unknownSentinel) {
      const result = await this.context.providers
        .forResource(found)
        .read(identityOf(found), found.id, found.inputs, found.inputs);
      if (result.id === "") {
        throw new Error(`resource '${found.id}' does not exist`);
      }
      found.outputs = result.outputs;
      found.id = result.id;
    }
    if (this.replacing && old !== undefined) {
      old.delete = true;
    }
    found.created = old?.created;
    found.modified =
      old === undefined || (deepEquals(old.inputs, found.inputs) && deepEquals(old.outputs, found.outputs))
        ? old?.modified
        : now();
  }
}

/** Asks the provider what has become of a resource. */
export class RefreshStep extends DeploymentStep {
  override readonly logical = false;
  /** What the provider has found: nothing new, something else, or nothing at all. */
  found: "same" | "update" | "delete" = "same";
  /** Top-level keys of the outputs that differ. */
  changes: string[] = [];

  /** @param continuation of a refresh that a program takes part in, with the new state; `undefined` if it is gone */
  constructor(
    private readonly context: StepContext,
    private readonly before: ResourceState,
    private readonly continuation?: { go: (state: ResourceState | undefined) => void; fail: (error: Error) => void },
  ) {
    super("refresh", before, before, before);
  }

  /** Done at once, in front of the program's own registration, so it is recorded like any other step. */
  get persisted(): boolean {
    return this.continuation !== undefined;
  }

  override get internal(): boolean {
    return super.internal || (this.persisted && !this.before.custom);
  }

  override async apply(): Promise<void> {
    const { before, context } = this;
    if (!before.custom || isProviderType(before.type) || before.pendingReplacement) {
      this.next = this.persisted ? { ...before } : before;
      return;
    }
    const provider = context.providers.forResource(before);
    const read = await provider.read(identityOf(before), before.id, before.inputs, before.outputs);
    if (read.id === "") {
      this.next = undefined;
      this.found = "delete";
      return;
    }
    const after = {
      ...before,
      id: read.id,
      initErrors: [],
      inputs: read.inputs ?? before.inputs,
      outputs: read.outputs,
    };
    if (!deepEquals(after.inputs, before.inputs) || !deepEquals(after.outputs, before.outputs)) {
      after.modified = now();
    }
    this.next = after;
    this.changes = changedKeys(before.outputs, after.outputs);
    this.found = (await this.differs(provider, after)) ? "update" : "same";
  }

  override complete(): void {
    this.continuation?.go(this.next);
  }

  override fail(): void {
    this.continuation?.fail(new Error(`${this.urn} could not be refreshed`));
  }

  /** Not "is anything else in the outputs?" but "would an unchanged program change it back?" */
  private async differs(provider: ResourceProvider, after: ResourceState): Promise<boolean> {
    if (this.before.external) {
      return !deepEquals(this.before.outputs, after.outputs);
    }
    const { before } = this;
    return (
      (await diffResource(provider, after, after.inputs, after.outputs, before.inputs, before.ignoreChanges))
        .changes === "some"
    );
  }
}

/** Of a dynamic resource this always fails: neither state nor inputs are sent, so the provider's code is missing. */
export class ImportStep extends DeploymentStep {
  constructor(
    private readonly context: StepContext,
    private readonly imported: ResourceState,
  ) {
    super("import", imported, undefined, imported);
  }

  override async apply(): Promise<void> {
    const provider = this.context.providers.forResource(this.imported);
    await provider.read(identityOf(this.imported), this.imported.importId, undefined, undefined);
    throw new Error("this engine cannot import: the Pulumi CLI can");
  }
}

/** The provider's opinion or, if it has none, a comparison of the inputs. */
export async function diffResource(
  provider: ResourceProvider,
  old: Pick<ResourceState, "urn" | "type" | "id">,
  oldInputs: PropertyMap,
  oldOutputs: PropertyMap,
  newInputs: PropertyMap,
  ignored: string[],
): Promise<DiffResult> {
  const identity = { urn: old.urn, type: old.type, name: nameOf(old.urn) };
  const diff = await provider.diff(identity, old.id, oldInputs, oldOutputs, newInputs);
  if (diff.changes !== "unknown") {
    return diff;
  }
  const changes = changedKeys(oldInputs, withIgnoredChanges(newInputs, oldInputs, ignored).inputs);
  return { ...diff, changes: changes.length > 0 ? "some" : "none", changedKeys: changes };
}
