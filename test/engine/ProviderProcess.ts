/**
 * The dynamic provider, spoken to as Pulumi's provider host speaks to it (sdk/go/common/resource/plugin/provider_plugin.go):
 *
 * - It accepts no secrets, so they are sent in clear, and afterwards whatever has the name of a secret input is marked.
 * - It knows no previews, so `create` and `update` are never called in one; the caller answers with the inputs.
 * - An error that carries `ErrorResourceInitFailed` says that the resource exists, but is not ready.
 */
import * as grpc from "@grpc/grpc-js";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { type Answers, DynamicProvider, type Fields, initFailureOf } from "./DynamicProvider";
import { changedKeys, fromStruct, markSecretsLike, type PropertyMap, revealAll } from "./properties";
import { type ResourceState } from "./ResourceState";
import { nameOf } from "./Urn";

export class ProviderProcess extends DynamicProvider {
  async configure(config: PropertyMap): Promise<void> {
    await this.#request("configure", { Args: revealAll(config), Acceptsecrets: true, Acceptresources: true });
  }

  async check(
    resource: ResourceState,
    olds: PropertyMap,
    news: PropertyMap,
  ): Promise<{ inputs: PropertyMap; failures: { property: string; reason: string }[] }> {
    const fields = { ...identity(resource), Olds: revealAll(olds), News: revealAll(news) };
    const response = await this.#request("check", fields);
    return {
      inputs: markSecretsLike(fromStruct(response.getInputs()), news),
      failures: response.getFailuresList().map((failure) => failure.toObject()),
    };
  }

  /** The provider's opinion or, if it has none, a comparison of the inputs. */
  async diff(old: ResourceState, newInputs: PropertyMap): Promise<{ isChanged: boolean; replaceKeys: string[] }> {
    const response = await this.#request("diff", { ...recorded(old), News: revealAll(newInputs) });
    const { DIFF_UNKNOWN, DIFF_SOME } = messages.DiffResponse.DiffChanges;
    const changes = response.getChanges();
    if (response.getDeletebeforereplace() && response.getReplacesList().length > 0) {
      throw new Error(
        `the provider wants ${old.urn} to be deleted before it is replaced, which the in-process engine does not know: ` +
          "use the Pulumi CLI",
      );
    }
    return {
      isChanged: changes === DIFF_UNKNOWN ? changedKeys(old.inputs, newInputs).length > 0 : changes === DIFF_SOME,
      replaceKeys: response.getReplacesList(),
    };
  }

  async create(resource: ResourceState): Promise<{ id: string; outputs: PropertyMap }> {
    const { inputs } = resource;
    const response = await this.#request("create", { ...identity(resource), Properties: revealAll(inputs) }, inputs);
    if (response.getId() === "") throw new Error(`plugin returned empty resource.ID from create '${resource.urn}'`);
    return { id: response.getId(), outputs: markSecretsLike(fromStruct(response.getProperties()), inputs) };
  }

  /** @returns the outputs */
  async update(old: ResourceState, newInputs: PropertyMap): Promise<PropertyMap> {
    const response = await this.#request("update", { ...recorded(old), News: revealAll(newInputs) }, newInputs);
    return markSecretsLike(fromStruct(response.getProperties()), newInputs);
  }

  /** @returns nothing if there is no such resource any more */
  async read(
    { id, inputs, ...resource }: ResourceState,
    state: PropertyMap,
  ): Promise<{ id: string; inputs: PropertyMap; outputs: PropertyMap } | undefined> {
    const fields = { ...identity(resource), Id: id, Inputs: revealAll(inputs), Properties: revealAll(state) };
    const response = await this.#request("read", fields);
    const readInputs = response.getInputs();
    if (response.getId() === "") return undefined;
    return {
      id: response.getId(),
      // The state knows better where the provider says nothing.
      inputs: readInputs === undefined ? inputs : markSecretsLike(fromStruct(readInputs), inputs),
      outputs: markSecretsLike(fromStruct(response.getProperties()), state),
    };
  }

  async delete(resource: ResourceState): Promise<void> {
    const { Olds: Properties, ...fields } = recorded(resource);
    await this.#request("delete", { ...fields, Properties });
  }

  /** @param inputs those of the resource that is written, after which the outputs of a half done one are marked */
  #request<Call extends keyof Answers>(call: Call, fields: Fields, inputs: PropertyMap = {}): Promise<Answers[Call]> {
    return this.ask(call, fields).catch((error: grpc.ServiceError) => {
      if (!("metadata" in error)) throw error;
      if (error.code === grpc.status.UNAVAILABLE) {
        throw new Error(`the dynamic provider process ended while it was asked something: ${error.details}`);
      }
      const failure = initFailureOf(error);
      if (!failure) throw new Error(error.details);
      throw new PartialFailure(failure.id, markSecretsLike(failure.properties, inputs), failure.reasons);
    });
  }
}

/** The resource exists, but what was asked of it is half done; it is recorded like that. */
export class PartialFailure extends Error {
  constructor(
    readonly id: string,
    readonly outputs: PropertyMap,
    /** All that the CLI shows of such a failure; the message of the error that the provider threw is lost. */
    readonly reasons: string[],
  ) {
    // In the words of Go's `multierror`, which the CLI prints.
    const count = reasons.length === 1 ? "1 error" : `${reasons.length} errors`;
    const list = `${count} occurred:\n${reasons.map((reason) => `\t* ${reason}`).join("\n")}\n\n`;
    super(reasons.length === 0 ? "resource init failed" : list);
  }
}

function identity({ urn, type }: Pick<ResourceState, "urn" | "type">) {
  return { Urn: urn, Name: nameOf(urn), Type: type };
}

function recorded(old: ResourceState) {
  return { ...identity(old), Id: old.id, OldInputs: revealAll(old.inputs), Olds: revealAll(old.outputs) };
}
