/** The options with which a command line names servers, and the servers that they mean. */
import { resolve } from "node:path";
import { AegirError } from "../aegir/AegirError";
import { AegirServer } from "../aegir/AegirServer";
import { parseServers, selectServer, type ServerConfigurations, SERVERS_KEY } from "../aegir/ServerConfiguration";
import { printable } from "../text/printable";
import { type CommandContext, type CommandOptions, UsageError } from "./Command";
import { serversOfFile, serversOfStack, type UncheckedServers } from "./serverFiles";

/** The options of every command that connects. */
export const SERVER_OPTIONS = {
  stack: {
    type: "string",
    short: "s",
    value: "NAME",
    help: "reads Pulumi.NAME.yaml of the project; not needed if there is only one stack",
  },
  cwd: {
    type: "string",
    value: "DIRECTORY",
    help: "the directory of the project, or one inside it (default: the current directory)",
  },
  config: {
    type: "string",
    value: "FILE",
    help: `reads this YAML or JSON file, which contains the value of ${SERVERS_KEY}, or a Pulumi.NAME.yaml`,
  },
  server: { type: "string", value: "NAME", help: "selects one of several configured servers" },
} as const satisfies CommandOptions;

/** For arguments that were meant as one of these options. */
export const CHOOSE_SERVER = "Use --host for a server, --stack for a stack, and --config for a file.";

export type ServerOptions = Partial<Record<keyof typeof SERVER_OPTIONS, string | undefined>>;

/** @throws UsageError */
export function uncheckedServers({ stack, cwd, config, server }: ServerOptions, directory: string): UncheckedServers {
  if (config !== undefined && (stack !== undefined || cwd !== undefined)) {
    throw new UsageError("--config cannot be combined with --stack or --cwd.");
  }
  const found =
    config !== undefined
      ? serversOfFile(resolve(directory, config))
      : serversOfStack(resolve(directory, cwd ?? "."), stack);
  if (server === undefined) return found;
  if (!Object.hasOwn(found.servers, server)) {
    const names = Object.keys(found.servers).map((name) => printable(name, 60));
    throw new UsageError(`${found.origin} has no server "${printable(server, 60)}". It has: ${names.join(", ")}.`);
  }
  return { ...found, servers: { [server]: found.servers[server] } };
}

/** All servers of the configuration that the options name, checked. */
export function configuredServers(options: ServerOptions, directory: string): ServerConfigurations {
  const { servers } = uncheckedServers({ ...options, server: undefined }, directory);
  return checkedServers(servers);
}

/** @throws UsageError */
export function checkedServers(servers: Record<string, unknown>): ServerConfigurations {
  return asUsage(() => parseServers(JSON.stringify(servers)));
}

/**
 * Connects to one server while `use` runs.
 *
 * @param name the server's name; may be undefined where only one is configured
 * @throws UsageError if none can be chosen; SshError if it cannot be reached
 */
export async function withServer<T>(
  servers: ServerConfigurations,
  name: string | undefined,
  { progress }: Pick<CommandContext, "progress">,
  use: (server: AegirServer) => Promise<T>,
): Promise<T> {
  const selected = asUsage(() => selectServer(servers, name));
  const server = new AegirServer(selected, servers[selected]!);
  try {
    progress(`Looking at ${server.label} ...`);
    return await use(server);
  } finally {
    await server.end();
  }
}

/** A mistake in the configuration is reported like one in the command line. */
function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof AegirError && error.code === "notConfigured"
      ? new UsageError(`${error.what}. ${error.next}.`)
      : error;
  }
}
