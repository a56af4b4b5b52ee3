/**
 * Values of resource properties, in the form in which gRPC carries them: JSON, where an object with Pulumi's signature
 * stands for a secret, and a certain string for what a preview cannot know. The constants are those of
 * `@pulumi/pulumi/runtime/rpc`; they are frozen, because they are in every state file and every plugin.
 */
import { isDeepStrictEqual } from "node:util";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Secrets } from "./Secrets";

export type PropertyValue = null | boolean | number | string | PropertyValue[] | PropertyMap;

export interface PropertyMap {
  [key: string]: PropertyValue;
}

export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const resourceReferenceSignature = "5cf8f73096256a8f31e491e813e4eb8e";

/** A value that is stored encrypted and shown as `[secret]`. */
export function secret(value: PropertyValue): PropertyMap {
  return { [signatureKey]: secretSignature, value };
}

export function isObject(value: PropertyValue | undefined): value is PropertyMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: PropertyValue | undefined): value is PropertyMap {
  return isObject(value) && value[signatureKey] === secretSignature;
}

export function containsSecrets(value: PropertyValue): boolean {
  return isSecret(value) || (typeof value === "object" && value !== null && Object.values(value).some(containsSecrets));
}

/** The value with every secret in clear. */
export function reveal(value: PropertyValue): PropertyValue {
  return isSecret(value) ? reveal(value["value"] ?? null) : mapElements(value, reveal);
}

export function revealAll(properties: PropertyMap): PropertyMap {
  return mapValues(properties, reveal);
}

/** Pulumi's own properties, such as `__provider`: never shown and never part of a report. */
export function isInternalKey(key: string): boolean {
  return key.startsWith("__");
}

/** The top-level keys whose values differ, sorted; secrets are compared by their values. */
export function changedKeys(before: PropertyMap, after: PropertyMap): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => !isDeepStrictEqual(reveal(before[key] ?? null), reveal(after[key] ?? null)))
    .sort();
}

/**
 * Marks as secret what a provider that knows no secrets has returned in clear, by the names of the properties that were
 * secret on the way in: objects are walked, an array with a secret anywhere in it becomes secret as a whole. This is
 * `annotateSecrets` of Pulumi's provider host; an output of another name stays in clear.
 */
export function markSecretsLike(outputs: PropertyMap, inputs: PropertyMap): PropertyMap {
  return mapValues(outputs, (output, key) => {
    const input = inputs[key];
    if (input === undefined || isSecret(output)) return output;
    if (isObject(output) && isObject(input) && !isSecret(input)) return markSecretsLike(output, input);
    return containsSecrets(input) ? secret(output) : output;
  });
}

export function fromStruct(struct: Struct | undefined): PropertyMap {
  return struct?.toJavaScript() ?? {};
}

export function toStruct(properties: PropertyMap): Struct {
  return Struct.fromJavaScript(properties);
}

/** For the state file: a secret as `{ <signature>, ciphertext }`, where the plaintext is the JSON of the value. */
export function encryptSecrets(properties: PropertyMap, secrets: Secrets): PropertyMap {
  const encrypt = (value: PropertyValue): PropertyValue =>
    isSecret(value)
      ? { [signatureKey]: secretSignature, ciphertext: secrets.encrypt(JSON.stringify(reveal(value))) }
      : mapElements(value, encrypt);
  return mapValues(properties, encrypt);
}

export function decryptSecrets(properties: PropertyMap, secrets: Secrets): PropertyMap {
  const decrypt = (value: PropertyValue): PropertyValue => {
    if (isObject(value) && value[signatureKey] === resourceReferenceSignature) {
      throw new Error("the state has a reference to a resource, which the in-process engine does not know");
    }
    if (!isSecret(value)) return mapElements(value, decrypt);
    const { ciphertext, plaintext } = value;
    const json = typeof ciphertext === "string" ? secrets.decrypt(ciphertext) : (plaintext as string);
    return secret(decrypt(JSON.parse(json) as PropertyValue));
  };
  return mapValues(properties, decrypt);
}

function mapElements(value: PropertyValue, convert: (value: PropertyValue) => PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(convert);
  return isObject(value) ? mapValues(value, convert) : value;
}

export function mapValues<From, To>(
  object: Readonly<Record<string, From>>,
  convert: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, convert(value, key)]));
}
