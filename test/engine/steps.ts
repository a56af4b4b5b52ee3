/**
 * The steps of Pulumi's engine: what one operation does to one resource. A step is made by the step generator, applied
 * by the step executor, and changes the state it was given (`next`) as it learns more.
 * Source: pkg/resource/deploy/step.go of pulumi/pulumi.
 */
import { randomUUID } from "node:crypto";
import { type Step, type StepOperation } from "./Engine";
import { changedKeys, containsSecrets, isSecret, type PropertyMap, secret, unknown } from "./properties";
import { PartialFailure } from "./ProviderProcess";
import { type Providers } from "./Providers";
import type { ResourceHooks } from "./ResourceHooks";
import { type ResourceState } from "./ResourceState";
import { isProviderType, stackReferenceType } from "./Urn";

export type Severity = "info" | "warning" | "error";

/** @param urn of the resource that this is about; empty: the operation as a whole */
export type Say = (urn: string, severity: Severity, message: string) => void;

/** What steps share within one operation. */
export interface StepContext {
  preview: boolean;
  providers: Providers;
  hooks: ResourceHooks;
  say: Say;
  /** For stack references. */
  outputsOf: (stackName: string) => Promise<PropertyMap>;
}

/** What the program is told of a resource that it has registered. */
export interface RegistrationResult {
  state: ResourceState;
  /** Other than `success` only with `--continue-on-error`: the program goes on without the outputs. */
  result: "success" | "failed" | "skipped";
}

export type Answer = (result: RegistrationResult) => void;

interface StepOptions {
  apply?: (step: DeploymentStep) => Promise<void>;
  /** Tells the program. */
  answer?: Answer | undefined;
  /** What the step leads to is not recorded. */
  isUnrecorded?: boolean;
}

export class DeploymentStep {
  /** Of a refresh: what the provider has found. */
  found: NonNullable<Step["found"]> = "same";
  /** Of a deletion; see `Step.wave`. */
  wave: number | undefined;

  constructor(
    readonly op: StepOperation,
    readonly old: ResourceState | undefined,
    public next: ResourceState | undefined,
    private readonly options: StepOptions = {},
  ) {}

  /** The resource that the step is about: the new state, or the old one where there is no new one. */
  get resource(): ResourceState {
    return (this.next ?? this.old)!;
  }

  get urn(): string {
    return this.resource.urn;
  }

  get isRecorded(): boolean {
    return this.options.isUnrecorded !== true;
  }

  async apply(): Promise<void> {
    try {
      await this.options.apply?.(this);
    } finally {
      if (this.next !== undefined && this.op !== "replace") markSecretOutputs(this.next);
    }
  }

  answer(result: RegistrationResult["result"]): void {
    this.options.answer?.({ state: this.resource, result });
  }
}

/** Outputs that were declared secret, and those with the name of a secret input. */
function markSecretOutputs(state: ResourceState): void {
  const secretInputs = Object.keys(state.inputs).filter((key) => isSecret(state.inputs[key]));
  for (const key of [...state.additionalSecretOutputs, ...secretInputs]) {
    const output = state.outputs[key];
    if (output !== undefined && !isSecret(output)) state.outputs = { ...state.outputs, [key]: secret(output) };
  }
}

export function same(context: StepContext, old: ResourceState, next: ResourceState, answer?: Answer): DeploymentStep {
  const apply = async (): Promise<void> => {
    Object.assign(next, { id: old.id, outputs: old.outputs });
    if (isProviderType(next.type)) await context.providers.configure(`${next.urn}::${old.id}`, next.inputs);
  };
  return new DeploymentStep("same", old, next, { apply, answer });
}

/** Not created, because it is no target or the operation creates nothing; shown as unchanged. */
export function skippedCreate(next: ResourceState, answer: Answer): DeploymentStep {
  return new DeploymentStep("same", next, next, { answer, isUnrecorded: true });
}

/** Not a target: it stays as it is. */
export function untouched(old: ResourceState, answer?: Answer): DeploymentStep {
  return new DeploymentStep("same", old, { ...old }, { answer });
}

/** @param replaced is still there, and has to be deleted later */
export function create(
  context: StepContext,
  next: ResourceState,
  answer: Answer,
  replaced?: ResourceState,
): DeploymentStep {
  const apply = async (): Promise<void> => {
    await context.hooks.run("BeforeCreate", next);
    const made = (result: Partial<ResourceState>): void => {
      Object.assign(next, result);
      if (replaced !== undefined) replaced.delete = true;
    };
    try {
      made(await createIn(context, next));
    } catch (error) {
      if (error instanceof PartialFailure) made({ id: error.id, outputs: error.outputs, initErrors: error.reasons });
      throw error;
    }
  };
  const op = replaced === undefined ? "create" : "create-replacement";
  return new DeploymentStep(op, replaced, next, { apply, answer });
}

async function createIn(
  { preview, providers }: StepContext,
  next: ResourceState,
): Promise<Partial<Pick<ResourceState, "id" | "outputs">>> {
  if (isProviderType(next.type)) {
    const id = preview ? unknown : randomUUID();
    await providers.configure(`${next.urn}::${id}`, next.inputs);
    return { id, outputs: next.inputs };
  }
  if (!next.custom) return {};
  // The dynamic provider knows no previews: what is to be created has its inputs as outputs, and no id.
  return preview ? { id: "", outputs: { ...next.inputs } } : (await providers.of(next)).create(next);
}

export function update(context: StepContext, old: ResourceState, next: ResourceState, answer: Answer): DeploymentStep {
  const apply = async (): Promise<void> => {
    next.id = old.id;
    if (!next.custom) return;
    try {
      next.outputs = await updateIn(context, old, next);
    } catch (error) {
      if (error instanceof PartialFailure) {
        // What the provider could not finish was not updated "with these inputs": the old ones stay, so that the next
        // operation sees the difference again.
        const { outputs, reasons } = error;
        Object.assign(next, { outputs, initErrors: reasons, inputs: { ...old.inputs } });
      }
      throw error;
    }
  };
  return new DeploymentStep("update", old, next, { apply, answer });
}

async function updateIn(
  { preview, providers }: StepContext,
  old: ResourceState,
  next: ResourceState,
): Promise<PropertyMap> {
  if (isProviderType(next.type)) {
    await providers.configure(`${next.urn}::${old.id}`, next.inputs);
    return next.inputs;
  }
  return preview ? { ...next.inputs } : (await providers.of(next)).update(old, next.inputs);
}

/** Stands for the creation of the replacement, the deletion of the original and whatever comes between them. */
export function replace(old: ResourceState, next: ResourceState): DeploymentStep {
  return new DeploymentStep("replace", old, next, { isUnrecorded: true });
}

/** What was only read is discarded; what is marked as replaced already has its replacement. */
export function remove({ preview, providers, hooks }: StepContext, condemned: ResourceState): DeploymentStep {
  const { custom, external, protect, type, urn } = condemned;
  const apply = async (): Promise<void> => {
    await hooks.run("BeforeDelete", condemned);
    if (protect && !condemned.delete) throw new ProtectedResourceError(urn);
    if (custom && !external && !isProviderType(type) && !preview) {
      await (await providers.of(condemned)).delete(condemned);
    }
  };
  const op = condemned.delete ? "delete-replaced" : external ? "discard" : "delete";
  return new DeploymentStep(op, condemned, undefined, { apply });
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

/** Runs in previews, too. */
export function read(
  context: StepContext,
  old: ResourceState | undefined,
  found: ResourceState,
  answer: Answer,
): DeploymentStep {
  const apply = async (): Promise<void> => {
    if (found.id !== unknown) {
      const result = await readFrom(context, found, found.inputs);
      if (result === undefined) throw new Error(`resource '${found.id}' does not exist`);
      Object.assign(found, { id: result.id, outputs: result.outputs });
    }
  };
  return new DeploymentStep("read", old, found, { apply, answer });
}

/** A stack reference reads the outputs of a stack in the same state directory, as it was when last deployed. */
async function readFrom(
  { providers, outputsOf }: StepContext,
  resource: ResourceState,
  state: PropertyMap,
): Promise<Pick<ResourceState, "id" | "inputs" | "outputs"> | undefined> {
  if (resource.type !== stackReferenceType) return (await providers.of(resource)).read(resource, state);
  const { id, inputs } = resource;
  const name = typeof inputs["name"] === "string" ? inputs["name"] : id;
  const outputs = await outputsOf(name);
  const secretOutputNames = Object.entries(outputs).flatMap(([key, value]) => (containsSecrets(value) ? [key] : []));
  return { id, inputs, outputs: { name, outputs, secretOutputNames: secretOutputNames.sort() } };
}

/** Asks the provider what has become of a resource. */
export function refresh(
  context: StepContext,
  before: ResourceState,
  options: Pick<StepOptions, "answer" | "isUnrecorded">,
): DeploymentStep {
  const apply = async (step: DeploymentStep): Promise<void> => {
    if (!before.custom || isProviderType(before.type)) return;
    const result = await readFrom(context, before, before.outputs);
    if (result === undefined) {
      step.next = undefined;
      step.found = "delete";
      return;
    }
    const after = { ...before, ...result, initErrors: [] };
    step.next = after;
    // Not "is anything else in the outputs?" but "would an unchanged program change it back?"
    const isChanged = before.external
      ? changedKeys(before.outputs, after.outputs).length > 0
      : (await (await context.providers.of(before)).diff(after, before.inputs)).isChanged;
    step.found = isChanged ? "update" : "same";
  };
  return new DeploymentStep("refresh", before, before, { apply, ...options });
}
