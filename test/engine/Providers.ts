/**
 * The provider processes of one operation, each under its reference `<urn>::<id>`. Usually it is one: the process that
 * the program's default provider configures serves all resources, deletions included. Where no program runs (destroy,
 * refresh), it gets the configuration that the state has recorded.
 * Source: pkg/resource/deploy/providers/registry.go of pulumi/pulumi.
 */
import { isDeepStrictEqual } from "node:util";
import { type PropertyMap } from "./properties";
import { type ProviderProcess } from "./ProviderProcess";
import { type ResourceState } from "./ResourceState";
import { dynamicPackage, packageOf, splitProviderReference, typeOf } from "./Urn";

export class Providers {
  readonly #configured = new Map<string, { config: PropertyMap; process: Promise<ProviderProcess> }>();
  readonly #started: ProviderProcess[] = [];
  #prepared: ProviderProcess | undefined;

  constructor(private readonly start: () => ProviderProcess) {}

  /** Starts a process that is going to be needed, while something else starts. */
  prepare(): void {
    this.#prepared = this.#launch();
  }

  async of({ provider, urn }: ResourceState): Promise<ProviderProcess> {
    const known = this.#configured.get(provider);
    if (known === undefined) throw new Error(`unknown provider '${provider}' for resource '${urn}'`);
    return known.process;
  }

  /** Another configuration takes another process. */
  async configure(reference: string, config: PropertyMap): Promise<void> {
    if (packageOf(typeOf(splitProviderReference(reference).urn)) !== dynamicPackage) return;
    const former = this.#configured.get(reference);
    if (former !== undefined && isDeepStrictEqual(former.config, config)) {
      await former.process;
      return;
    }
    const provider = this.#prepared ?? this.#launch();
    this.#prepared = undefined;
    const process = provider.configure(config).then(() => provider);
    this.#configured.set(reference, { config, process });
    await process;
    await former?.process.then((replaced) => replaced.end());
  }

  /** Makes sure that the provider of an old resource runs, with the configuration recorded in the state if need be. */
  async ensure(reference: string, known: readonly ResourceState[]): Promise<void> {
    if (reference === "" || this.#configured.has(reference)) return;
    const { urn, id } = splitProviderReference(reference);
    const state = known.find((candidate) => candidate.urn === urn && candidate.id === id);
    if (state === undefined) throw new Error(`the state has no provider ${reference}`);
    await this.configure(reference, state.inputs);
  }

  /** At the end of the operation. */
  async close(): Promise<void> {
    await Promise.all(this.#started.map((provider) => provider.end()));
  }

  kill(): void {
    this.#started.forEach((provider) => provider.kill());
  }

  #launch(): ProviderProcess {
    const provider = this.start();
    this.#started.push(provider);
    return provider;
  }
}
