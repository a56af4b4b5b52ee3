/** Preloaded into a process that is measured: at its end, writes what it used. */
const { writeFileSync } = require("node:fs");
process.on("exit", () => writeFileSync(process.env.USAGE_FILE, JSON.stringify(process.resourceUsage())));
