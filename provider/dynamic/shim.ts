/**
 * What Pulumi serialises into the state of every resource. Its text is part of every stack that was ever deployed and
 * is run, as it was then, by delete and refresh (pulumi-facts 1.7): so it captures nothing, knows one type by its name,
 * and hands every call to the package that is installed when it runs. The module path `pulumi-aegir/dynamic` and the
 * names used of it are frozen.
 */
import type * as pulumi from "@pulumi/pulumi";

export type ResourceType = "AegirClient" | "SiteOwnership" | "ClientUserBinding" | "ShellAccount";

/* eslint-disable @typescript-eslint/no-require-imports, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access */
interface Shim extends pulumi.dynamic.ResourceProvider {
  type: ResourceType;
}

function shim(type: ResourceType): Shim {
  return {
    type,
    configure(request) {
      return require("pulumi-aegir/dynamic").configure(request);
    },
    check(olds, news) {
      return require("pulumi-aegir/dynamic").lifecycle(this.type).check(olds, news);
    },
    diff(id, olds, news) {
      return require("pulumi-aegir/dynamic").lifecycle(this.type).diff(id, olds, news);
    },
    create(inputs) {
      return require("pulumi-aegir/dynamic").lifecycle(this.type).create(inputs);
    },
    read(id, props) {
      return require("pulumi-aegir/dynamic").lifecycle(this.type).read(id, props);
    },
    update(id, olds, news) {
      return require("pulumi-aegir/dynamic").lifecycle(this.type).update(id, olds, news);
    },
    delete(id, props) {
      return require("pulumi-aegir/dynamic").lifecycle(this.type).delete(id, props);
    },
  } as Shim;
}
/* eslint-enable */

/** One object per type: Pulumi serialises an object once, however many resources share it. */
export const shims: Record<ResourceType, pulumi.dynamic.ResourceProvider> = {
  AegirClient: shim("AegirClient"),
  SiteOwnership: shim("SiteOwnership"),
  ClientUserBinding: shim("ClientUserBinding"),
  ShellAccount: shim("ShellAccount"),
};
