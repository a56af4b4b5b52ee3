/** What a stack needs from whoever carries out its steps: the provider process itself, or its operations here or elsewhere. */
import { configureServers, endServers } from "../../provider/aegir/servers";
import { configure } from "../../provider/dynamic";
import type { PartialFailure } from "../../provider/resources/PartialFailure";
import type { CheckResult, DiffResult } from "../../provider/resources/ResourceHandlers";
import { initFailure, type ProviderProcess, type ResourceType, type Values } from "../dynamic/ProviderProcess";
import type { InitFailure } from "../engine/DynamicProvider";
import type { PropertyMap } from "../engine/properties";
import { newProviderProcess } from "../support/newProviderProcess";

export type { ResourceType, Values };
export type Provider = Pick<ProviderProcess, "check" | "diff" | "create" | "read" | "update" | "delete" | "end">;

type Operation = Exclude<keyof Provider, "end">;
type Operations = Record<Operation, (...parameters: unknown[]) => unknown>;
const types: ResourceType[] = ["AegirClient", "SiteOwnership", "ClientUserBinding", "ShellAccount"];

/** The operations as Pulumi's provider process has them, in this process: quick, and it cannot be killed. */
export class InProcessProvider implements Provider {
  private constructor(private readonly shims: Record<ResourceType, Operations>) {}

  /** Like a new process: nothing is declared, and nothing connected. One at a time. */
  static async start(servers: object): Promise<InProcessProvider> {
    newProviderProcess();
    await endServers();
    configureServers(undefined);
    const shims = types.map((type) => {
      const shim = { type };
      configure(shim, { config: { get: () => JSON.stringify(servers) } });
      return [type, shim];
    });
    return new InProcessProvider(Object.fromEntries(shims) as Record<ResourceType, Operations>);
  }

  check(type: ResourceType, news: Values, olds: Values = {}) {
    return this.#call<CheckResult & { inputs: Values }>(type, "check", olds, news);
  }

  diff(type: ResourceType, id: string, olds: Values, news: Values) {
    return this.#call<DiffResult>(type, "diff", id, olds, news);
  }

  async create(type: ResourceType, inputs: Values) {
    const { id, outs } = await this.#call<{ id: string; outs: Values }>(type, "create", inputs);
    return { id, properties: outs };
  }

  async read(type: ResourceType, id: string, recorded: Values = {}) {
    const found = await this.#call<{ id?: string; props?: Values; inputs?: Values }>(type, "read", id, recorded);
    return { id: found.id ?? "", properties: found.props ?? {}, inputs: found.inputs ?? {} };
  }

  async update(type: ResourceType, id: string, olds: Values, news: Values) {
    return (await this.#call<{ outs: Values }>(type, "update", id, olds, news)).outs;
  }

  async delete(type: ResourceType, id: string, properties: Values): Promise<void> {
    await this.#call(type, "delete", id, properties);
  }

  async end() {
    await endServers();
    return { code: 0, signal: null };
  }

  async #call<Result>(type: ResourceType, operation: Operation, ...parameters: unknown[]): Promise<Result> {
    return wire(await this.shims[type][operation](...parameters.map(wire))) as Result;
  }
}

/** Values cross the wire as JSON, so nothing is undefined at the other end. */
function wire(values: unknown): unknown {
  return JSON.parse(JSON.stringify(values ?? null));
}

/** What Pulumi would record of a resource whose operation failed half way; undefined if nothing. */
export function partOf(error: unknown): InitFailure | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  // Not `instanceof`: another copy of the provider has a class of its own.
  if ("name" in error && error.name === "PartialFailure") {
    const { id, properties, reasons } = error as PartialFailure;
    return { id, properties: wire(properties) as PropertyMap, reasons };
  }
  return "metadata" in error ? initFailure(error as never) : undefined;
}

/** The message that a user reads. */
export function messageOf(error: unknown): string {
  const { details, message } = error as { details?: string; message: string };
  const [reason] = partOf(error)?.reasons ?? [];
  return reason ?? details ?? message;
}
