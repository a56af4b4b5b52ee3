"use strict";
/**
 * A process that runs the compiled command again and again. Each command sees what it would see in a process of its own:
 * its environment, directory and arguments, and a package that was not loaded before. The libraries stay loaded, since
 * loading them takes longer than most commands.
 */
const { join, sep } = require("node:path");

const main = join(__dirname, "..", "..", "provider", "dist", "cli", "main.js");
let mark;

process.on("message", ({ args, cwd, env, endMark }) => {
  mark = endMark;
  process.env = env;
  process.chdir(cwd);
  process.argv = [process.execPath, main, ...args];
  process.exitCode = undefined;
  // From now on it is the command alone that keeps the process alive.
  process.channel.unref();
  require(main);
});
process.on("disconnect", () => process.exit());

// The event loop is empty: a process of its own would end here.
process.on("beforeExit", () => {
  process.channel?.ref();
  process.stdout.removeAllListeners("error");
  for (const file of Object.keys(require.cache)) {
    if (!file.includes(`${sep}node_modules${sep}`)) delete require.cache[file];
  }
  process.stdout.write(mark);
  process.stderr.write(mark);
  process.send(process.exitCode ?? 0);
});
