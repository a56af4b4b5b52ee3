/** A state of a newer release holds what this one does not know, so nothing is done with it. */
import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { configure } from "../../provider/dynamic/index";
import type { ResourceType } from "../../provider/dynamic/shim";
import { STATE_VERSION } from "../../provider/resources/ResourceHandlers";

describe("a state that a newer release wrote", () => {
  for (const type of ["AegirClient", "SiteOwnership", "ClientUserBinding", "ShellAccount"] as ResourceType[]) {
    it(`of a ${type} is not read, compared, changed or deleted`, async () => {
      const shim = { type } as { type: ResourceType } & Required<pulumi.dynamic.ResourceProvider>;
      configure(shim, { config: { get: () => undefined } });
      const state = { stateVersion: STATE_VERSION + 1 };
      const refused = /^the state of this resource was written by a newer release of pulumi-aegir\. Nothing was done\./;
      for (const operation of [
        () => shim.read("id", state),
        () => shim.diff("id", state, {}),
        () => shim.update("id", state, {}),
        () => shim.delete("id", state),
      ]) {
        await assert.rejects(operation, (error: Error) => refused.test(error.message));
      }
    });
  }
});
