/** What the program asks for, decoded from the wire, and what it is told in the end. */
import { PropertyMap } from "./PropertyValue";
import { ResourceState } from "./ResourceState";

/** Another way to say what a resource was called before; empty fields are those of the resource itself. */
export type Alias =
  { urn: string } | { name: string; type: string; stack: string; project: string; parent: string; noParent: boolean };

export interface Goal {
  type: string;
  name: string;
  custom: boolean;
  parent: string;
  properties: PropertyMap;
  provider: string;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  protect: boolean | undefined;
  deleteBeforeReplace: boolean | undefined;
  retainOnDelete: boolean | undefined;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  additionalSecretOutputs: string[];
  aliases: Alias[];
  deletedWith: string;
  /** The option `import`. */
  importId: string;
  customTimeouts: Record<string, number> | undefined;
  sourcePosition: string;
  stackTrace: { sourcePosition: string }[];
}

export interface RegistrationResult {
  state: ResourceState;
  /** Other than `success` only with `--continue-on-error`: the program goes on without the outputs. */
  result: "success" | "failed" | "skipped";
}

export interface Registration {
  goal: Goal;
  settle: (result: RegistrationResult) => void;
}

/** `.get`: a resource that somebody else manages. */
export interface ReadRegistration {
  goal: Goal & { id: string };
  settle: (result: RegistrationResult) => void;
}

export interface OutputsRegistration {
  urn: string;
  outputs: PropertyMap;
  settle: () => void;
}
