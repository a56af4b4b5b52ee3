/** The process of a ChildProvider: the compiled package's operations, asked over its IPC channel. */
const Module = require("node:module");

// The operations need nothing of Pulumi's SDK; its classes are there for programs, to be extended.
const sdk = new Proxy(class {}, {
  get: (target, key) => (key === "prototype" ? target.prototype : typeof key === "symbol" ? undefined : sdk),
});
const load = Module._load;
Module._load = (request, ...rest) => (request === "@pulumi/pulumi" ? sdk : load(request, ...rest));
const { configure } = require("../../provider/dist/dynamic");

const shims = {};

process.on("message", async ({ servers, id, type, operation, parameters }) => {
  if (servers !== undefined) {
    for (const type of ["AegirClient", "SiteOwnership", "ClientUserBinding", "ShellAccount"]) {
      shims[type] = { type };
      configure(shims[type], { config: { get: () => servers } });
    }
    return;
  }
  try {
    process.send({ id, result: await shims[type][operation](...parameters) });
  } catch (failure) {
    const { name, message, properties, reasons } = failure;
    process.send({ id, error: { name, message, properties, reasons, ...(failure.id && { id: failure.id }) } });
  }
});
