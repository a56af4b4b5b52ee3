/** The options with which a command line describes a server that is not configured yet. */
import { readAddress } from "../aegir/ServerConfiguration";
import type { CommandOptions } from "./Command";

export const CONNECTION_OPTIONS = {
  host: {
    type: "string",
    value: "HOST",
    help: "a server that is not configured yet; LOGIN@HOST:PORT works too",
  },
  port: { type: "string", value: "PORT", help: "the port of that server (default: 22)" },
  user: {
    type: "string",
    value: "LOGIN",
    help: "the login on that server, for example aegir, or o1.ftp for a hosted account",
  },
  "host-key": {
    type: "string",
    value: "KEY",
    help: "the pinned key of that server: SHA256:..., or a line of a known_hosts file",
  },
} as const satisfies CommandOptions;

export type ConnectionOptions = Partial<Record<keyof typeof CONNECTION_OPTIONS, string | undefined>>;

/** A connection as the options describe it, not checked yet. */
export interface UncheckedConnection {
  host: string | undefined;
  port?: number;
  user: string | undefined;
  hostKey: string | undefined;
}

/** The login may also be in the address. */
export function connectionOf({ host, port, user, "host-key": hostKey }: ConnectionOptions): UncheckedConnection {
  const address = readAddress(host ?? "");
  return {
    host,
    ...(port !== undefined && { port: Number(port) }),
    user: user ?? (typeof address === "string" ? undefined : address.user),
    hostKey,
  };
}
