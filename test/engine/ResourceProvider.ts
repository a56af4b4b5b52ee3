/** What the engine asks of a provider: the gRPC interface `ResourceProvider`, as far as resources need it. */
import { PropertyMap } from "./PropertyValue";

export interface ResourceIdentity {
  urn: string;
  type: string;
  name: string;
}

export interface CheckResult {
  inputs: PropertyMap;
  failures: { property: string; reason: string }[];
}

export interface DiffResult {
  /** `unknown`: the provider does not say, so the engine compares the inputs itself. */
  changes: "some" | "none" | "unknown";
  replaceKeys: string[];
  changedKeys: string[];
  deleteBeforeReplace: boolean;
}

export interface ReadResult {
  /** Empty: there is no such resource any more. */
  id: string;
  outputs: PropertyMap;
  /** Absent if the provider does not know better than the state. */
  inputs: PropertyMap | undefined;
}

export interface ResourceProvider {
  check(identity: ResourceIdentity, olds: PropertyMap, news: PropertyMap): Promise<CheckResult>;
  diff(
    identity: ResourceIdentity,
    id: string,
    oldInputs: PropertyMap,
    oldOutputs: PropertyMap,
    newInputs: PropertyMap,
  ): Promise<DiffResult>;
  create(identity: ResourceIdentity, inputs: PropertyMap): Promise<{ id: string; outputs: PropertyMap }>;
  update(
    identity: ResourceIdentity,
    id: string,
    oldInputs: PropertyMap,
    oldOutputs: PropertyMap,
    newInputs: PropertyMap,
  ): Promise<PropertyMap>;
  read(
    identity: ResourceIdentity,
    id: string,
    inputs: PropertyMap | undefined,
    state: PropertyMap | undefined,
  ): Promise<ReadResult>;
  delete(identity: ResourceIdentity, id: string, inputs: PropertyMap, outputs: PropertyMap): Promise<void>;
}

/** The resource exists, but what was asked of it is half done; it is recorded like that. */
export class PartialFailure extends Error {
  constructor(
    readonly id: string,
    readonly outputs: PropertyMap,
    /** All that the CLI shows of such a failure; the message of the error that the provider threw is lost. */
    readonly reasons: string[],
  ) {
    super(describe(reasons));
  }
}

/** In the words of Go's `multierror`, which the CLI prints. */
function describe(reasons: string[]): string {
  if (reasons.length === 0) {
    return "resource init failed";
  }
  const count = reasons.length === 1 ? "1 error" : `${reasons.length} errors`;
  return `${count} occurred:\n${reasons.map((reason) => `\t* ${reason}`).join("\n")}\n\n`;
}
