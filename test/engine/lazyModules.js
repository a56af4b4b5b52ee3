"use strict";
/**
 * For `node --require`: two large modules that the SDK loads at its start, and most processes never use, are loaded when
 * something of them is used. That halves the time that the SDK takes to load. Source maps are left out altogether: the SDK
 * notes a stack trace for each of its promises, and to map those takes a sixth of what a program takes.
 */
const Module = require("node:module");

const lazyModules = new Set(["@npmcli/arborist", "typescript", "source-map-support/register"]);
const load = Module._load;

Module._load = function (request, parent, isMain) {
  if (!lazyModules.has(request)) {
    return load.call(Module, request, parent, isMain);
  }
  // What compiled code asks first is whether this is a compiled ES module, to take it as it is.
  return new Proxy(
    { __esModule: true },
    { get: (target, key) => (key === "__esModule" ? true : load.call(Module, request, parent, isMain)[key]) },
  );
};
