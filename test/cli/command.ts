/** The compiled command as its users run it: in a process, with an environment and a directory. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { EventEmitter } from "node:events";
import { join } from "node:path";

export const main = join(__dirname, "..", "..", "provider", "dist", "cli", "main.js");

export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

interface CommandOptions {
  cwd?: string;
  /** In addition to this process's, in which no credentials and no agent are left. */
  environment?: NodeJS.ProcessEnv;
  /** The program to run in a process of its own; the one of this checkout if absent. */
  command?: string;
}

export async function aegirAccess(
  args: string[],
  { cwd = process.cwd(), environment = {}, command }: CommandOptions = {},
): Promise<Ended> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AEGIR_|SSH_AUTH_SOCK$|FORCE_COLOR$)/.test(name));
  const env = Object.fromEntries(
    Object.entries({ ...Object.fromEntries(kept), ...environment }).filter(([, value]) => value !== undefined),
  );
  // Other variables are for Node or for libraries, which read them when they start.
  const isReusable = command === undefined && Object.keys(environment).every((name) => name.startsWith("AEGIR_"));
  if (!isReusable) {
    return outcome(
      spawn(process.execPath, [command ?? main, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] }),
    );
  }
  const host = idleHosts.pop() ?? startHost();
  hold(host, true);
  const endMark = randomUUID();
  host.send({ args, cwd, env, endMark });
  const ended = await outcome(host, endMark);
  if (host.connected) {
    hold(host, false);
    idleHosts.push(host);
  }
  return ended;
}

/** Until the process ends, or says so with a mark on both streams and its exit code. */
function outcome(child: ChildProcess, endMark?: string): Promise<Ended> {
  const ended: Ended = { exitCode: null, stdout: "", stderr: "" };
  return new Promise((resolve) => {
    const finish = (): void => {
      for (const [emitter, event, listener] of listeners) emitter.off(event, listener);
      resolve(ended);
    };
    const finishAtMark = (): void => {
      if (endMark === undefined || ended.exitCode === null) return;
      if (![ended.stdout, ended.stderr].every((text) => text.endsWith(endMark))) return;
      ended.stdout = ended.stdout.slice(0, -endMark.length);
      ended.stderr = ended.stderr.slice(0, -endMark.length);
      finish();
    };
    const hear = (stream: "stdout" | "stderr") => (piece: Buffer) => {
      ended[stream] += piece.toString();
      finishAtMark();
    };
    const exited = (then: () => void) => (exitCode: number | null) => {
      ended.exitCode = exitCode;
      then();
    };
    const listeners: [EventEmitter, ...Parameters<EventEmitter["on"]>][] = [
      [child.stdout!, "data", hear("stdout")],
      [child.stderr!, "data", hear("stderr")],
      [child, "message", exited(finishAtMark)],
      [child, "close", exited(finish)],
    ];
    for (const [emitter, event, listener] of listeners) emitter.on(event, listener);
  });
}

/** Processes that wait for their next command; they end with this one. */
const idleHosts: ChildProcess[] = [];

function startHost(): ChildProcess {
  const compiled = join(__dirname, "..", "engine", "compiledModules.js");
  const host = join(__dirname, "commandHost.js");
  return spawn(process.execPath, ["--require", compiled, host], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
}

/** Whether this process waits for that one. */
function hold(host: ChildProcess, held: boolean): void {
  // The streams of a child are sockets, though Node's types do not say so.
  type Handle = { ref(): unknown; unref(): unknown };
  for (const handle of [host, host.stdout as unknown as Handle, host.stderr as unknown as Handle, host.channel!]) {
    if (held) handle.ref();
    else handle.unref();
  }
}
