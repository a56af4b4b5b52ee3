import { isIPv6 } from "node:net";

/** The parts of a server's address. */
export interface Address {
  host: string;
  port?: number;
  user?: string;
}

/**
 * Reads an address as people write it, if it has only one meaning: `aegir.example.com`, `aegir@aegir.example.com`,
 * `ssh://aegir@aegir.example.com:2222/`, `aegir.example.com:2222`, `[2001:db8::1]:2222`, with a dot or spaces at the end.
 *
 * @returns why it cannot be read, as the end of a sentence; it does not repeat the address, which may contain a secret
 */
export function readAddress(text: string): Address | string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text.trim());
  if (scheme && !/^(ssh|sftp|scp)$/i.test(scheme[1]!)) {
    return "is not an SSH address; write only the name, for example aegir.example.com";
  }
  const authority = text
    .trim()
    .slice(scheme?.[0].length ?? 0)
    .replace(/\/$/, "");
  if (/[\s\p{C}]/u.test(authority)) return "must not contain spaces, @ or control characters";
  const [place, ...before] = authority.split("@").reverse() as [string, ...string[]];
  const [user] = before;
  if (before.length > 1 || user === "") return "must not contain spaces, @ or control characters";
  if (user?.includes(":")) return "contains a password; put it into `password` or, better, into the environment";
  const found =
    /^\[(?<host>[^\]]*)\](:(?<port>\d*))?$/.exec(place)?.groups ??
    (isIPv6(place) ? { host: place } : /^(?<host>[^:/?#[\]]*[^:/?#[\].])\.?(:(?<port>\d*))?$/.exec(place)?.groups);
  if (!found?.["host"] || (place.startsWith("[") && !isIPv6(found["host"]))) {
    return /[/?#]/.test(place)
      ? "contains a path; write only the name"
      : "contains an unreadable port; put it into `port`";
  }
  const port = found["port"] ? Number(found["port"]) : undefined;
  if (port !== undefined && (port < 1 || port > 65535)) return "has an invalid port";
  return { host: found["host"], ...(port !== undefined && { port }), ...(user !== undefined && { user }) };
}
