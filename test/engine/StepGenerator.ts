/**
 * Decides, one registration after the other, which steps lead from the old state of a resource to what the program
 * wants. Serial, as in Pulumi: `check` and `diff` of one resource are over before those of the next begin.
 * Source: pkg/resource/deploy/step_generator.go of pulumi/pulumi v3.248.0 (later versions also replace a resource together
 * with the one it is `deletedWith`), without plans, policies, views, excludes and hooks.
 */
import { Deferred } from "./Deferred";
import { DependencyGraph } from "./DependencyGraph";
import { withIgnoredChanges } from "./ignoreChanges";
import { changedKeys, PropertyMap, PropertyValue, Secret, Unknown } from "./PropertyValue";
import { Alias, Goal, ReadRegistration, Registration } from "./registration";
import { DiffResult, ResourceProvider } from "./ResourceProvider";
import { allDependencyUrns, newResourceState, ResourceState } from "./ResourceState";
import {
  CreateStep,
  DeleteStep,
  DeploymentStep,
  diffResource,
  ImportStep,
  ReadStep,
  RefreshStep,
  RemovePendingReplaceStep,
  ReplaceStep,
  SameStep,
  StepContext,
  UpdateStep,
} from "./steps";
import { createUrn, isProviderType, nameOf, qualifiedType, stackType, typeOf } from "./Urn";

/** The operation cannot go on, and why has been said already. */
export class Bail extends Error {}

export interface GeneratorOptions {
  project: string;
  stack: string;
  /** `refresh`: nothing is created or changed; `destroy`: what the program registers is deleted in the end. */
  mode: "update" | "refresh" | "destroy";
  /** Refresh a resource when the program registers it (`--refresh --run-program`). */
  refreshRegistered: boolean;
  targets: ReadonlySet<string>;
  replace: ReadonlySet<string>;
}

/** Steps to run in this order, and what to ask for when they are done. */
export interface Generated {
  steps: DeploymentStep[];
  next?: Promise<() => Promise<DeploymentStep[]>>;
}

interface Candidate {
  registration: Registration;
  urn: string;
  old: ResourceState | undefined;
  next: ResourceState;
  /** Something is wrong with it, which was said; other problems of the same resource are still looked for. */
  invalid: boolean;
}

export class StepGenerator {
  sawError = false;
  private readonly urns = new Set<string>();
  private readonly operatedOn = new Set<string>();
  private readonly deletes = new Set<string>();
  /** Deleted in front of a replacement, so not to be deleted again. */
  private readonly deletedEarly = new Set<ResourceState>();
  private readonly dependentReplaceKeys = new Map<string, string[]>();
  private readonly skippedCreates = new Set<string>();
  /** Old URN -> new URN, and back, of resources that were found by an alias. */
  private readonly aliased = new Map<string, string>();
  private readonly formerUrns = new Map<string, string>();
  /** What the program of a destroy has registered. */
  private readonly toDelete: ResourceState[] = [];
  /** By URN, what is not waiting to be deleted; where there are several, the last one. */
  private olds = new Map<string, ResourceState>();

  constructor(
    private readonly context: StepContext,
    private readonly options: GeneratorOptions,
    /** The resources of the last snapshot, in their order; a refresh rewrites them. */
    private readonly previous: ResourceState[],
  ) {
    this.baseChanged();
  }

  /** A refresh has rewritten the resources of the last snapshot. */
  baseChanged(): void {
    this.olds = new Map(this.previous.filter((state) => !state.delete).map((state) => [state.urn, state]));
  }

  hasSeen(urn: string): boolean {
    return this.urns.has(urn);
  }

  read(registration: ReadRegistration): DeploymentStep[] {
    const { goal } = registration;
    const urn = this.claimUrn(goal);
    const { old, alias } = this.findOld(urn, goal);
    if (goal.id === "") {
      throw new Error(`Expected an ID for ${urn}`);
    }
    const found: ResourceState = {
      ...newResourceState({ urn, type: goal.type, custom: true }),
      id: goal.id,
      inputs: goal.properties,
      parent: goal.parent,
      external: true,
      dependencies: goal.dependencies,
      provider: goal.provider,
      additionalSecretOutputs: goal.additionalSecretOutputs,
      aliases: alias === undefined ? [] : [alias],
      sourcePosition: goal.sourcePosition,
      stackTrace: goal.stackTrace,
    };
    this.operatedOn.add(urn);
    if (old !== undefined && !old.external && old.id !== goal.id) {
      return [new ReadStep(this.context, registration, old, found, true), new ReplaceStep(old, found, [])];
    }
    if (this.options.mode === "destroy") {
      this.toDelete.push(found);
    }
    return [new ReadStep(this.context, registration, old, found, false)];
  }

  async register(registration: Registration): Promise<Generated> {
    const { goal } = registration;
    const urn = this.claimUrn(goal);
    const { old, alias, invalid } = this.findOld(urn, goal);
    const next = stateOf(goal, urn, old, alias);
    if (old !== undefined && this.options.refreshRegistered && this.isTargeted(old)) {
      this.operatedOn.add(urn);
      await this.context.providers.ensure(old.provider, this.previous);
      const continuation = new Deferred<ResourceState | undefined>();
      return {
        steps: [new RefreshStep(this.context, old, { go: continuation.resolve, fail: continuation.reject })],
        next: continuation.promise.then((state) => {
          if (state !== undefined) {
            this.previous[this.previous.indexOf(old)] = state;
            this.olds.set(old.urn, state);
          }
          return () => this.generate({ registration, urn, old: state, next, invalid });
        }),
      };
    }
    return { steps: await this.generate({ registration, urn, old, next, invalid }) };
  }

  private async generate(candidate: Candidate): Promise<DeploymentStep[]> {
    const { registration, urn, old, next } = candidate;
    if (this.options.mode !== "update") {
      const steps = this.generateWithoutChanges(candidate);
      if (steps !== undefined) {
        return steps;
      }
    }
    const { goal } = registration;
    const isImport =
      goal.custom &&
      goal.importId !== "" &&
      (old === undefined || old.external || (old.importId || old.id) !== goal.importId);
    if (isImport) {
      return [new ImportStep(this.context, next)];
    }
    const provider = goal.custom ? this.context.providers.forResource(next) : undefined;
    const isTargeted = isProviderType(next.type) || next.type === stackType || this.isTargeted(next);
    const recreating = this.deletes.has(urn);
    const fresh = recreating || old === undefined || old.external || this.isTargetedReplace(urn, old);
    next.inputs =
      provider !== undefined && !isTargeted
        ? (old?.inputs ?? {})
        : await this.check(candidate, provider, fresh ? undefined : old);
    if (candidate.invalid) {
      throw new Bail(`resource ${urn} is invalid`);
    }
    return this.forTargets(await this.chooseSteps(candidate, provider, { isTargeted, recreating }));
  }

  /**
   * A refresh or a destroy that runs the program does so for the sake of current configuration: resources stay as they
   * are, components and providers are dealt with as ever.
   */
  private generateWithoutChanges({ registration, urn, old, next }: Candidate): DeploymentStep[] | undefined {
    const managed = next.custom && !isProviderType(next.type);
    if ([...allDependencyUrns(next)].some((dependency) => this.skippedCreates.has(dependency))) {
      next.outputs = old?.outputs ?? {};
      return this.skipCreate(registration, old, next);
    }
    if (managed && old === undefined) {
      return this.skipCreate(registration, old, next);
    }
    if (this.options.mode === "refresh") {
      if (managed && old !== undefined) {
        registration.settle({ state: old, result: "success" });
        return [];
      }
      return undefined;
    }
    if (managed && old !== undefined) {
      next.inputs = old.inputs;
      this.operatedOn.add(urn);
      this.toDelete.push(next);
      return [new SameStep(this.context, registration, old, next)];
    }
    this.toDelete.push(next);
    return undefined;
  }

  /** @param old if there is one, it is not "operated on": a destroy still has to delete it */
  private skipCreate(
    registration: Registration,
    old: ResourceState | undefined,
    next: ResourceState,
  ): DeploymentStep[] {
    if (old === undefined) {
      this.operatedOn.add(next.urn);
    }
    this.skippedCreates.add(next.urn);
    return [new SameStep(this.context, registration, next, next, "skippedCreate")];
  }

  /** @param old to be considered; absent if the old inputs say nothing about the new ones, as in a replacement */
  private async check(
    candidate: Candidate,
    provider: ResourceProvider | undefined,
    old: ResourceState | undefined,
  ): Promise<PropertyMap> {
    const { registration, urn, next } = candidate;
    const { properties, ignoreChanges } = registration.goal;
    const news = old === undefined ? properties : this.ignoring(urn, properties, old, ignoreChanges);
    if (provider === undefined) {
      return news;
    }
    const { inputs, failures } = await provider.check(identityOf(next), old?.inputs ?? {}, news);
    for (const { property, reason } of failures) {
      this.context.diagnostics.error(
        urn,
        property === ""
          ? `${next.type} resource '${nameOf(urn)}' has a problem: ${reason}`
          : `${next.type} resource '${nameOf(urn)}': property ${property} value ${show(inputs[property])} has a problem: ${reason}`,
      );
    }
    candidate.invalid ||= failures.length > 0;
    return inputs;
  }

  private ignoring(urn: string, inputs: PropertyMap, old: ResourceState, paths: string[]): PropertyMap {
    const result = withIgnoredChanges(inputs, old.inputs, paths);
    if (result.invalid.length > 0) {
      this.context.diagnostics.info(
        urn,
        `cannot ignore changes in added or removed elements of the path: "${result.invalid.join(", ")}"`,
      );
    }
    return result.inputs;
  }

  private async chooseSteps(
    candidate: Candidate,
    provider: ResourceProvider | undefined,
    { isTargeted, recreating }: { isTargeted: boolean; recreating: boolean },
  ): Promise<DeploymentStep[]> {
    const { registration, urn, old, next } = candidate;
    if (old === undefined) {
      if (!isTargeted) {
        return this.skipCreate(registration, old, next);
      }
      this.operatedOn.add(urn);
      return [new CreateStep(this.context, registration, next)];
    }
    if (recreating) {
      // It was deleted because something that it depends on had to be deleted first.
      this.deletes.delete(urn);
      this.operatedOn.add(urn);
      const keys = this.dependentReplaceKeys.get(urn) ?? [];
      return [
        new ReplaceStep(old, next, keys),
        new CreateStep(this.context, registration, next, { old, pendingDelete: false, keys }),
      ];
    }
    this.operatedOn.add(urn);
    if (old.external) {
      // It was somebody else's: ours takes its place.
      return [
        new CreateStep(this.context, registration, next, { old, pendingDelete: true, keys: [] }),
        new ReplaceStep(old, next, []),
      ];
    }
    if (!isTargeted) {
      return this.leave(registration, old);
    }
    const diff = await this.diff(registration.goal, old, next, provider);
    const replaces = diff.replaceKeys.length > 0;
    if (old.pendingReplacement || (diff.changes === "some" && replaces)) {
      return this.replace(candidate, old, provider, diff);
    }
    // Initialisation that failed is tried again, whatever the provider thinks of the inputs.
    return diff.changes === "some" || old.initErrors.length > 0
      ? [new UpdateStep(this.context, registration, old, next)]
      : [new SameStep(this.context, registration, old, next)];
  }

  /** Not a target: it stays as it is, as does everything it needs that the program has not mentioned. */
  private leave(registration: Registration | undefined, old: ResourceState): DeploymentStep[] {
    this.urns.add(old.urn);
    this.operatedOn.add(old.urn);
    const steps: DeploymentStep[] = [];
    for (const urn of allDependencyUrns(old)) {
      const dependency = this.olds.get(urn);
      if (!this.operatedOn.has(this.aliased.get(urn) ?? urn) && dependency !== undefined) {
        steps.push(...this.leave(undefined, dependency));
      }
    }
    return [...steps, new SameStep(this.context, registration, old, { ...old, id: "" }, "untargeted")];
  }

  private async diff(
    goal: Goal,
    old: ResourceState,
    next: ResourceState,
    provider: ResourceProvider | undefined,
  ): Promise<DiffResult> {
    if (this.isTargetedReplace(next.urn, old)) {
      return { changes: "some", replaceKeys: ["id"], changedKeys: [], deleteBeforeReplace: false };
    }
    if (provider === undefined) {
      const changes = changedKeys(old.inputs, next.inputs);
      return {
        changes: changes.length > 0 ? "some" : "none",
        replaceKeys: [],
        changedKeys: [],
        deleteBeforeReplace: false,
      };
    }
    const diff = await diffResource(provider, old, old.inputs, old.outputs, next.inputs, goal.ignoreChanges);
    return diff.changes === "some" ? applyReplaceOnChanges(diff, goal.replaceOnChanges) : diff;
  }

  private async replace(
    candidate: Candidate,
    old: ResourceState,
    provider: ResourceProvider | undefined,
    diff: DiffResult,
  ): Promise<DeploymentStep[]> {
    const { registration, urn, next } = candidate;
    if (old.protect && next.protect) {
      this.refuse(
        urn,
        `unable to replace resource "${urn}"\nas it is currently marked for protection. To unprotect the resource, ` +
          "remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`",
      );
    }
    if (provider !== undefined && !this.isTargetedReplace(urn, old)) {
      // What was checked against the old inputs may have taken defaults from them.
      next.inputs = await this.check(candidate, provider, undefined);
      if (candidate.invalid) {
        throw new Bail(`resource ${urn} has check errors`);
      }
    }
    const keys = diff.replaceKeys;
    if (!(registration.goal.deleteBeforeReplace ?? diff.deleteBeforeReplace)) {
      return [
        new CreateStep(this.context, registration, next, { old, pendingDelete: true, keys }),
        new ReplaceStep(old, next, keys),
      ];
    }
    const steps: DeploymentStep[] = await this.deleteDependents(old, urn);
    await this.context.providers.ensure(old.provider, this.previous);
    if (!old.pendingReplacement) {
      steps.push(new DeleteStep(this.context, old, this.deletes, "first"));
    }
    return [
      ...steps,
      new ReplaceStep(old, next, keys),
      new CreateStep(this.context, registration, next, { old, pendingDelete: false, keys }),
    ];
  }

  /** Whatever could not survive a change of the condemned resource has to be deleted before it, the last one first. */
  private async deleteDependents(condemned: ResourceState, urn: string): Promise<DeploymentStep[]> {
    const steps: DeploymentStep[] = [];
    for (const { dependent, keys } of (await this.dependentReplacements(condemned)).reverse()) {
      if (this.deletedEarly.has(dependent)) {
        continue;
      }
      this.dependentReplaceKeys.set(dependent.urn, keys);
      if (dependent.delete) {
        steps.push(new DeleteStep(this.context, dependent, this.deletes));
      } else {
        if (dependent.protect) {
          this.refuse(
            urn,
            `unable to replace resource "${dependent.urn}" as part of replacing "${urn}" as it is currently marked for ` +
              "protection. To unprotect the resource, remove the `protect` flag from the resource in your Pulumi " +
              `program and run \`pulumi up\`, or use the command:\n\`pulumi state unprotect '${dependent.urn}'\``,
          );
        }
        steps.push(new DeleteStep(this.context, dependent, this.deletes, "first"));
      }
      this.deletes.add(dependent.urn);
      this.deletedEarly.add(dependent);
    }
    return steps;
  }

  /** Dependents of which a change of the root would make a replacement too, in topological order. */
  private async dependentReplacements(root: ResourceState): Promise<{ dependent: ResourceState; keys: string[] }[]> {
    const replaced = new Set([root.urn]);
    const result: { dependent: ResourceState; keys: string[] }[] = [];
    const settled = new Set([...this.operatedOn, ...this.deletes]);
    for (const dependent of new DependencyGraph(this.previous).dependingOn(root, { ignore: settled })) {
      const keys = await this.keysReplacedWith(dependent, replaced);
      if (keys !== undefined) {
        result.push({ dependent, keys });
        replaced.add(dependent.urn);
      }
    }
    return result;
  }

  private async keysReplacedWith(
    dependent: ResourceState,
    replaced: ReadonlySet<string>,
  ): Promise<string[] | undefined> {
    if (!dependent.custom || dependent.external) {
      return undefined;
    }
    const unknowable = Object.keys(dependent.inputs).filter((key) =>
      dependent.propertyDependencies[key]?.some((urn) => replaced.has(urn)),
    );
    if (unknowable.length === 0) {
      return undefined;
    }
    const inputs = { ...dependent.inputs };
    unknowable.forEach((key) => (inputs[key] = Unknown.instance));
    await this.context.providers.ensure(dependent.provider, this.previous);
    const provider = this.context.providers.forResource(dependent);
    const diff = applyReplaceOnChanges(
      await diffResource(provider, dependent, dependent.inputs, dependent.outputs, inputs, dependent.ignoreChanges),
      dependent.replaceOnChanges,
    );
    return diff.replaceKeys.length > 0 ? diff.replaceKeys : undefined;
  }

  /** A preview goes on, so that the user sees all problems at once. */
  private refuse(urn: string, message: string): void {
    this.context.diagnostics.error(urn, message);
    this.sawError = true;
    if (!this.context.preview) {
      throw new Bail(message);
    }
  }

  /** A step that needs something that was not created, because it is no target, cannot be done. */
  private forTargets(steps: DeploymentStep[]): DeploymentStep[] {
    for (const { next, urn } of steps) {
      if (next === undefined || this.skippedCreates.has(urn)) {
        continue;
      }
      for (const dependency of allDependencyUrns(next)) {
        if (this.skippedCreates.has(dependency)) {
          this.refuse(
            urn,
            `Resource '${urn}' depends on '${dependency}' which was was not specified in --target list.`,
          );
          this.skippedCreates.delete(dependency);
        }
      }
    }
    return steps;
  }

  /** `refresh --run-program`: what the program has not mentioned is refreshed in the end. */
  async refreshes(): Promise<RefreshStep[]> {
    const steps: RefreshStep[] = [];
    for (const state of this.previous) {
      if (!this.wasOperatedOn(state.urn) && this.isTargeted(state)) {
        await this.context.providers.ensure(state.provider, this.previous);
        this.operatedOn.add(state.urn);
        steps.push(new RefreshStep(this.context, state));
      }
    }
    return steps;
  }

  /** What is left of the old state when the program has said everything. */
  async deletions(): Promise<{ untouched: DeploymentStep[]; waves: DeploymentStep[][] }> {
    const untouched: DeploymentStep[] = [];
    const steps = new Map<ResourceState, DeploymentStep>();
    const condemnable = this.condemnable();
    for (const state of this.previous) {
      const isOperatedOn = this.wasOperatedOn(state.urn);
      if (condemnable !== undefined && !condemnable.has(state.urn)) {
        if (!isOperatedOn) {
          untouched.push(new SameStep(this.context, undefined, state, { ...state, id: "" }, "untargeted"));
        }
        continue;
      }
      if (state.delete && !this.deletedEarly.has(state)) {
        steps.set(state, new DeleteStep(this.context, state, this.deletes, "afterwards"));
      } else if (!state.delete && !isOperatedOn) {
        steps.set(
          state,
          state.pendingReplacement
            ? new RemovePendingReplaceStep(state)
            : new DeleteStep(this.context, state, this.deletes),
        );
      }
    }
    for (const state of this.toDelete) {
      if (condemnable === undefined || condemnable.has(state.urn)) {
        steps.set(state, new DeleteStep(this.context, state, this.deletes));
      }
    }
    for (const state of steps.keys()) {
      this.deletes.add(state.urn);
      await this.context.providers.ensure(state.provider, [...this.toDelete, ...this.previous]);
    }
    this.refuseUntargetedDeletions([...steps.keys()]);
    const graph = new DependencyGraph([...this.toDelete, ...this.previous]);
    const waves = graph.deletionWaves(steps.keys());
    return {
      untouched,
      waves: waves.map((wave) => wave.flatMap((state) => steps.get(state) ?? [])),
    };
  }

  private refuseUntargetedDeletions(condemned: ResourceState[]): void {
    if (this.options.targets.size === 0) {
      return;
    }
    const refused = condemned.filter(({ urn }) => !this.options.targets.has(urn));
    for (const { urn } of refused) {
      this.context.diagnostics.error(
        urn,
        `Resource '${urn}' will be destroyed but was not specified in --target list.\n` +
          "Either include resource in --target list or pass --target-dependents to proceed.",
      );
      this.sawError = true;
    }
    if (refused.length > 0 && !this.context.preview) {
      throw new Bail("delete untargeted resource");
    }
  }

  /** With targets: these and everything that cannot exist without them. */
  private condemnable(): Set<string> | undefined {
    if (this.options.targets.size === 0) {
      return undefined;
    }
    const urns = new Set<string>();
    const graph = new DependencyGraph(this.previous);
    for (const state of this.previous.filter(({ urn }) => this.options.targets.has(urn))) {
      urns.add(state.urn);
      for (const dependent of graph.dependingOn(state, { children: true })) {
        urns.add(dependent.urn);
      }
    }
    return urns;
  }

  private wasOperatedOn(urn: string): boolean {
    return this.operatedOn.has(this.aliased.get(urn) ?? urn);
  }

  private isTargeted(state: ResourceState): boolean {
    return this.options.targets.size === 0 || this.options.targets.has(state.urn);
  }

  private isTargetedReplace(urn: string, old: ResourceState | undefined): boolean {
    return this.options.replace.has(urn) || old?.taint === true;
  }

  private claimUrn({ parent, type, name }: Goal): string {
    if (parent !== "" && !this.urns.has(parent)) {
      throw new Error(`could not find parent resource ${parent}`);
    }
    const urn = createUrn(this.options.stack, this.options.project, parent, type, name);
    if (this.urns.has(urn)) {
      this.context.diagnostics.error(urn, `Duplicate resource URN '${urn}'; try giving it a unique name`);
      throw new Bail(`Duplicate resource URN '${urn}'; try giving it a unique name`);
    }
    this.urns.add(urn);
    return urn;
  }

  private findOld(urn: string, goal: Goal): { old?: ResourceState; alias?: string; invalid: boolean } {
    let invalid = false;
    const complain = (message: string): void => {
      invalid = true;
      this.context.diagnostics.error(urn, message);
    };
    const claimed = this.aliased.get(urn);
    if (claimed !== undefined) {
      complain(`Duplicate resource URN '${urn}' conflicting with alias on resource with URN '${claimed}'`);
    }
    for (const candidate of [urn, ...this.aliasUrns(goal)]) {
      const old = this.olds.get(candidate);
      if (old === undefined) {
        continue;
      }
      if (candidate === urn) {
        return { old, invalid };
      }
      const holder = this.urns.has(candidate) ? urn : this.aliased.get(candidate);
      if (holder !== undefined) {
        complain(
          `Duplicate resource alias '${candidate}' applied to resource with URN '${urn}' conflicting with resource with URN '${holder}'`,
        );
      }
      this.aliased.set(candidate, urn);
      this.formerUrns.set(urn, candidate);
      return { old, alias: candidate, invalid };
    }
    return { invalid };
  }

  /** Every URN that the resource may have had: its own aliases, each also with the former URN of its parent. */
  private aliasUrns({ name, type, parent, aliases }: Goal): string[] {
    const own = aliases.map((alias) => this.aliasUrn(alias, name, type, parent));
    const formerParent = this.formerUrns.get(parent);
    if (formerParent === undefined) {
      return [...new Set(own)];
    }
    const inherited = (childType: string, childName: string): string => {
      const parentName = nameOf(parent);
      const former = childName.startsWith(parentName)
        ? nameOf(formerParent) + childName.slice(parentName.length)
        : childName;
      return createUrn(this.options.stack, this.options.project, formerParent, childType, former);
    };
    return [
      ...new Set([...own, inherited(type, name), ...own.map((alias) => inherited(typeOf(alias), nameOf(alias)))]),
    ];
  }

  private aliasUrn(alias: Alias, name: string, type: string, parent: string): string {
    if ("urn" in alias) {
      return alias.urn;
    }
    const given = alias.parent === "" ? parent : (this.formerUrns.get(alias.parent) ?? alias.parent);
    const formerParent = alias.noParent || qualifiedType(given) === stackType ? "" : given;
    return createUrn(
      alias.stack || this.options.stack,
      alias.project || this.options.project,
      formerParent,
      alias.type || type,
      alias.name || name,
    );
  }
}

function stateOf(goal: Goal, urn: string, old: ResourceState | undefined, alias: string | undefined): ResourceState {
  return {
    ...newResourceState({ urn, type: goal.type, custom: goal.custom }),
    inputs: goal.properties,
    parent: goal.parent,
    protect: goal.protect ?? false,
    dependencies: goal.dependencies,
    propertyDependencies: goal.propertyDependencies,
    provider: goal.provider,
    additionalSecretOutputs: goal.additionalSecretOutputs,
    aliases: alias === undefined ? [] : [alias],
    customTimeouts: goal.customTimeouts,
    importId: goal.importId,
    retainOnDelete: goal.retainOnDelete ?? false,
    deletedWith: goal.deletedWith,
    ignoreChanges: goal.ignoreChanges,
    replaceOnChanges: goal.replaceOnChanges,
    created: old?.created,
    modified: old?.modified,
    sourcePosition: goal.sourcePosition,
    stackTrace: goal.stackTrace,
  };
}

function identityOf(state: ResourceState): { urn: string; type: string; name: string } {
  return { urn: state.urn, type: state.type, name: nameOf(state.urn) };
}

/** Acts on what the engine itself found changed: a provider that has its own `diff` names no changed keys. */
function applyReplaceOnChanges(diff: DiffResult, paths: readonly string[]): DiffResult {
  const keys = diff.changedKeys.filter((key) => paths.some((path) => path === "*" || path === key));
  return { ...diff, replaceKeys: [...new Set([...diff.replaceKeys, ...keys])] };
}

function show(value: PropertyValue | undefined): string {
  return value instanceof Secret ? "[secret]" : `{${value === undefined ? "<nil>" : JSON.stringify(value)}}`;
}
