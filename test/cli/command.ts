/** The compiled command as a child process, as its users run it. */
import { spawn } from "node:child_process";
import { join } from "node:path";

const main = join(__dirname, "..", "..", "provider", "dist", "cli", "main.js");

export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/**
 * @param environment in addition to this process's, in which no credentials and no agent are left
 * @param command of an installed package; the one of this checkout if absent
 */
export function aegirAccess(
  args: string[],
  { cwd, environment = {}, command = main }: { cwd?: string; environment?: NodeJS.ProcessEnv; command?: string } = {},
): Promise<Ended> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AEGIR_|SSH_AUTH_SOCK$|FORCE_COLOR$)/.test(name));
  const env = { ...Object.fromEntries(kept), ...environment };
  const child = spawn(process.execPath, [command, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended: Ended = { exitCode: null, stdout: "", stderr: "" };
  child.stdout.on("data", (piece: Buffer) => (ended.stdout += piece.toString()));
  child.stderr.on("data", (piece: Buffer) => (ended.stderr += piece.toString()));
  return new Promise((resolve) => child.once("close", (exitCode) => resolve({ ...ended, exitCode })));
}
