"use strict";
/**
 * Registers what the file $RECORDS/plan.json says (its shape: `Plan` in RecordsFixture.ts). A plan instead of a
 * program per test, because what the tests vary is exactly this: which resources, with which properties and options.
 */
const fs = require("node:fs");
const path = require("node:path");
const pulumi = require("@pulumi/pulumi");

/** As our own resources do it: a constant shim, and the code of the provider in a file that it only names. */
const provider = {
  configure: async (request) => require("./provider.js").configure(request),
  check: async (olds, news) => require("./provider.js").check(olds, news),
  diff: async (id, olds, news) => require("./provider.js").diff(id, olds, news),
  create: async (inputs) => require("./provider.js").create(inputs),
  read: async (id, state) => require("./provider.js").read(id, state),
  update: async (id, olds, news) => require("./provider.js").update(id, olds, news),
  delete: async (id, state) => require("./provider.js").delete(id, state),
};

/** Without an opinion on differences: the engine compares the inputs. */
const plainProvider = { ...provider, diff: undefined };

const outputs = { value: undefined, serial: undefined, derived: undefined };

class Record extends pulumi.dynamic.Resource {
  constructor(name, properties, options) {
    super(provider, name, { ...outputs, ...properties }, options, "records", "Record");
  }
}

class Plain extends pulumi.dynamic.Resource {
  constructor(name, properties, options) {
    super(plainProvider, name, { ...outputs, ...properties }, options, "records", "Plain");
  }
}

class Group extends pulumi.ComponentResource {
  constructor(name, _properties, options) {
    super("records:index:Group", name, {}, options);
    this.registerOutputs({ label: `group ${name}` });
  }
}

class Foreign extends pulumi.CustomResource {
  constructor(name, properties, options) {
    super("cloud:index:Machine", name, properties, options);
  }
}

const classes = { Record, Plain, Group, Foreign };

module.exports = async () => {
  const plan = JSON.parse(fs.readFileSync(path.join(process.env.RECORDS, "plan.json"), "utf8"));
  const config = new pulumi.Config("records");
  const registered = {};

  /** `{ "from": "a", "output": "value" }` and `{ "secret": "x" }` and `{ "config": "key" }` */
  const resolve = (value) => {
    if (Array.isArray(value)) {
      return value.map(resolve);
    }
    if (typeof value !== "object" || value === null) {
      return value;
    }
    if ("from" in value) {
      return value.output === undefined ? registered[value.from] : registered[value.from][value.output];
    }
    if ("secret" in value) {
      return pulumi.secret(resolve(value.secret));
    }
    if ("config" in value) {
      return value.isSecret ? config.getSecret(value.config) : config.get(value.config);
    }
    return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, resolve(element)]));
  };

  for (const line of plan.print ?? []) {
    console.log(line);
  }
  const result = {};
  if (plan.stackReference !== undefined) {
    const previous = new pulumi.StackReference("previous", { name: plan.stackReference });
    result.previously = previous.getOutput("now");
  }
  const guard =
    plan.guard &&
    new pulumi.ResourceHook(
      "guard",
      ({ name }) => {
        if (plan.guard.includes(name)) {
          throw new Error(`${name} is guarded`);
        }
      },
      { onDryRun: true },
    );
  for (const { class: className = "Record", name, properties = {}, options = {} } of plan.resources) {
    const hooks = guard && { hooks: { beforeCreate: [guard], beforeDelete: [guard] } };
    registered[name] = new classes[className](name, resolve(properties), { ...resolve(options), ...hooks });
  }
  if (plan.throw !== undefined) {
    // Without frames: on some versions of Node (20.20.2), `util.inspect` with colours, which the SDK prints errors with,
    // needs most of a minute for a path such as "node_modules/@pulumi/resource.ts:1598:22", until its string is too long.
    throw Object.assign(new pulumi.RunError(plan.throw), { stack: plan.throw });
  }
  if (plan.exit !== undefined) {
    process.exit(plan.exit);
  }
  return { ...result, ...resolve(plan.outputs ?? {}) };
};
