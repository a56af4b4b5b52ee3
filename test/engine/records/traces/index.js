"use strict";
/** Leaves a trace in every place where a program can, and exports what it finds of an earlier program. */
const path = require("node:path");
const pulumi = require("@pulumi/pulumi");
const state = require("./state.js");

module.exports = {
  pid: process.pid,
  found: {
    directory: path.basename(process.cwd()),
    environment: process.env.TRACE ?? "",
    exitCode: process.exitCode ?? 0,
    global: globalThis.trace ?? "",
    listeners: process.listenerCount("SIGUSR2"),
    module: state.runs,
    sdk: pulumi.trace ?? "",
  },
};

state.runs++;
pulumi.trace = "left";
globalThis.trace = "left";
process.env.TRACE = "left";
process.on("SIGUSR2", () => {});
process.chdir("/");

if (process.env.TRACES_END === "rejection") {
  // Without frames, for the reason given in ../program/index.js.
  Promise.reject(Object.assign(new Error("nobody waits for this"), { stack: "nobody waits for this" }));
}
