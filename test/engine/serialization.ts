/**
 * Entries of the state file. Fields that are empty are left out, as the CLI leaves them out; secrets are written as
 * `{ <signature>, ciphertext }`, where the plaintext is the JSON of the value.
 * Source: pkg/resource/stack/deployment.go of pulumi/pulumi.
 */
import { isObject, PropertyMap, PropertyValue, ResourceReference, Secret, Unknown } from "./PropertyValue";
import { newResourceState, ResourceState } from "./ResourceState";
import { Secrets } from "./Secrets";
import { Json, mapValues, resourceReferenceSignature, secretSignature, signatureKey, unknownSentinel } from "./wire";

/** `ResourceV3`; the names are the CLI's. */
export interface SerializedResource {
  urn: string;
  custom: boolean;
  delete?: boolean;
  id?: string;
  type: string;
  inputs?: Record<string, Json>;
  outputs?: Record<string, Json>;
  parent?: string;
  protect?: boolean;
  taint?: boolean;
  external?: boolean;
  dependencies?: string[];
  initErrors?: string[];
  provider?: string;
  propertyDependencies?: Record<string, string[] | null>;
  pendingReplacement?: boolean;
  additionalSecretOutputs?: string[];
  aliases?: string[];
  customTimeouts?: Record<string, number>;
  importID?: string;
  retainOnDelete?: boolean;
  deletedWith?: string;
  created?: string;
  modified?: string;
  sourcePosition?: string;
  stackTrace?: { sourcePosition: string }[];
  ignoreChanges?: string[];
  replaceOnChanges?: string[];
}

/** A secret that has not changed keeps its ciphertext, so that a checkpoint differs only where the state does. */
const ciphertexts = new WeakMap<Secret, { secrets: Secrets; ciphertext: string }>();

export function serializeResource(state: ResourceState, secrets: Secrets): SerializedResource {
  const { importId, inputs, outputs, ...rest } = state;
  const full = {
    ...rest,
    inputs: serializeProperties(inputs, secrets),
    outputs: serializeProperties(outputs, secrets),
    importID: importId,
  };
  return Object.fromEntries(
    Object.entries(full).filter(([key, value]) => key === "custom" || !isEmpty(value)),
  ) as unknown as SerializedResource;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === "" ||
    value === false ||
    (typeof value === "object" && value !== null && Object.keys(value).length === 0)
  );
}

export function deserializeResource(entry: SerializedResource, secrets: Secrets): ResourceState {
  const { urn, type, custom, inputs, outputs, importID, propertyDependencies, ...rest } = entry;
  return {
    ...newResourceState({ urn, type, custom }),
    ...rest,
    inputs: deserializeProperties(inputs ?? {}, secrets),
    outputs: deserializeProperties(outputs ?? {}, secrets),
    propertyDependencies: mapValues(propertyDependencies ?? {}, (urns) => urns ?? []),
    importId: importID ?? "",
  };
}

function serializeProperties(properties: PropertyMap, secrets: Secrets): Record<string, Json> {
  const sorted = Object.fromEntries(
    Object.keys(properties)
      .sort()
      .map((key) => [key, properties[key] ?? null]),
  );
  return mapValues(sorted, (value) => serializeValue(value, secrets));
}

/** Without `secrets` the value is inside a secret: encrypted as a whole, so that what is in it stays in clear. */
function serializeValue(value: PropertyValue, secrets: Secrets | undefined): Json {
  if (value instanceof Secret) {
    return secrets === undefined
      ? { [signatureKey]: secretSignature, plaintext: JSON.stringify(serializeValue(value.element, undefined)) }
      : { [signatureKey]: secretSignature, ciphertext: encryptOnce(value, secrets) };
  }
  if (value instanceof Unknown) {
    return unknownSentinel;
  }
  if (value instanceof ResourceReference) {
    const reference: Record<string, Json> = {
      [signatureKey]: resourceReferenceSignature,
      urn: value.urn,
      packageVersion: value.packageVersion,
    };
    if (typeof value.id === "string") {
      reference["id"] = value.id;
    }
    return reference;
  }
  if (Array.isArray(value)) {
    return value.map((element) => serializeValue(element, secrets));
  }
  return isObject(value) ? mapValues(value, (element) => serializeValue(element, secrets)) : value;
}

function encryptOnce(secret: Secret, secrets: Secrets): string {
  const known = ciphertexts.get(secret);
  if (known?.secrets === secrets) {
    return known.ciphertext;
  }
  const ciphertext = secrets.encrypt(JSON.stringify(serializeValue(secret.element, undefined)));
  ciphertexts.set(secret, { secrets, ciphertext });
  return ciphertext;
}

function deserializeProperties(properties: Record<string, Json>, secrets: Secrets): PropertyMap {
  return mapValues(properties, (value) => deserializeValue(value, secrets));
}

function deserializeValue(value: Json, secrets: Secrets): PropertyValue {
  if (value === unknownSentinel) {
    return Unknown.instance;
  }
  if (Array.isArray(value)) {
    return value.map((element) => deserializeValue(element, secrets));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (value[signatureKey] === secretSignature) {
    const { ciphertext, plaintext } = value as { ciphertext?: string; plaintext?: string };
    const json = ciphertext === undefined ? (plaintext ?? "null") : secrets.decrypt(ciphertext);
    const secret = new Secret(deserializeValue(JSON.parse(json) as Json, secrets));
    if (ciphertext !== undefined) {
      ciphertexts.set(secret, { secrets, ciphertext });
    }
    return secret;
  }
  if (value[signatureKey] === resourceReferenceSignature) {
    const { urn, id, packageVersion } = value as { urn: string; id?: string; packageVersion?: string };
    return new ResourceReference(urn, id, packageVersion ?? "");
  }
  return mapValues(value, (element) => deserializeValue(element, secrets));
}
