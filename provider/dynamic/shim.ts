/**
 * What Pulumi serialises into the state of every resource. Its text is part of every stack that was ever deployed and
 * is run, as it was then, by delete and refresh (docs/pulumi.md#serialized-provider): so it captures nothing, knows one
 * type by its name, and lets the package that is installed when it runs put the operations in. Pulumi configures a
 * provider in the same turn in which it deserialises it, before any other call, so no operation can come earlier. Seven
 * methods in the text instead of one would add 2 kB, stored twice, to every resource. The module path
 * `pulumi-aegir/dynamic`, the name `configure` and the four type names are frozen.
 */
import type * as pulumi from "@pulumi/pulumi";

export type ResourceType = "AegirClient" | "SiteOwnership" | "ClientUserBinding" | "ShellAccount";

// Comments inside would be serialised.
/* eslint-disable @typescript-eslint/no-require-imports, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access */
function shim(type: ResourceType): pulumi.dynamic.ResourceProvider {
  const provider: Partial<pulumi.dynamic.ResourceProvider> & { type: ResourceType } = {
    type,
    configure(request) {
      return require("pulumi-aegir/dynamic").configure(this, request);
    },
  };
  return provider as pulumi.dynamic.ResourceProvider;
}
/* eslint-enable */

/** One object per type: Pulumi serialises an object once, however many resources share it. */
export const shims: Record<ResourceType, pulumi.dynamic.ResourceProvider> = {
  AegirClient: shim("AegirClient"),
  SiteOwnership: shim("SiteOwnership"),
  ClientUserBinding: shim("ClientUserBinding"),
  ShellAccount: shim("ShellAccount"),
};
