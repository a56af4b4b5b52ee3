/**
 * What carries out the operations of one resource type: as Pulumi's dynamic providers have them, but plain values in and
 * plain values out, so that another front end (a provider plugin) can use the same code.
 *
 * `check` and `diff` never touch the server. `create`, `update` and `delete` observe it, do what is missing and read
 * back; each may be repeated. `read` says "gone" (no id) only if the server said so.
 */

export interface CheckFailure {
  property: string;
  reason: string;
}

export interface CheckResult {
  inputs: Record<string, unknown>;
  failures: CheckFailure[];
}

export interface DiffResult {
  changes: boolean;
  replaces: string[];
}

export interface CreateResult<Outputs> {
  id: string;
  outs: Outputs;
}

/** Without an id the resource is gone. `inputs` holds input keys only, or Pulumi would show outputs as inputs. */
export interface ReadResult<Outputs> {
  id?: string;
  props?: Outputs;
  inputs?: Record<string, unknown>;
}

export interface ResourceHandlers<Inputs, Outputs> {
  check(olds: Partial<Inputs>, news: Inputs): Promise<CheckResult> | CheckResult;
  diff(id: string, olds: Outputs, news: Inputs): Promise<DiffResult> | DiffResult;
  create(inputs: Inputs): Promise<CreateResult<Outputs>>;
  read(id: string, props: Partial<Outputs>): Promise<ReadResult<Outputs>>;
  update(id: string, olds: Outputs, news: Inputs): Promise<{ outs: Outputs }>;
  delete(id: string, props: Outputs): Promise<void>;
}

/** What every state of this package's resources carries; a later release upgrades older states by it. */
export const STATE_VERSION = 1;
