"use strict";
/**
 * For `node --require`: large modules that the SDK and zod load at their start, and most processes never use, are loaded
 * when something of them is used. That halves the time that the SDK takes to load. Source maps are left out altogether: the SDK
 * notes a stack trace for each of its promises, and to map those takes a sixth of what a program takes.
 */
const Module = require("node:module");

const lazyModules = new Set([
  "@npmcli/arborist",
  "normalize-package-data",
  "typescript",
  "source-map-support/register",
  // The SDK's automation API, and zod's messages in other languages.
  "./automation",
  "../locales/index.cjs",
]);
const load = Module._load;

Module._load = function (request, parent, isMain) {
  if (!lazyModules.has(request)) {
    return load.call(Module, request, parent, isMain);
  }
  const lazily = (key) => {
    const module = load.call(Module, request, parent, isMain);
    // A module that is not compiled is its own default.
    return key === "default" ? (module.default ?? module) : module[key];
  };
  // What compiled code asks first is whether this is a compiled ES module, to take it as it is.
  return new Proxy({ __esModule: true }, { get: (target, key) => (key === "__esModule" ? true : lazily(key)) });
};
