/** As many dynamic resources as FLOOR_RESOURCES says, which do nothing: what Pulumi itself needs for so many. */
import * as pulumi from "@pulumi/pulumi";

const nothing: pulumi.dynamic.ResourceProvider = {
  create: ({ name }: { name: string }) => Promise.resolve({ id: name, outs: { name } }),
};

class Nothing extends pulumi.dynamic.Resource {
  constructor(name: string) {
    super(nothing, name, { name });
  }
}

for (let index = 0; index < Number(process.env["FLOOR_RESOURCES"]); index++) new Nothing(`nothing-${index}`);
