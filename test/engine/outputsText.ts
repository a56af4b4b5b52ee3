/** The outputs of a stack, one after the other, below the diagnostics of an operation. */
import { changedKeys, isInternalKey, isSecret, type PropertyMap, type PropertyValue, unknown } from "./properties";

/** @param preview shows only what would change; an update shows every output */
export function outputsText(before: PropertyMap, after: PropertyMap, preview: boolean): string {
  const changed = new Set(changedKeys(before, after));
  const keys = Object.keys({ ...before, ...after }).filter((key) => !isInternalKey(key));
  const width = Math.max(0, ...keys.map((key) => key.length));
  const lines = keys.sort().flatMap((key) => {
    const [old, now] = [before[key], after[key]];
    const isChanged = changed.has(key) && !(isSecret(old) && isSecret(now));
    if (preview && !isChanged) return [];
    const sign = !isChanged ? "  " : old === undefined ? "+ " : now === undefined ? "- " : "~ ";
    return `  ${sign}${key.padEnd(width)}: ${shown(now ?? old ?? null).replaceAll("\n", "\n  ")}\n`;
  });
  return lines.join("");
}

/** In several lines, if it has parts. */
function shown(value: PropertyValue): string {
  const masked = (_key: string, part: PropertyValue) =>
    isSecret(part) ? "[secret]" : part === unknown ? "[unknown]" : part;
  return JSON.stringify(value, masked, 2);
}
