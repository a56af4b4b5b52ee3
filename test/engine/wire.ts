/**
 * Property values on the wire: `google.protobuf.Struct` with Pulumi's signatures for what JSON lacks. The constants are
 * those of `@pulumi/pulumi/runtime/rpc`; they are frozen, being in every state file and every plugin.
 */
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isObject, PropertyMap, PropertyValue, ResourceReference, Secret, Unknown } from "./PropertyValue";

/** Stands for an unknown value wherever a plain string may stand, and for the id of a provider during a preview. */
export const unknownSentinel = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const signatureKey = "4dabf18193072939515e22adb298388d";
export const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
export const resourceReferenceSignature = "5cf8f73096256a8f31e491e813e4eb8e";
const outputValueSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** An output value may also be written with the sentinels of unknown numbers, lists and so on; none comes from Node. */
export function fromWire(struct: Struct | undefined): PropertyMap {
  return struct === undefined ? {} : mapValues(struct.toJavaScript() as Record<string, Json>, fromWireValue);
}

function fromWireValue(value: Json): PropertyValue {
  if (value === unknownSentinel) {
    return Unknown.instance;
  }
  if (Array.isArray(value)) {
    return value.map(fromWireValue);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (value[signatureKey] === secretSignature) {
    return new Secret(fromWireValue(value["value"] ?? null));
  }
  if (value[signatureKey] === outputValueSignature) {
    const element = "value" in value ? fromWireValue(value["value"] ?? null) : Unknown.instance;
    return value["secret"] === true ? new Secret(element) : element;
  }
  if (value[signatureKey] === resourceReferenceSignature) {
    const { urn, id, packageVersion } = value as { urn: string; id?: string; packageVersion?: string };
    const isUnknown = id === "" || id === unknownSentinel;
    return new ResourceReference(urn, isUnknown ? Unknown.instance : id, packageVersion ?? "");
  }
  return mapValues(value, fromWireValue);
}

/** For the program, which understands secrets and references. */
export function toProgram(properties: PropertyMap): Struct {
  return Struct.fromJavaScript(mapValues(properties, toProgramValue));
}

function toProgramValue(value: PropertyValue): Json {
  if (value instanceof Secret) {
    return { [signatureKey]: secretSignature, value: toProgramValue(value.element) };
  }
  if (value instanceof ResourceReference) {
    const reference: Record<string, Json> = {
      [signatureKey]: resourceReferenceSignature,
      urn: value.urn,
      packageVersion: value.packageVersion,
    };
    if (value.id !== undefined) {
      reference["id"] = value.id instanceof Unknown ? unknownSentinel : value.id;
    }
    return reference;
  }
  return toPlainValue(value, toProgramValue);
}

/** For the dynamic provider, which understands neither: secrets go in clear, references as their id (or URN). */
export function toProvider(properties: PropertyMap): Struct {
  return Struct.fromJavaScript(mapValues(properties, toProviderValue));
}

function toProviderValue(value: PropertyValue): Json {
  if (value instanceof Secret) {
    return toProviderValue(value.element);
  }
  if (value instanceof ResourceReference) {
    return value.id instanceof Unknown ? unknownSentinel : (value.id ?? value.urn);
  }
  return toPlainValue(value, toProviderValue);
}

function toPlainValue(
  value: Exclude<PropertyValue, Secret | ResourceReference>,
  convert: (value: PropertyValue) => Json,
): Json {
  if (value instanceof Unknown) {
    return unknownSentinel;
  }
  if (Array.isArray(value)) {
    return value.map(convert);
  }
  return isObject(value) ? mapValues(value, convert) : value;
}

export function mapValues<From, To>(
  object: Readonly<Record<string, From>>,
  convert: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, convert(value)]));
}
