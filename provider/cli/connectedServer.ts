/** One server of a configuration, connected to for as long as a verb looks at it. */
import { AegirError } from "../aegir/AegirError";
import { AegirServer } from "../aegir/AegirServer";
import { parseServers, selectServer, type Servers } from "../aegir/ServerConfiguration";
import { givenServers } from "./givenServers";
import { UsageError, type Surroundings } from "./Verb";

interface Given {
  stack?: string | undefined;
  cwd?: string | undefined;
  config?: string | undefined;
  server?: string | undefined;
}

/** The servers that the options mean, all of them, and checked. */
export function configuredServersOf(values: Given, directory: string): Servers {
  const { servers } = givenServers({ ...values, server: undefined }, directory);
  return asUsage(() => parseServers(JSON.stringify(servers)));
}

/**
 * @param name the server's name; may be undefined where only one is configured
 * @throws UsageError if none can be chosen; SshError if it cannot be reached
 */
export async function withServer<T>(
  servers: Servers,
  name: string | undefined,
  { progress }: Pick<Surroundings, "progress">,
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

/** What is wrong with a configuration is said as what is wrong with a command line. */
function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof AegirError && error.code === "notConfigured"
      ? new UsageError(`${error.what}. ${error.next}.`)
      : error;
  }
}
