/** The outputs of a stack as the CLI shows them below the diagnostics of an operation. */
import {
  changedKeys,
  containsUnknown,
  isInternalKey,
  isObject,
  isSecret,
  PropertyMap,
  PropertyValue,
} from "./properties";

/** More lines of an unchanged or a new string are left out. */
const SHOWN_LINES = 3;

/** @param preview shows only what would change; an update shows every output */
export function outputsText(before: PropertyMap, after: PropertyMap, preview: boolean): string {
  const changed = new Set(changedKeys(before, after));
  const keys = Object.keys({ ...before, ...after }).filter((key) => !isInternalKey(key));
  const width = Math.max(0, ...keys.map((key) => key.length));
  const lines = keys.sort().flatMap((key) => {
    const [old, now] = [before[key], after[key]];
    const isHidden = preview && (!changed.has(key) || (isSecret(old) && isSecret(now)));
    return isHidden ? [] : change(key.padEnd(width), old, now, changed.has(key));
  });
  return lines.map((line) => `  ${line}\n`).join("");
}

function change(
  key: string,
  old: PropertyValue | undefined,
  now: PropertyValue | undefined,
  isChanged: boolean,
): string[] {
  if (!isChanged || (isSecret(old) && isSecret(now))) return signed("  ", key, shown(now ?? null));
  if (old === undefined) return signed("+ ", key, shown(now ?? null));
  if (now === undefined) return signed("- ", key, shown(old));
  if (typeof old === "string" && typeof now === "string" && `${old}${now}`.includes("\n")) {
    return [`~ ${key}: `, ...changedLines(old.split("\n"), now.split("\n"))];
  }
  if (isObject(old) && isObject(now) && !isSecret(old) && !isSecret(now) && !containsUnknown(now)) {
    const inner = outputsText(old, now, false).trimEnd().split("\n");
    return [`~ ${key}: {`, ...inner.map((line) => `    ${line}`), "  }"];
  }
  return signed("~ ", key, [`${shown(old).join("\n")} => ${shown(now).join("\n")}`]);
}

function signed(sign: string, key: string, [first, ...more]: string[]): string[] {
  return [`${sign}${key}: ${first}`, ...more.map((line) => `  ${line}`)];
}

function changedLines(old: string[], now: string[]): string[] {
  const [had, has] = [new Set(old), new Set(now)];
  return [
    ...now.map((line) => `    ${had.has(line) ? "  " : "+ "}${line}`),
    ...old.filter((line) => !has.has(line)).map((line) => `    - ${line}`),
  ];
}

/** A value on its own, by lines. */
function shown(value: PropertyValue): string[] {
  if (isSecret(value)) return ["[secret]"];
  if (containsUnknown(value)) return ["[unknown]"];
  if (typeof value === "string") {
    const lines = value.split("\n");
    return [
      JSON.stringify([...lines.slice(0, SHOWN_LINES), ...(lines.length > SHOWN_LINES ? ["..."] : [])].join("\n")),
    ];
  }
  if (Array.isArray(value)) return ["[", ...value.flatMap(shown).map((line) => `  ${line}`), "]"];
  if (!isObject(value)) return [JSON.stringify(value)];
  const inner = outputsText(value, value, false).trimEnd().split("\n");
  return ["{", ...inner.map((line) => `  ${line}`), "}"];
}
