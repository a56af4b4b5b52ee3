/**
 * The provider process, asked with plain values, as the engine asks it. Unlike the engine's own client it hides nothing:
 * errors come as they arrive, and every line is kept.
 */
import { join } from "node:path";
import type { ServiceError } from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import { DiffResponse } from "@pulumi/pulumi/proto/provider_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { DynamicProvider, type InitFailure, initFailureOf } from "../engine/DynamicProvider";
import { fromStruct, type PropertyMap } from "../engine/properties";

const root = join(__dirname, "../..");

export type Values = Record<string, unknown>;
export type ResourceType = "AegirClient" | "SiteOwnership" | "ClientUserBinding" | "ShellAccount";

export class ProviderProcess extends DynamicProvider {
  private constructor(
    private readonly texts: Record<ResourceType, string>,
    environment: NodeJS.ProcessEnv,
    engine: string | undefined,
    /** What it printed, by line; complete once it has ended. */
    readonly stdout: string[] = [],
    readonly stderr: string[] = [],
  ) {
    super({
      directory: root,
      project: "project",
      environment: { ...process.env, ...environment },
      ...(engine && { engine }),
      onLine: (line, stream) => ({ stdout, stderr })[stream].push(line),
    });
  }

  /** @param engine where the engine that asks can be reached; nobody is there if absent */
  static async start(environment: NodeJS.ProcessEnv = {}, engine?: string): Promise<ProviderProcess> {
    const provider = new ProviderProcess(await (texts ??= providerTexts()), environment, engine);
    await provider.client;
    return provider;
  }

  /** One that is configured with what stands under `aegir:servers`. */
  static async withServers(servers: object, environment?: NodeJS.ProcessEnv): Promise<ProviderProcess> {
    const provider = await ProviderProcess.start(environment);
    await provider.configure({ "aegir:servers": JSON.stringify(servers) });
    return provider;
  }

  /** @param config the stack's whole configuration, namespaced */
  async configure(config: Record<string, string>): Promise<void> {
    await this.ask("configure", { Args: config, Acceptsecrets: true });
  }

  async check(type: ResourceType, news: Values, olds: Values = {}) {
    const response = await this.ask("check", { News: this.#sent(type, news), Olds: this.#sent(type, olds) });
    const failures = response.getFailuresList().map((failure) => failure.toObject());
    return { inputs: plain(response.getInputs()), failures };
  }

  async diff(type: ResourceType, id: string, olds: Values, news: Values) {
    const response = await this.ask("diff", { Id: id, Olds: this.#sent(type, olds), News: this.#sent(type, news) });
    const changes = response.getChanges() === DiffResponse.DiffChanges.DIFF_SOME;
    return { changes, replaces: response.getReplacesList() };
  }

  async create(type: ResourceType, inputs: Values) {
    const response = await this.ask("create", { Properties: this.#sent(type, inputs) });
    return { id: response.getId(), properties: plain(response.getProperties()) };
  }

  /** @param properties the recorded outputs; a lookup has none */
  async read(type: ResourceType, id: string, properties: Values = {}) {
    const response = await this.ask("read", { Id: id, Properties: this.#sent(type, properties) });
    return { id: response.getId(), properties: plain(response.getProperties()), inputs: plain(response.getInputs()) };
  }

  async update(type: ResourceType, id: string, olds: Values, news: Values) {
    const response = await this.ask("update", { Id: id, Olds: this.#sent(type, olds), News: this.#sent(type, news) });
    return plain(response.getProperties());
  }

  async delete(type: ResourceType, id: string, properties: Values): Promise<void> {
    await this.ask("delete", { Id: id, Properties: this.#sent(type, properties) });
  }

  /** What the engine sends at the first Ctrl-C. */
  async cancel(): Promise<void> {
    await this.ask("cancel");
  }

  #sent(type: ResourceType, values: Values): PropertyMap {
    return JSON.parse(JSON.stringify({ ...values, __provider: this.texts[type] })) as PropertyMap;
  }
}

export function initFailure(error: ServiceError): InitFailure | undefined {
  const failure = initFailureOf(error);
  return failure && { ...failure, properties: withoutText(failure.properties) };
}

let texts: Promise<Record<ResourceType, string>> | undefined;

/** What a stack's state would hold: the text of the compiled package's shims. */
async function providerTexts(): Promise<Record<ResourceType, string>> {
  const { shims } = (await import(join(root, "provider/dist/dynamic/shim.js"))) as {
    shims: Record<ResourceType, pulumi.dynamic.ResourceProvider>;
  };
  const entries = Object.entries(shims).map(async ([type, provider]) => [
    type,
    (await pulumi.runtime.serializeFunction(() => provider, { allowSecrets: true })).text,
  ]);
  return Object.fromEntries(await Promise.all(entries)) as Record<ResourceType, string>;
}

const plain = (properties: Struct | undefined): Values => withoutText(fromStruct(properties));

/** Every answer repeats the provider's text. */
function withoutText({ __provider: _, ...properties }: PropertyMap): PropertyMap {
  return properties;
}
