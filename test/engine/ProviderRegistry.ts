/**
 * The providers of one operation, each under its reference `<urn>::<id>`, and at the same time the provider of the
 * provider resources themselves: "creating" `pulumi:providers:pulumi-nodejs::default` means to start the process and to
 * configure it. Source: pkg/resource/deploy/providers/registry.go of pulumi/pulumi, whose rules decide which process
 * serves which call:
 *
 * - A provider that the program registers gets a process at `check`, and its configuration (the current one) when it is
 *   created, updated or found unchanged. All its resources, deletions included, are served by this process.
 * - A provider that only the state knows (destroy, refresh) is started when it is needed, with the configuration that
 *   the state recorded.
 */
import { randomUUID } from "node:crypto";
import { deepEquals, PropertyMap } from "./PropertyValue";
import { CheckResult, DiffResult, ReadResult, ResourceIdentity, ResourceProvider } from "./ResourceProvider";
import { ResourceState } from "./ResourceState";
import { isProviderType, packageOf, splitProviderReference, typeOf } from "./Urn";
import { unknownSentinel } from "./wire";

/** A provider that has to be told its configuration, and ended. */
export interface ConfigurableProvider extends ResourceProvider {
  configure(config: PropertyMap): Promise<void>;
  close(): Promise<void>;
  kill(): void;
}

export class ProviderRegistry implements ResourceProvider {
  private readonly started = new Set<ConfigurableProvider>();
  private readonly configured = new Map<string, ConfigurableProvider>();
  /** By URN: checked, and not yet configured. */
  private readonly unconfigured = new Map<string, ConfigurableProvider>();
  /** A process may be asked for by several steps at once, and must be started once. */
  private readonly starting = new Map<string, Promise<void>>();
  /** By package: started because a program is going to need it. */
  private readonly prepared = new Map<string, Promise<ConfigurableProvider>>();
  private killed = false;

  constructor(
    private readonly preview: boolean,
    private readonly start: (packageName: string) => Promise<ConfigurableProvider>,
  ) {}

  /** Starts a provider that is going to be needed, while something else starts. */
  prepare(packageName: string): void {
    const provider = this.launch(packageName);
    // A failure is reported by whoever needs the provider.
    provider.catch(() => {});
    this.prepared.set(packageName, provider);
  }

  /** The provider that serves resources of this state, or of provider resources: the registry itself. */
  forResource(resource: Pick<ResourceState, "type" | "provider" | "urn">): ResourceProvider {
    if (isProviderType(resource.type)) {
      return this;
    }
    const provider = this.configured.get(resource.provider);
    if (provider === undefined) {
      throw new Error(`unknown provider '${resource.provider}' for resource '${resource.urn}'`);
    }
    return provider;
  }

  /** Makes sure that the provider of an old resource runs, with the configuration recorded in the state if need be. */
  async ensure(reference: string, known: readonly ResourceState[]): Promise<void> {
    if (reference === "" || this.configured.has(reference)) {
      return;
    }
    const { urn, id } = splitProviderReference(reference);
    const state = known.find((candidate) => candidate.urn === urn && candidate.id === id);
    if (state === undefined) {
      throw new Error(`the state has no provider ${reference}`);
    }
    await this.same(state, { checked: false });
  }

  /** The provider resource is unchanged. */
  async same(state: ResourceState, { checked }: { checked: boolean }): Promise<void> {
    const reference = `${state.urn}::${state.id}`;
    if (this.configured.has(reference)) {
      return;
    }
    let starting = this.starting.get(reference);
    if (starting === undefined) {
      const waiting = checked ? this.take(state.urn) : undefined;
      starting = (waiting === undefined ? this.launchFor(state.urn) : Promise.resolve(waiting)).then((provider) =>
        this.configure(reference, provider, state.inputs),
      );
      this.starting.set(reference, starting);
    }
    await starting;
  }

  async check(identity: ResourceIdentity, _olds: PropertyMap, news: PropertyMap): Promise<CheckResult> {
    this.unconfigured.set(identity.urn, await this.launchFor(identity.urn));
    return { inputs: news, failures: [] };
  }

  diff(
    _identity: ResourceIdentity,
    _id: string,
    _oldInputs: PropertyMap,
    oldOutputs: PropertyMap,
    newInputs: PropertyMap,
  ): Promise<DiffResult> {
    return Promise.resolve({
      changes: deepEquals(oldOutputs, newInputs) ? "none" : "some",
      replaceKeys: [],
      changedKeys: [],
      deleteBeforeReplace: false,
    });
  }

  async create(identity: ResourceIdentity, inputs: PropertyMap): Promise<{ id: string; outputs: PropertyMap }> {
    const id = this.preview ? unknownSentinel : randomUUID();
    await this.configure(`${identity.urn}::${id}`, this.takeChecked(identity.urn), inputs);
    return { id, outputs: inputs };
  }

  async update(
    identity: ResourceIdentity,
    id: string,
    _oldInputs: PropertyMap,
    _oldOutputs: PropertyMap,
    newInputs: PropertyMap,
  ): Promise<PropertyMap> {
    await this.configure(`${identity.urn}::${id}`, this.takeChecked(identity.urn), newInputs);
    return newInputs;
  }

  read(): Promise<ReadResult> {
    return Promise.reject(new Error("provider resources may not be read"));
  }

  async delete(identity: ResourceIdentity, id: string): Promise<void> {
    const reference = `${identity.urn}::${id}`;
    const provider = this.configured.get(reference);
    this.configured.delete(reference);
    await this.end(provider);
  }

  /** At the end of the operation. */
  async close(): Promise<void> {
    await Promise.allSettled(this.prepared.values());
    await Promise.all([...this.started].map((provider) => this.end(provider)));
  }

  kill(): void {
    this.killed = true;
    for (const provider of this.started) {
      provider.kill();
    }
  }

  private launchFor(urn: string): Promise<ConfigurableProvider> {
    const packageName = packageOf(typeOf(urn));
    const provider = this.prepared.get(packageName) ?? this.launch(packageName);
    this.prepared.delete(packageName);
    return provider;
  }

  private async launch(packageName: string): Promise<ConfigurableProvider> {
    const provider = await this.start(packageName);
    this.started.add(provider);
    if (this.killed) {
      provider.kill();
    }
    return provider;
  }

  private async configure(reference: string, provider: ConfigurableProvider, config: PropertyMap): Promise<void> {
    await provider.configure(config);
    const former = this.configured.get(reference);
    this.configured.set(reference, provider);
    await this.end(former);
  }

  private async end(provider: ConfigurableProvider | undefined): Promise<void> {
    if (provider !== undefined && this.started.delete(provider)) {
      await provider.close();
    }
  }

  private take(urn: string): ConfigurableProvider | undefined {
    const provider = this.unconfigured.get(urn);
    this.unconfigured.delete(urn);
    return provider;
  }

  private takeChecked(urn: string): ConfigurableProvider {
    const provider = this.take(urn);
    if (provider === undefined) {
      throw new Error(`the provider ${urn} is created before it was checked`);
    }
    return provider;
  }
}
