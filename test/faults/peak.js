/** Preloaded into a process whose memory is watched: at its end, writes the most that it came to need, in kB. */
const { writeFileSync } = require("node:fs");
process.on("exit", () => writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS)));
