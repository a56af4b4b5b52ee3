"use strict";
/** For the option `main`: another program of the same project. */
const path = require("node:path");

module.exports = { answer: 42, directory: path.basename(process.cwd()) };
