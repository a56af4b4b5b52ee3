/**
 * Values of resource properties as the engine sees them: JSON, and in any place of it a secret, a value that is not
 * known yet, or a reference to another resource. `wire.ts` brings them in from gRPC and back, `StateFile.ts` to disk.
 */

export type PropertyValue =
  null | boolean | number | string | PropertyValue[] | PropertyMap | Secret | Unknown | ResourceReference;

export interface PropertyMap {
  [key: string]: PropertyValue;
}

/** A value that is stored encrypted and shown as `[secret]`. */
export class Secret {
  constructor(readonly element: PropertyValue) {}
}

/** What a preview cannot know: an output of something that does not exist yet. */
export class Unknown {
  private constructor() {}
  static readonly instance = new Unknown();
}

/** A resource that is passed as a property of another. */
export class ResourceReference {
  constructor(
    readonly urn: string,
    /** Absent for components. */
    readonly id: string | Unknown | undefined,
    readonly packageVersion: string,
  ) {}
}

export function isObject(value: PropertyValue | undefined): value is PropertyMap {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    !(value instanceof Unknown) &&
    !(value instanceof ResourceReference)
  );
}

/** Pulumi's own properties, such as `__provider`: never shown and never part of a report. */
export function isInternalKey(key: string): boolean {
  return key.startsWith("__");
}

/** Equality with secrets kept apart from plain values; an absent key equals `null`, as in Pulumi's `DeepEquals`. */
export function deepEquals(left: PropertyValue | undefined, right: PropertyValue | undefined): boolean {
  if (left === undefined || left === null || right === undefined || right === null) {
    return (left ?? null) === (right ?? null);
  }
  if (left instanceof Secret || right instanceof Secret) {
    return left instanceof Secret && right instanceof Secret && deepEquals(left.element, right.element);
  }
  if (left instanceof ResourceReference || right instanceof ResourceReference) {
    return (
      left instanceof ResourceReference &&
      right instanceof ResourceReference &&
      left.urn === right.urn &&
      left.id === right.id
    );
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((element, index) => deepEquals(element, right[index]))
    );
  }
  if (isObject(left) && isObject(right)) {
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) =>
      deepEquals(left[key], right[key]),
    );
  }
  return left === right;
}

function someValue(value: PropertyValue, predicate: (value: PropertyValue) => boolean): boolean {
  if (predicate(value)) {
    return true;
  }
  if (value instanceof Secret) {
    return someValue(value.element, predicate);
  }
  if (Array.isArray(value)) {
    return value.some((element) => someValue(element, predicate));
  }
  return isObject(value) && Object.values(value).some((element) => someValue(element, predicate));
}

export function containsSecrets(value: PropertyValue): boolean {
  return someValue(value, (candidate) => candidate instanceof Secret);
}

/** The value with every secret in clear. */
export function revealSecrets(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) {
    return revealSecrets(value.element);
  }
  if (Array.isArray(value)) {
    return value.map(revealSecrets);
  }
  return isObject(value) ? revealAll(value) : value;
}

export function revealAll(properties: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, revealSecrets(value)]));
}

/**
 * Marks as secret what a provider that knows no secrets has returned in clear, by the names of the properties that were
 * secret on the way in: objects are walked, an array with a secret anywhere in it becomes secret as a whole. This is
 * `annotateSecrets` of Pulumi's provider host; an output of another name stays in clear.
 */
export function markSecretsLike(outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
  const marked = { ...outputs };
  for (const [key, input] of Object.entries(inputs)) {
    const output = marked[key];
    if (output === undefined) {
      continue;
    }
    if (isObject(output) && isObject(input)) {
      marked[key] = markSecretsLike(output, input);
    } else if (!(output instanceof Secret) && containsSecrets(input)) {
      marked[key] = new Secret(output);
    }
  }
  return marked;
}

/** The top-level keys whose values differ, sorted; secrets are compared by their values. */
export function changedKeys(before: PropertyMap, after: PropertyMap): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => !deepEquals(revealSecrets(before[key] ?? null), revealSecrets(after[key] ?? null)))
    .sort();
}
