/**
 * A process that has loaded the Node.js SDK and runs one program after another, each by the unmodified
 * `@pulumi/pulumi/cmd/run`. Loading the SDK costs more than everything else that a program does.
 *
 * A program sees nothing of an earlier one: its environment, directory, arguments, listeners, global variables and
 * modules (the SDK included) are its own. What stays are the libraries that the SDK needs and that keep nothing of a
 * program. Only a program that ends well gives the process back. Any other ends it as it would end a process of its own,
 * with the exit code and the words of `cmd/run`.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export interface HostRequest {
  arguments: string[];
  directory: string;
  environment: Record<string, string>;
  /** Written to both standard streams, as a line, when the program has ended well; absent if the process ends then. */
  endMark?: string;
}

type Listener = (...parameters: unknown[]) => void;

/** Keeps a session with the process's own debugger, of which one is enough for all programs. */
const debuggerSession = "/runtime/closure/v8Hooks.js";

const [runner = ""] = process.argv.slice(2);
const sdk = dirname(dirname(dirname(runner)));
const hostRequire = createRequire(__filename);

hostRequire(join(sdk, "runtime"));
// Every program needs TypeScript, to turn its providers into text; naming a part of it loads it.
void (hostRequire(join(sdk, "typescript-shim")) as { version: string }).version;
const libraries = new Set(
  Object.keys(hostRequire.cache).filter((path) => !path.startsWith(`${sdk}/`) || path.endsWith(debuggerSession)),
);
const globals = new Set(Reflect.ownKeys(globalThis));
forgetModulesAndGlobals();

let finish: (() => void) | undefined;
let shutdownIsOver = false;

process.on("message", (request: HostRequest) => run(request));
process.on("disconnect", () => process.exit());
// The event loop is empty: the program has ended, or waits for the end of the operation, which `cmd/run` asks for here.
process.on("beforeExit", () => shutdownIsOver && finish?.());
const listeners = currentListeners();

function run({ arguments: parameters, directory, environment, endMark }: HostRequest): void {
  process.env = environment;
  process.chdir(directory);
  process.argv = [process.execPath, runner, ...parameters];
  // From now on it is the program alone that keeps the process alive.
  process.channel?.unref();
  finish = endMark === undefined ? undefined : () => giveBack(endMark);
  shutdownIsOver = false;
  const settings = hostRequire(join(sdk, "runtime", "settings")) as {
    signalAndWaitForShutdown: () => Promise<void>;
  };
  const { signalAndWaitForShutdown } = settings;
  settings.signalAndWaitForShutdown = () => signalAndWaitForShutdown().finally(() => (shutdownIsOver = true));
  hostRequire(runner);
}

/** The program has ended. If it has ended well, the next one may come; otherwise the process ends by itself. */
function giveBack(endMark: string): void {
  finish = undefined;
  newListeners().forEach(([event, listener]) => event === "exit" && listener(0));
  if (process.exitCode !== undefined && process.exitCode !== 0) return;
  newListeners().forEach(([event, listener]) => process.removeListener(event, listener));
  forgetModulesAndGlobals();
  process.channel?.ref();
  process.stdout.write(`${endMark}\n`);
  process.stderr.write(`${endMark}\n`);
}

function currentListeners(): [event: string | symbol, listener: Listener][] {
  return process
    .eventNames()
    .flatMap((event) =>
      process
        .rawListeners(event as "exit")
        .map((listener): [string | symbol, Listener] => [event, listener as Listener]),
    );
}

function newListeners(): [event: string | symbol, listener: Listener][] {
  return currentListeners().filter(
    ([event, listener]) => !listeners.some(([name, known]) => name === event && known === listener),
  );
}

function forgetModulesAndGlobals(): void {
  for (const path of Object.keys(hostRequire.cache)) {
    if (!libraries.has(path)) delete hostRequire.cache[path];
  }
  for (const name of Reflect.ownKeys(globalThis)) {
    if (!globals.has(name)) Reflect.deleteProperty(globalThis, name);
  }
}
