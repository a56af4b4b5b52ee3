/**
 * A server whose host key is not pinned yet. Nothing is sent to it but a key exchange, whose result is the fingerprint
 * that somebody compares and pins.
 */
import { scanHostKey, type ScannedHostKey } from "../ssh/scanHostKey";
import { parseServers, type ServerConfiguration } from "./ServerConfiguration";

/** A connection of one server's configuration. */
export type ConnectionPath = "connection" | "connection.proxy" | "accounts.connection" | "accounts.connection.proxy";

/** A bastion before the server behind it, which nobody can look at without it. */
const PATHS: ConnectionPath[] = ["connection.proxy", "connection", "accounts.connection.proxy", "accounts.connection"];

/** Stands for a key that nobody has, where everything but the pin is to be checked. */
const NO_KEY = `SHA256:${"A".repeat(43)}`;

/** The key that a connection without a pin was shown. */
export interface UnpinnedConnection extends ScannedHostKey {
  path: ConnectionPath;
}

/** What is known of a configuration before it is used: its pinned form, or the connections that lack a pin. */
export interface Pinning {
  configuration: ServerConfiguration;
  unpinned: ConnectionPath[];
}

/**
 * Reads one server's value of `aegir:servers`, in which host keys may be missing.
 * @throws AegirError `notConfigured` for everything else that is wrong with it
 */
export function parseUnpinned(name: string, value: unknown): Pinning {
  const filled = structuredClone(value);
  const unpinned = PATHS.filter((path) => {
    const connection = at(filled, path);
    if (connection === undefined || connection["hostKey"] !== undefined) return false;
    connection["hostKey"] = NO_KEY;
    return true;
  });
  return { configuration: parseServers(JSON.stringify({ [name]: filled }))[name]!, unpinned };
}

/**
 * Has every connection without a pin show its key; those behind an unpinned bastion cannot.
 * @throws SshError as a connection does
 */
export async function scanUnpinnedHosts(
  name: string,
  { configuration, unpinned }: Pinning,
): Promise<UnpinnedConnection[]> {
  const { connection, accounts } = configuration;
  const seen: UnpinnedConnection[] = [];
  for (const [prefix, args, names] of [
    ["connection", connection, [name]],
    ["accounts.connection", accounts?.connection, [name, "accounts"]],
  ] as const) {
    const proxy = `${prefix}.proxy` as const;
    if (args?.proxy && unpinned.includes(proxy)) {
      const { dialErrorLimit } = args;
      seen.push({ path: proxy, ...(await scanHostKey({ ...args.proxy, dialErrorLimit }, [...names, "proxy"])) });
    } else if (args && unpinned.includes(prefix)) {
      seen.push({ path: prefix, ...(await scanHostKey(args, [...names])) });
    }
  }
  return seen;
}

function at(value: unknown, path: ConnectionPath): Record<string, unknown> | undefined {
  let part = value;
  for (const key of path.split(".")) part = isObject(part) ? part[key] : undefined;
  return isObject(part) ? part : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
