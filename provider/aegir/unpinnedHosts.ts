/**
 * Servers whose host keys are not pinned yet. Nothing is sent to them but a key exchange, which shows the fingerprint that
 * a person compares and pins.
 */
import { scanHostKey, type ScannedHostKey } from "../ssh/scanHostKey";
import { parseServers, type ServerConfiguration } from "./ServerConfiguration";

/** A connection of one server's configuration. */
export type ConnectionPath = "connection" | "connection.proxy" | "accounts.connection" | "accounts.connection.proxy";

/** A bastion before the server behind it, which cannot be reached without it. */
const PATHS: ConnectionPath[] = ["connection.proxy", "connection", "accounts.connection.proxy", "accounts.connection"];

/** Takes the place of a missing pin while the rest of the configuration is checked; no key has this fingerprint. */
const NO_KEY = `SHA256:${"A".repeat(43)}`;

/** The key that a server showed to a connection without a pin. */
export interface UnpinnedConnection extends ScannedHostKey {
  path: ConnectionPath;
}

/** A server's configuration, and its connections that lack a pin. */
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
 * Reads the host key of every connection without a pin, except behind an unpinned bastion.
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
