/** By code units, so that the order depends on no locale. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Compares values by one of their strings. */
export function by<K extends string>(key: K): (left: Record<K, string>, right: Record<K, string>) => number {
  return (left, right) => compareText(left[key], right[key]);
}
