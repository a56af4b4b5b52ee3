/** What the engine knows of one resource: the in-memory form of an entry of the state file (`ResourceV3`). */
import { PropertyMap } from "./PropertyValue";
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
  /** Marked by `pulumi state taint`: to be replaced. */
  taint: boolean;
  /** Read, not managed. */
  external: boolean;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  /** What went wrong while the resource, which exists, was made ready. */
  initErrors: string[];
  /** `<urn>::<id>` of the provider, empty for components. */
  provider: string;
  /** Deleted already, and to be created again. */
  pendingReplacement: boolean;
  additionalSecretOutputs: string[];
  aliases: string[];
  customTimeouts: Record<string, number> | undefined;
  importId: string;
  retainOnDelete: boolean;
  deletedWith: string;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  created: string | undefined;
  modified: string | undefined;
  sourcePosition: string;
  stackTrace: { sourcePosition: string }[];
}

export function newResourceState(required: { urn: string; type: string; custom: boolean }): ResourceState {
  return {
    delete: false,
    id: "",
    inputs: {},
    outputs: {},
    parent: "",
    protect: false,
    taint: false,
    external: false,
    dependencies: [],
    propertyDependencies: {},
    initErrors: [],
    provider: "",
    pendingReplacement: false,
    additionalSecretOutputs: [],
    aliases: [],
    customTimeouts: undefined,
    importId: "",
    retainOnDelete: false,
    deletedWith: "",
    ignoreChanges: [],
    replaceOnChanges: [],
    created: undefined,
    modified: undefined,
    sourcePosition: "",
    stackTrace: [],
    ...required,
  };
}

/** Everything a resource needs to exist but its parent and provider. */
export function dependencyUrns(state: ResourceState): Set<string> {
  const urns = new Set([...state.dependencies, ...Object.values(state.propertyDependencies).flat()]);
  if (state.deletedWith !== "") {
    urns.add(state.deletedWith);
  }
  urns.delete("");
  return urns;
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

export type OperationType = "creating" | "updating" | "deleting" | "reading" | "importing";

/** Something that was begun and, as far as the state knows, not finished. */
export interface PendingOperation {
  resource: ResourceState;
  type: OperationType;
}
