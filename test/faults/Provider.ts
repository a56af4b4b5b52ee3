/** What a stack needs from whoever carries out its steps: the provider process itself, or its operations here or elsewhere. */
import { configureServers, endServers } from "../../provider/aegir/servers";
import { configure } from "../../provider/dynamic";
import { forgetDeclared } from "../../provider/resources/declared";
import { forgetLooks } from "../../provider/resources/driftLimit";
import type { CheckResult, DiffResult, PartialFailure } from "../../provider/resources/Lifecycle";
import { initFailure, type ProviderProcess, type ResourceType, type Values } from "../dynamic/ProviderProcess";
import type { InitFailure } from "../engine/DynamicProvider";

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
    forgetDeclared();
    forgetLooks();
    await endServers();
    configureServers(undefined);
    const shims = types.map((type) => {
      const shim = { type };
      configure(shim, { config: { get: () => JSON.stringify(servers) } });
      return [type, shim];
    });
    return new InProcessProvider(Object.fromEntries(shims) as Record<ResourceType, Operations>);
  }

  async check(type: ResourceType, news: Values, olds: Values = {}) {
    const { inputs, failures } = await this.call<CheckResult>(type, "check", [wire(olds), wire(news)]);
    return { inputs: wire(inputs) as Values, failures };
  }

  diff(type: ResourceType, id: string, olds: Values, news: Values) {
    return this.call<DiffResult>(type, "diff", [id, wire(olds), wire(news)]);
  }

  async create(type: ResourceType, inputs: Values) {
    const { id, outs } = await this.call<{ id: string; outs: Values }>(type, "create", [wire(inputs)]);
    return { id, properties: wire(outs) as Values };
  }

  async read(type: ResourceType, id: string, properties: Values = {}) {
    const found: { id?: string; props?: Values; inputs?: Values } = await this.call(type, "read", [
      id,
      wire(properties),
    ]);
    const { props = {}, inputs = {} } = found;
    return { id: found.id ?? "", properties: wire(props) as Values, inputs: wire(inputs) as Values };
  }

  async update(type: ResourceType, id: string, olds: Values, news: Values) {
    const { outs } = await this.call<{ outs: Values }>(type, "update", [id, wire(olds), wire(news)]);
    return wire(outs) as Values;
  }

  async delete(type: ResourceType, id: string, properties: Values): Promise<void> {
    await this.call(type, "delete", [id, wire(properties)]);
  }

  async end() {
    await endServers();
    return { code: 0, signal: null };
  }

  private async call<Result>(type: ResourceType, operation: Operation, parameters: unknown[]): Promise<Result> {
    return (await this.shims[type][operation](...parameters)) as Result;
  }
}

/** Values cross the wire as JSON, so nothing is undefined at the other end. */
function wire(values: unknown): never {
  return JSON.parse(JSON.stringify(values)) as never;
}

/** What Pulumi would record of a resource whose operation failed half way; undefined if nothing. */
export function partOf(error: unknown): InitFailure | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  // Not `instanceof`: another copy of the provider has a class of its own.
  if ("name" in error && error.name === "PartialFailure") {
    const { id, properties, reasons } = error as PartialFailure;
    return { id, properties: wire(properties), reasons };
  }
  return "metadata" in error ? initFailure(error as never) : undefined;
}

/** The message that a user reads. */
export function messageOf(error: unknown): string {
  const { details, message } = error as { details?: string; message: string };
  const [reason] = partOf(error)?.reasons ?? [];
  return reason ?? details ?? message;
}
