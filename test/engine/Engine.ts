/**
 * What a scenario needs from a Pulumi engine. Two engines answer it: the in-process one (a machine with Node alone) and
 * the real CLI (wherever `pulumi` is found). A scenario is written once and run on each engine that is there.
 */

/** The step operations of Pulumi's own step generator that our programs lead to, in its own words. */
export type StepOperation =
  | "same"
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "create-replacement"
  | "delete-replaced"
  | "read"
  | "refresh"
  | "discard";

/** One step that the engine planned (preview) or carried out (up, refresh, destroy), in the order in which it began. */
export interface Step {
  op: StepOperation;
  urn: string;
  /** The type token, for example `pulumi-nodejs:dynamic/aegir:AegirClient`. */
  type: string;
  /** The logical name. */
  name: string;
  /** Top-level property keys that differ, sorted; empty where the engine reports none. */
  diffs: string[];
  outcome: "planned" | "done" | "failed";
  /** Of a `refresh` step that succeeded: nothing new, something else than recorded, or no such resource any more. */
  found?: "same" | "update" | "delete";
  /**
   * Of a deletion: deletions of one wave do not depend on each other and may begin in any order; the waves themselves
   * come one after the other, the first one is 0.
   */
  wave?: number;
}

/** What one operation on a stack did. Never thrown: a failed operation is an outcome with `ok: false`. */
export interface Outcome {
  ok: boolean;
  /** Every step but those of the stack resource and of providers. */
  steps: Step[];
  /** How many steps there were per operation, for example `{ create: 3, same: 1 }`. */
  changes: Partial<Record<StepOperation, number>>;
  /** Errors, warnings and informational messages as text, one per line, as a user sees them. */
  diagnostics: string;
  /** Everything the engine printed, diagnostics included. */
  output: string;
  /** The stack's outputs as recorded in the state after the operation (a preview records none), secrets in clear. */
  outputs: Record<string, unknown>;
}

export interface OperationOptions {
  /** `--refresh`: read every resource from its provider first. */
  refresh?: boolean;
  /** `--continue-on-error` */
  continueOnError?: boolean;
  /** `--parallel`; the engine's own default if absent. */
  parallel?: number;
  /** `--replace URN` */
  replace?: string[];
  /** `--target URN` */
  target?: string[];
  /** `--exclude-protected` (destroy). */
  excludeProtected?: boolean;
  /** `--run-program` (refresh and destroy). */
  runProgram?: boolean;
  /** Added to the environment of the program and of the provider process, for this operation only. */
  env?: Record<string, string>;
  /** Called with each piece of output as it is printed. */
  onOutput?: (text: string) => void;
  /** Aborting kills the engine's operation at once, as SIGKILL does: nothing is cleaned up. */
  kill?: AbortSignal;
}

export type ConfigValue = string | { secret: string };

export interface StackOptions {
  /** The directory of `Pulumi.yaml`. */
  projectDirectory: string;
  stack: string;
  /** Where the state file lives, in the layout of Pulumi's file backend. */
  stateDirectory: string;
  passphrase: string;
  /** Namespaced keys, for example `aegir:servers`; structured values as JSON text. */
  config: Record<string, ConfigValue>;
  /** Added to the environment of every operation. */
  env?: Record<string, string>;
}

/** A stack that is opened (made if it does not exist) on one engine. */
export interface Stack {
  preview(options?: OperationOptions): Promise<Outcome>;
  up(options?: OperationOptions): Promise<Outcome>;
  refresh(options?: OperationOptions): Promise<Outcome>;
  destroy(options?: OperationOptions): Promise<Outcome>;
  /** `pulumi destroy --preview-only`: what `pulumi destroy` does first, to go no further if that fails. */
  previewDestroy(options?: OperationOptions): Promise<Outcome>;
  /** `pulumi cancel`: removes the lock that a killed operation left behind. */
  cancel(): Promise<void>;
  /** `pulumi state unprotect --all` */
  unprotectAll(): Promise<void>;
  /** Replaces the whole configuration. */
  setConfig(config: Record<string, ConfigValue>): Promise<void>;
  /** `pulumi stack export` without `--show-secrets`: `{ version: 3, deployment: { manifest, resources, ... } }`. */
  exportState(): Promise<ExportedState>;
  importState(state: ExportedState): Promise<void>;
}

export interface ExportedState {
  version: number;
  features?: string[];
  deployment: {
    manifest?: unknown;
    secrets_providers?: unknown;
    resources?: Record<string, unknown>[];
    pending_operations?: unknown[];
    [key: string]: unknown;
  };
}

export interface Engine {
  /** For the summary, for example `in-process engine (SDK 3.248.0)` or `pulumi v3.248.0`. */
  readonly name: string;
  readonly kind: "in-process" | "cli";
  open(options: StackOptions): Promise<Stack>;
}
