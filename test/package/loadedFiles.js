/**
 * Preloaded into the processes of a deployment (`node --require`): writes down, a JSON line each, which Node loads the
 * SDK, the compiler and the package, and from where.
 */
const { appendFileSync } = require("node:fs");
const Module = require("node:module");

const ENTRY_POINT =
  /node_modules\/(@pulumi\/pulumi\/index|typescript\/lib\/typescript|pulumi-aegir\/dist\/(dynamic\/)?index)\.js$/;

const { load } = Module.prototype;
Module.prototype.load = function (file) {
  if (ENTRY_POINT.test(file)) {
    appendFileSync(process.env.LOADED_FILES, JSON.stringify({ node: process.versions.node, file }) + "\n");
  }
  return load.call(this, file);
};
