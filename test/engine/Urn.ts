/**
 * `urn:pulumi:<stack>::<project>::<qualified type>::<name>`, where the qualified type is the type, preceded by the
 * qualified type of its parent and `$`, unless the parent is the stack.
 */

export const stackType = "pulumi:pulumi:Stack";
export const stackReferenceType = "pulumi:pulumi:StackReference";
export const dynamicPackage = "pulumi-nodejs";
const providerTypePrefix = "pulumi:providers:";

export function createUrn(stack: string, project: string, parent: string, type: string, name: string): string {
  const parentType = parent === "" ? "" : qualifiedType(parent);
  const typeChain = parentType === "" || parentType === stackType ? type : `${parentType}$${type}`;
  return `urn:pulumi:${stack}::${project}::${typeChain}::${name}`;
}

function parts(urn: string): string[] {
  return urn.slice("urn:pulumi:".length).split("::");
}

export function qualifiedType(urn: string): string {
  return parts(urn)[2] ?? "";
}

export function typeOf(urn: string): string {
  return qualifiedType(urn).split("$").at(-1) ?? "";
}

/** A name may contain `::` itself. */
export function nameOf(urn: string): string {
  return parts(urn).slice(3).join("::");
}

export function isProviderType(type: string): boolean {
  return type.startsWith(providerTypePrefix);
}

export function providerType(packageName: string): string {
  return providerTypePrefix + packageName;
}

/** The package of a type token, for example `pulumi-nodejs` of `pulumi-nodejs:dynamic/aegir:AegirClient`. */
export function packageOf(type: string): string {
  return isProviderType(type) ? type.slice(providerTypePrefix.length) : (type.split(":")[0] ?? "");
}

/** A reference to a provider instance, as resources carry it: `<urn>::<id>`. */
export function splitProviderReference(reference: string): { urn: string; id: string } {
  const separator = reference.lastIndexOf("::");
  return { urn: reference.slice(0, separator), id: reference.slice(separator + 2) };
}
