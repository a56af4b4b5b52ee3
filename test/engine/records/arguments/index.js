"use strict";
/** Exports what Node was started with. */
module.exports = { preloaded: globalThis.preloaded === true, quiet: process.execArgv.includes("--no-warnings") };
