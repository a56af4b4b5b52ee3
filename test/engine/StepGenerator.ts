/**
 * Decides, one registration after the other, which steps lead from the old state of a resource to what the program
 * wants. Serial, as in Pulumi: `check` and `diff` of one resource are over before those of the next begin.
 * Source: pkg/resource/deploy/step_generator.go of pulumi/pulumi v3.248.0.
 */
import { deletionWaves, dependentsOf } from "./dependencies";
import { changedKeys, isSecret, type PropertyMap, type PropertyValue } from "./properties";
import { allDependencyUrns, newResourceState, type ResourceState } from "./ResourceState";
import {
  type Answer,
  create,
  type DeploymentStep,
  read,
  refresh,
  remove,
  replace,
  same,
  skippedCreate,
  type StepContext,
  untouched,
  update,
} from "./steps";
import { createUrn, isProviderType, nameOf, stackType } from "./Urn";

/** The operation cannot go on, and why has been said already. */
export class Bail extends Error {}

/** What the program asks for. */
export type Goal = Pick<ResourceState, "type" | "custom"> & { name: string } & Partial<ResourceState>;

export interface GeneratorOptions {
  project: string;
  stack: string;
  /** `refresh`: nothing is created or changed; `destroy`: what the program registers is deleted in the end. */
  mode: "update" | "refresh" | "destroy";
  targets: ReadonlySet<string>;
  replace: ReadonlySet<string>;
}

export class StepGenerator {
  sawError = false;
  /** What the program has registered. */
  readonly #urns = new Set<string>();
  readonly #operatedOn = new Set<string>();
  readonly #skippedCreates = new Set<string>();
  /** Former URN -> present URN of resources that were found by an alias. */
  readonly #aliased = new Map<string, string>();
  /** What the program of a destroy has registered. */
  readonly toDelete: ResourceState[] = [];

  constructor(
    private readonly context: StepContext,
    private readonly options: GeneratorOptions,
    /** The resources of the last snapshot, in their order; a refresh rewrites them. */
    private readonly previous: ResourceState[],
  ) {}

  hasSeen(urn: string): boolean {
    return this.#urns.has(urn);
  }

  urnOf({ parent = "", type, name }: Goal): string {
    return createUrn(this.options.stack, this.options.project, parent, type, name);
  }

  read(goal: Goal, answer: Answer): DeploymentStep[] {
    const urn = this.#claimUrn(goal);
    const { old } = this.#findOld(urn, goal);
    const found = stateOf({ ...goal, external: true }, urn);
    if (found.id === "") throw new Error(`Expected an ID for ${urn}`);
    if (old !== undefined && !old.external && old.id !== found.id) {
      throw unknownChange(urn, "was declared before, and is read now");
    }
    this.#operatedOn.add(urn);
    if (this.options.mode === "destroy") this.toDelete.push(found);
    return [read(this.context, old, found, answer)];
  }

  async register(goal: Goal, answer: Answer): Promise<DeploymentStep[]> {
    const urn = this.#claimUrn(goal);
    const { old, alias } = this.#findOld(urn, goal);
    const next = stateOf({ ...goal, aliases: alias === undefined ? [] : [alias] }, urn);
    const steps =
      (await this.#registerWithoutChanges(old, next, answer)) ?? (await this.#registerChanges(old, next, answer));
    this.#refuseUncreatedDependencies(steps);
    return steps;
  }

  /**
   * A refresh or a destroy that runs the program does so for the sake of current configuration: resources stay as they
   * are, components and providers are dealt with as ever.
   */
  async #registerWithoutChanges(
    old: ResourceState | undefined,
    next: ResourceState,
    answer: Answer,
  ): Promise<DeploymentStep[] | undefined> {
    const { mode } = this.options;
    if (mode === "update") return undefined;
    const needsWhatIsSkipped = [...allDependencyUrns(next)].some((urn) => this.#skippedCreates.has(urn));
    if (needsWhatIsSkipped || (isManaged(next) && old === undefined)) {
      next.outputs = old?.outputs ?? {};
      return this.#skipCreate(old, next, answer);
    }
    if (mode === "refresh" && isManaged(next) && old !== undefined && this.#isTargeted(old)) {
      this.#operatedOn.add(old.urn);
      await this.context.providers.ensure(old.provider, this.previous);
      return [refresh(this.context, old, { answer })];
    }
    if (mode === "destroy") this.toDelete.push(next);
    if (!isManaged(next) || old === undefined) return undefined;
    this.#operatedOn.add(next.urn);
    next.inputs = old.inputs;
    return [same(this.context, old, next, answer)];
  }

  async #registerChanges(
    old: ResourceState | undefined,
    next: ResourceState,
    answer: Answer,
  ): Promise<DeploymentStep[]> {
    const { urn } = next;
    const isTargeted = isProviderType(next.type) || next.type === stackType || this.#isTargeted(next);
    if (!isTargeted) return old === undefined ? this.#skipCreate(old, next, answer) : this.#leave(old, answer);
    if (old?.external === true) throw unknownChange(urn, "was read before, and is declared now");
    const isForced = this.options.replace.has(urn);
    const properties = next.inputs;
    if (isManaged(next)) next.inputs = await this.#check(next, isForced ? undefined : old, properties);
    this.#operatedOn.add(urn);
    if (old === undefined) return [create(this.context, next, answer)];
    const diff = isForced ? { isChanged: true, replaceKeys: ["id"] } : await this.#diff(old, next);
    if (diff.isChanged && diff.replaceKeys.length > 0) {
      this.#refuseIfProtected(old, next);
      if (isManaged(next) && !isForced) {
        // What was checked against the old inputs may have taken defaults from them.
        next.inputs = await this.#check(next, undefined, properties);
      }
      return [create(this.context, next, answer, old), replace(old, next)];
    }
    // Initialisation that failed is tried again, whatever the provider thinks of the inputs.
    return diff.isChanged || old.initErrors.length > 0
      ? [update(this.context, old, next, answer)]
      : [same(this.context, old, next, answer)];
  }

  /** @param old to be considered; absent if the old inputs say nothing about the new ones, as in a replacement */
  async #check(next: ResourceState, old: ResourceState | undefined, news: PropertyMap): Promise<PropertyMap> {
    const provider = await this.context.providers.of(next);
    const { inputs, failures } = await provider.check(next, old?.inputs ?? {}, news);
    for (const { property, reason } of failures) {
      const which = property === "" ? "" : `: property ${property} value ${show(inputs[property])}`;
      this.context.say(
        next.urn,
        "error",
        `${next.type} resource '${nameOf(next.urn)}'${which} has a problem: ${reason}`,
      );
    }
    if (failures.length > 0) throw new Bail(`resource ${next.urn} is invalid`);
    return inputs;
  }

  async #diff(old: ResourceState, next: ResourceState): Promise<{ isChanged: boolean; replaceKeys: string[] }> {
    return isManaged(next)
      ? (await this.context.providers.of(next)).diff(old, next.inputs)
      : { isChanged: changedKeys(old.inputs, next.inputs).length > 0, replaceKeys: [] };
  }

  #refuseIfProtected(old: ResourceState, next: ResourceState): void {
    if (old.protect && next.protect) {
      this.#refuse(
        next.urn,
        `unable to replace resource "${next.urn}"\nas it is currently marked for protection. To unprotect the ` +
          "resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`",
      );
    }
  }

  /** @param old if there is one, it is not "operated on": a destroy still has to delete it */
  #skipCreate(old: ResourceState | undefined, next: ResourceState, answer: Answer): DeploymentStep[] {
    if (old === undefined) this.#operatedOn.add(next.urn);
    this.#skippedCreates.add(next.urn);
    return [skippedCreate(next, answer)];
  }

  /** Not a target: it stays as it is, as does everything it needs that the program has not mentioned. */
  #leave(old: ResourceState, answer?: Answer): DeploymentStep[] {
    this.#urns.add(old.urn);
    this.#operatedOn.add(old.urn);
    const needed = [...allDependencyUrns(old)].flatMap((urn) => {
      const dependency = this.#lastKnown(urn);
      return this.#wasOperatedOn(urn) || dependency === undefined ? [] : this.#leave(dependency);
    });
    return [...needed, untouched(old, answer)];
  }

  /** A preview goes on, so that the user sees all problems at once. */
  #refuse(urn: string, message: string): void {
    this.context.say(urn, "error", message);
    this.sawError = true;
    if (!this.context.preview) throw new Bail(message);
  }

  /** A step that needs something that was not created, because it is no target, cannot be done. */
  #refuseUncreatedDependencies(steps: DeploymentStep[]): void {
    for (const { next, urn } of steps) {
      if (next === undefined || this.#skippedCreates.has(urn)) continue;
      for (const dependency of allDependencyUrns(next)) {
        if (this.#skippedCreates.has(dependency)) {
          const what = `Resource '${urn}' depends on '${dependency}' which was was not specified in --target list.`;
          this.#refuse(urn, what);
          this.#skippedCreates.delete(dependency);
        }
      }
    }
  }

  /** `refresh --run-program`: what the program has not mentioned is refreshed in the end. */
  async refreshes(): Promise<DeploymentStep[]> {
    const rest = this.previous.filter((state) => !this.#wasOperatedOn(state.urn) && this.#isTargeted(state));
    for (const { provider } of rest) await this.context.providers.ensure(provider, this.previous);
    return rest.map((state) => refresh(this.context, state, { isUnrecorded: true }));
  }

  /** What is left of the old state when the program has said everything: what stays, and what goes, wave by wave. */
  async deletions(): Promise<{ kept: DeploymentStep[]; waves: DeploymentStep[][] }> {
    const condemnable = this.#condemnable();
    const left = this.previous.filter((state) => state.delete || !this.#wasOperatedOn(state.urn));
    const condemned = [...left, ...this.toDelete].filter(({ urn }) => condemnable?.has(urn) !== false);
    for (const state of condemned) {
      await this.context.providers.ensure(state.provider, [...this.toDelete, ...this.previous]);
    }
    this.#refuseUntargetedDeletions(condemned);
    const waves = deletionWaves(condemned, [...this.toDelete, ...this.previous]);
    return {
      kept: left
        .filter((state) => !condemned.includes(state) && !this.#wasOperatedOn(state.urn))
        .map((state) => untouched(state)),
      waves: waves.map((wave, index) =>
        wave.map((state) => Object.assign(remove(this.context, state), { wave: index })),
      ),
    };
  }

  #refuseUntargetedDeletions(condemned: ResourceState[]): void {
    const refused = condemned.filter((state) => !this.#isTargeted(state));
    for (const { urn } of refused) {
      this.context.say(
        urn,
        "error",
        `Resource '${urn}' will be destroyed but was not specified in --target list.\n` +
          "Either include resource in --target list or pass --target-dependents to proceed.",
      );
      this.sawError = true;
    }
    if (refused.length > 0 && !this.context.preview) throw new Bail("delete untargeted resource");
  }

  /** With targets: these and everything that cannot exist without them. */
  #condemnable(): Set<string> | undefined {
    if (this.options.targets.size === 0) return undefined;
    const targeted = this.previous.filter((state) => this.#isTargeted(state));
    return new Set(targeted.flatMap((state) => [state, ...dependentsOf(state, this.previous)]).map(({ urn }) => urn));
  }

  #wasOperatedOn(urn: string): boolean {
    return this.#operatedOn.has(this.#aliased.get(urn) ?? urn);
  }

  #isTargeted({ urn }: ResourceState): boolean {
    return this.options.targets.size === 0 || this.options.targets.has(urn);
  }

  #claimUrn(goal: Goal): string {
    const urn = this.urnOf(goal);
    const { parent = "" } = goal;
    if (parent !== "" && !this.#urns.has(parent)) throw new Error(`could not find parent resource ${parent}`);
    const claimed = this.#urns.has(urn) || this.#aliased.has(urn);
    if (claimed) {
      this.context.say(urn, "error", `Duplicate resource URN '${urn}'; try giving it a unique name`);
      throw new Bail(`Duplicate resource URN '${urn}'; try giving it a unique name`);
    }
    this.#urns.add(urn);
    return urn;
  }

  /** The resource may have had another URN: the SDK says which, those that follow from its parent's included. */
  #findOld(urn: string, { aliases = [] }: Goal): { old?: ResourceState; alias?: string } {
    for (const candidate of [urn, ...aliases]) {
      const old = this.#lastKnown(candidate);
      if (old === undefined) continue;
      if (candidate === urn) return { old };
      if (this.#urns.has(candidate) || this.#aliased.has(candidate)) {
        throw new Error(`Duplicate resource alias '${candidate}' applied to resource with URN '${urn}'`);
      }
      this.#aliased.set(candidate, urn);
      return { old, alias: candidate };
    }
    return {};
  }

  /** Where there are several under one URN, the last one that is not waiting to be deleted. */
  #lastKnown(urn: string): ResourceState | undefined {
    return this.previous.filter((state) => state.urn === urn && !state.delete).at(-1);
  }
}

/** By a provider process; providers themselves, components and the stack are the engine's own. */
function isManaged({ custom, type }: ResourceState): boolean {
  return custom && !isProviderType(type);
}

function stateOf({ name: _, ...goal }: Goal, urn: string): ResourceState {
  return newResourceState({ ...goal, urn });
}

function unknownChange(urn: string, what: string): Error {
  return new Error(`${urn} ${what}, which the in-process engine does not know: use the Pulumi CLI`);
}

function show(value: PropertyValue | undefined): string {
  return isSecret(value) ? "[secret]" : `{${value === undefined ? "<nil>" : JSON.stringify(value)}}`;
}
