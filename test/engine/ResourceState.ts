/** What the engine knows of one resource: the entry of the state file (`ResourceV3`), with secrets in clear. */
import { decryptSecrets, encryptSecrets, type PropertyMap } from "./properties";
import type { Secrets } from "./Secrets";
import { splitProviderReference } from "./Urn";

export interface ResourceState {
  urn: string;
  type: string;
  /** Managed by a provider; false for components and the stack. */
  custom: boolean;
  /** Replaced already, and to be deleted. */
  delete: boolean;
  id: string;
  inputs: PropertyMap;
  outputs: PropertyMap;
  parent: string;
  protect: boolean;
  /** Read, not managed. */
  external: boolean;
  dependencies: string[];
  propertyDependencies: Record<string, string[] | null>;
  /** What went wrong while the resource, which exists, was made ready. */
  initErrors: string[];
  /** `<urn>::<id>` of the provider, empty for components. */
  provider: string;
  additionalSecretOutputs: string[];
  /** Names of hooks, by when they run. */
  resourceHooks: Partial<Record<HookType, string[]>>;
  /** Former URNs, which other entries may still name. */
  aliases: string[];
}

/** Fields that are empty are left out of the file. */
export type SerializedResource = Pick<ResourceState, "urn" | "type" | "custom"> & Partial<ResourceState>;

/** Written by the CLI to be shown to people; they are left out when the resource changes. */
const informational = ["created", "modified", "sourcePosition", "stackTrace"];

export function newResourceState(required: SerializedResource): ResourceState {
  return {
    delete: false,
    id: "",
    inputs: {},
    outputs: {},
    parent: "",
    protect: false,
    external: false,
    dependencies: [],
    propertyDependencies: {},
    initErrors: [],
    provider: "",
    additionalSecretOutputs: [],
    resourceHooks: {},
    aliases: [],
    ...required,
  };
}

export function serializeResource(state: ResourceState, secrets: Secrets): SerializedResource {
  const { inputs, outputs } = state;
  const full = { ...state, inputs: encryptSecrets(inputs, secrets), outputs: encryptSecrets(outputs, secrets) };
  return Object.fromEntries(
    Object.entries(full).filter(([key, value]) => key === "custom" || !isEmpty(value)),
  ) as unknown as SerializedResource;
}

export function deserializeResource(entry: SerializedResource, secrets: Secrets): ResourceState {
  const state = newResourceState(entry);
  const known = [...Object.keys(newResourceState({ urn: "", type: "", custom: false })), ...informational];
  const foreign = Object.entries(entry).find(([key, value]) => !known.includes(key) && !isEmpty(value));
  if (foreign !== undefined) {
    throw new Error(
      `the state has ${entry.urn} with "${foreign[0]}", which the in-process engine does not know: use the Pulumi CLI`,
    );
  }
  return {
    ...state,
    inputs: decryptSecrets(state.inputs, secrets),
    outputs: decryptSecrets(state.outputs, secrets),
  };
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === "" ||
    value === false ||
    (typeof value === "object" && value !== null && Object.keys(value).length === 0)
  );
}

/** Everything a resource needs to exist but its parent and provider. */
export function dependencyUrns(state: ResourceState): Set<string> {
  const ofProperties = Object.values(state.propertyDependencies).flatMap((urns) => urns ?? []);
  return new Set([...state.dependencies, ...ofProperties]);
}

export function providerUrn(state: ResourceState): string {
  return state.provider === "" ? "" : splitProviderReference(state.provider).urn;
}

/** Everything a resource needs to exist. */
export function allDependencyUrns(state: ResourceState): Set<string> {
  const urns = dependencyUrns(state).add(state.parent).add(providerUrn(state));
  urns.delete("");
  return urns;
}

/** Before what a function of the program runs. */
export type HookType = "BeforeCreate" | "BeforeDelete";

export type OperationType = "creating" | "updating" | "deleting" | "reading";

/** Something that was begun and, as far as the state knows, not finished. */
export interface PendingOperation {
  resource: ResourceState;
  type: OperationType;
}
