/** What a stack needs from whoever carries out its steps: the provider process itself, or its operations in this process. */
import { configureServers, endServers } from "../../provider/aegir/servers";
import { configure } from "../../provider/dynamic";
import { forgetDeclared } from "../../provider/resources/declared";
import type { Lifecycle, PartialFailure } from "../../provider/resources/Lifecycle";
import {
  initFailure,
  type InitFailure,
  ProviderProcess,
  type ResourceType,
  type Values,
} from "../dynamic/ProviderProcess";

export type { ResourceType, Values };
export type Provider = Pick<ProviderProcess, "check" | "diff" | "create" | "read" | "update" | "delete" | "end">;

type Operations = Lifecycle<never, unknown>;

/** The operations as Pulumi's provider process has them, without the process: quick, and it cannot be killed. */
export class InProcessProvider implements Provider {
  readonly #operations: Record<ResourceType, Operations>;

  private constructor() {
    const types = ["AegirClient", "SiteOwnership", "ClientUserBinding", "ShellAccount"] as const;
    const shims = types.map((type) => {
      const shim = { type };
      configure(shim, { config: { get: () => InProcessProvider.#servers } });
      return [type, shim as unknown as Operations];
    });
    this.#operations = Object.fromEntries(shims) as Record<ResourceType, Operations>;
  }

  static #servers: string;

  /** Like a new process: nothing is declared, and nothing connected. One at a time. */
  static async start(servers: object): Promise<InProcessProvider> {
    forgetDeclared();
    await endServers();
    configureServers(undefined);
    InProcessProvider.#servers = JSON.stringify(servers);
    return new InProcessProvider();
  }

  async check(type: ResourceType, news: Values, olds: Values = {}) {
    const { inputs, failures } = await this.#operations[type].check(wire(olds), wire(news));
    return { inputs: wire(inputs) as Values, failures };
  }

  async diff(type: ResourceType, id: string, olds: Values, news: Values) {
    return this.#operations[type].diff(id, wire(olds), wire(news));
  }

  async create(type: ResourceType, inputs: Values) {
    const { id, outs } = await this.#operations[type].create(wire(inputs));
    return { id, properties: wire(outs as Values) as Values };
  }

  async read(type: ResourceType, id: string, properties: Values = {}) {
    const found = await this.#operations[type].read(id, wire(properties));
    const { props = {}, inputs = {} } = found as { props?: Values; inputs?: Values };
    return { id: found.id ?? "", properties: wire(props) as Values, inputs: wire(inputs) as Values };
  }

  async update(type: ResourceType, id: string, olds: Values, news: Values) {
    const { outs } = await this.#operations[type].update(id, wire(olds), wire(news));
    return wire(outs as Values) as Values;
  }

  async delete(type: ResourceType, id: string, properties: Values): Promise<void> {
    await this.#operations[type].delete(id, wire(properties));
  }

  async end() {
    await endServers();
    return { code: 0, signal: null };
  }
}

/** Values cross the wire as JSON, so nothing is undefined at the other end. */
function wire(values: Values): never {
  return JSON.parse(JSON.stringify(values)) as never;
}

/** What Pulumi would record of a resource whose operation failed half way; undefined if nothing. */
export function partOf(error: unknown): InitFailure | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  // Not `instanceof`: another copy of the provider has a class of its own.
  if ("name" in error && error.name === "PartialFailure") {
    const { id, properties, reasons } = error as PartialFailure;
    return { id, properties: wire(properties as Values), reasons };
  }
  return "metadata" in error ? initFailure(error as never) : undefined;
}

/** The message that a user reads. */
export function messageOf(error: unknown): string {
  const { details, message } = error as { details?: string; message: string };
  const [reason] = partOf(error)?.reasons ?? [];
  return reason ?? details ?? message;
}
