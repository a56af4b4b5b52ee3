/** The compiled command on a terminal: `script` of util-linux makes one, so that the command asks its questions. */
import { spawn, spawnSync } from "node:child_process";
import { type Ended, main } from "./command";

export const hasTerminal = spawnSync("script", ["--version"]).stdout?.toString().includes("util-linux") ?? false;

/** A question, by a part of it, and what is typed when it is asked. */
export type Answer = readonly [question: string, typed: string];

/** @returns everything that the terminal showed as `stdout`, without colors */
export function onTerminal(
  args: string[],
  answers: readonly Answer[],
  { cwd, environment }: { cwd: string; environment: NodeJS.ProcessEnv },
): Promise<Ended> {
  const command = [process.execPath, main, ...args].map((word) => `'${word}'`).join(" ");
  const kept = Object.entries(process.env).filter(([name]) => !/^(AEGIR_|SSH_AUTH_SOCK$|FORCE_COLOR$)/.test(name));
  const env = { ...Object.fromEntries(kept), ...environment, NO_COLOR: "1", TERM: "xterm" };
  const child = spawn("script", ["-qefc", command, "/dev/null"], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  const ended: Ended = { exitCode: null, stdout: "", stderr: "" };
  const waiting = [...answers];
  let read = 0;
  child.stdout.on("data", (piece: Buffer) => {
    // What a terminal is sent to move its cursor.
    ended.stdout += piece.toString().replace(/\x1b\[[\d;?]*[A-Za-z]/g, "");
    const [next] = waiting;
    const asked = next === undefined ? -1 : ended.stdout.indexOf(next[0], read);
    if (next === undefined || asked < 0) return;
    read = asked + next[0].length;
    waiting.shift();
    child.stdin.write(next[1]);
  });
  child.stderr.on("data", (piece: Buffer) => (ended.stderr += piece.toString()));
  return new Promise((resolve) => child.once("close", (exitCode) => resolve({ ...ended, exitCode })));
}
