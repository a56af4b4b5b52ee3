/** The resource option `ignoreChanges`: a list of property paths such as `tags`, `tags.owner` or `rules[0].port`. */
import { isObject, PropertyMap, PropertyValue, Secret } from "./PropertyValue";

/**
 * @returns the inputs with the old value at every ignored path, and the paths that exist on one side only, which can
 * therefore not be ignored (unless they are a whole property)
 */
export function withIgnoredChanges(
  inputs: PropertyMap,
  oldInputs: PropertyMap,
  paths: readonly string[],
): { inputs: PropertyMap; invalid: string[] } {
  let result = inputs;
  const invalid: string[] = [];
  for (const path of paths) {
    const reset = resetAt(result, oldInputs, parsePath(path));
    if (reset === undefined) {
      invalid.push(path);
    } else {
      result = reset as PropertyMap;
    }
  }
  return { inputs: result, invalid };
}

/** `a.b[0]["c d"]` -> `["a", "b", 0, "c d"]` */
export function parsePath(path: string): (string | number)[] {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]]+)/g)].map(([, quoted, index, plain]) =>
    index === undefined ? (quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "") : index === "*" ? "*" : Number(index),
  );
}

function resetAt(
  value: PropertyValue | undefined,
  old: PropertyValue | undefined,
  path: readonly (string | number)[],
): PropertyValue | undefined {
  const [key, ...rest] = path;
  if (key === undefined) {
    return old;
  }
  if (value instanceof Secret || old instanceof Secret) {
    const inner = resetAt(withoutSecret(value), withoutSecret(old), path);
    return inner === undefined ? undefined : value instanceof Secret ? new Secret(inner) : inner;
  }
  if (Array.isArray(value) && Array.isArray(old)) {
    return resetInArray(value, old, key, rest);
  }
  if (!isObject(value) || !isObject(old)) {
    return undefined;
  }
  const keys = key === "*" ? [...new Set([...Object.keys(value), ...Object.keys(old)])] : [String(key)];
  let result: PropertyMap | undefined = value;
  for (const name of keys) {
    result = result === undefined ? undefined : resetInObject(result, old, name, rest);
  }
  return result;
}

function withoutSecret(value: PropertyValue | undefined): PropertyValue | undefined {
  return value instanceof Secret ? value.element : value;
}

function resetInObject(
  value: PropertyMap,
  old: PropertyMap,
  key: string,
  rest: readonly (string | number)[],
): PropertyMap | undefined {
  if (rest.length > 0) {
    const reset = resetAt(value[key], old[key], rest);
    return reset === undefined ? undefined : { ...value, [key]: reset };
  }
  const others = Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  const former = old[key];
  return former === undefined ? others : { ...others, [key]: former };
}

function resetInArray(
  value: PropertyValue[],
  old: PropertyValue[],
  key: string | number,
  rest: readonly (string | number)[],
): PropertyValue[] | undefined {
  if (key === "*" && value.length !== old.length) {
    return undefined;
  }
  const indices = key === "*" ? value.map((_, index) => index) : [Number(key)];
  const result = [...value];
  for (const index of indices) {
    const reset = index < value.length && index < old.length ? resetAt(value[index], old[index], rest) : undefined;
    if (reset === undefined) {
      return undefined;
    }
    result[index] = reset;
  }
  return result;
}
