/**
 * The servers of this provider process. Pulumi hands the configuration over before anything else, once per serialised
 * provider text, and does not wait for an asynchronous `configure` (docs/pulumi.md#configure), so it is only kept here
 * and read when the first operation needs it.
 */
import { forgetRejectedCredentials } from "../ssh/loginOnce";
import { AegirError } from "./AegirError";
import { AegirServer } from "./AegirServer";
import { parseServers, selectServer, type ServerConfiguration, type ServerConfigurations } from "./ServerConfiguration";

let configured: string | undefined;
let servers: ServerConfigurations | undefined;
const open = new Map<string, AegirServer>();

/** @param text the value of `aegir:servers`, JSON, or undefined if the stack has none */
export function configureServers(text: string | undefined): void {
  if (text === configured) return;
  configured = text;
  servers = undefined;
  void endServers();
}

/** @throws AegirError `notConfigured` */
export function configuredServers(): ServerConfigurations {
  servers ??= parseServers(configured);
  return servers;
}

/** The configuration of a resource's server; undefined if there is none; the caller reports that. */
export function configurationOf(name: string | undefined): ServerConfiguration | undefined {
  try {
    return configuredServers()[selectServer(configuredServers(), name)];
  } catch (error) {
    if (error instanceof AegirError) return undefined;
    throw error;
  }
}

/**
 * A resource's server; connects when first used.
 * @param name the resource's `server`; may be undefined where only one server is configured
 * @throws AegirError `notConfigured`
 */
export function serverFor(name: string | undefined): AegirServer {
  const selected = selectServer(configuredServers(), name);
  let server = open.get(selected);
  if (!server) {
    server = new AegirServer(selected, configuredServers()[selected]!);
    open.set(selected, server);
  }
  return server;
}

/** Ends every connection; the next operation opens what it needs again. */
export async function endServers(): Promise<void> {
  const ending = [...open.values()];
  open.clear();
  forgetRejectedCredentials();
  await Promise.all(ending.map((server) => server.end()));
}
