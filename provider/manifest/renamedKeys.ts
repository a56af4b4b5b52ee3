/** Keys of the manifest that had another name in an earlier release. */
import type { Value } from "./YamlTree";

const CURRENT_KEYS = new Map([
  ["brake", "removalLimit"],
  ["previously", "renamedFrom"],
]);

/** @returns undefined if the key never had another name */
export function currentKey(key: string): string | undefined {
  return CURRENT_KEYS.get(key);
}

/** Renames the former keys of a manifest and of its clients, in the tree itself. */
export function useCurrentKeys(root: Value): void {
  for (const map of [root, ...(root.fields.get("clients")?.value.items ?? [])]) {
    for (const [former, current] of CURRENT_KEYS) {
      const field = map.fields.get(former);
      if (field === undefined || map.fields.has(current)) continue;
      map.fields = new Map([...map.fields].map(([key, each]) => [key === former ? current : key, each]));
      const plain = map.plain as Record<string, unknown>;
      plain[current] = plain[former];
      delete plain[former];
    }
  }
}
