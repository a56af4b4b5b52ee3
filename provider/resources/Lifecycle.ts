/**
 * The life of one resource type, in the words of Pulumi's dynamic providers but free of them: plain values in, plain
 * values out, so that another front end (a provider plugin) can drive the same code.
 *
 * `check` and `diff` never touch the server. `create`, `update` and `delete` observe it, do what is missing and read
 * back; each may be repeated. `read` says "gone" (no id) only if the server said so.
 */

import { SessionBroken } from "../ssh/SshError";
import { OneLineError } from "../text/OneLineError";

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

export interface Lifecycle<Inputs, Outputs> {
  check(olds: Partial<Inputs>, news: Inputs): Promise<CheckResult> | CheckResult;
  diff(id: string, olds: Outputs, news: Inputs): Promise<DiffResult> | DiffResult;
  create(inputs: Inputs): Promise<CreateResult<Outputs>>;
  read(id: string, props: Partial<Outputs>): Promise<ReadResult<Outputs>>;
  update(id: string, olds: Outputs, news: Inputs): Promise<{ outs: Outputs }>;
  delete(id: string, props: Outputs): Promise<void>;
}

/** What every state of this package's resources carries; a later release upgrades older states by it. */
export const STATE_VERSION = 1;

/** What Pulumi puts in the place of a value that a preview does not know yet (`sdk/nodejs/runtime/rpc.ts`). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** False for a value that a preview cannot know: rules pass it, comparisons see it as changed. */
export function isKnown(value: unknown): boolean {
  if (value === UNKNOWN) return false;
  if (Array.isArray(value)) return value.every(isKnown);
  if (typeof value === "object" && value !== null) return Object.values(value).every(isKnown);
  return true;
}

/** Deep equality of plain values; an unknown one equals nothing. */
export function same(left: unknown, right: unknown): boolean {
  return isKnown(left) && isKnown(right) && JSON.stringify(normal(left)) === JSON.stringify(normal(right));
}

/**
 * Those of `keys` whose values differ.
 *
 * @param compared what is compared of a value, where two ways of writing it mean the same to the server
 */
export function differing<Key extends string>(
  keys: readonly Key[],
  olds: Partial<Record<Key, unknown>>,
  news: Partial<Record<Key, unknown>>,
  compared: Partial<Record<Key, (value: unknown) => unknown>> = {},
): Key[] {
  return keys.filter((key) => {
    const of = compared[key] ?? ((value: unknown) => value);
    return !same(of(olds[key]), of(news[key]));
  });
}

/** What is compared of a text; other values are compared as they are. */
export function text(key: (value: string) => string): (value: unknown) => unknown {
  return (value) => (typeof value === "string" ? key(value) : value);
}

/** Keys in one order, absent and undefined alike. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value ?? null;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, normal(entry)]));
}

/** The entries of `values` under the given keys, absent ones left out. */
export function pick(values: object, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([key, value]) => keys.includes(key) && value !== undefined && value !== null),
  );
}

export function without<T extends object, Key extends keyof T>(values: T, ...keys: Key[]): Omit<T, Key> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key as Key))) as Omit<T, Key>;
}

/**
 * The change was made in part. Pulumi records the resource with these properties as existing but not initialised, and
 * the next `up` repairs it. The CLI prints the reasons only, not the message.
 */
export class PartialFailure extends OneLineError {
  override readonly name = "PartialFailure";
  readonly code = "partialFailure";
  readonly reasons: string[];

  constructor(
    readonly id: string,
    readonly properties: object,
    cause: Error,
  ) {
    super(cause.message, { cause });
    this.reasons = [cause.message];
  }
}

/**
 * Runs `operation`. If the answer to its write is lost for good, the resource is recorded with `properties` as if the
 * write was made: the next `up` looks, and a removal takes back what may be there.
 */
export async function recordingUnknown<T>(id: string, properties: object, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof SessionBroken && error.outcome === "unknown") throw new PartialFailure(id, properties, error);
    throw error;
  }
}
