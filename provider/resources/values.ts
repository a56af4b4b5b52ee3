/** Plain values as they cross the wire: which are known, which are the same, and parts of them. */

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
