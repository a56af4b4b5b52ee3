"use strict";
module.exports = { runs: 0 };
