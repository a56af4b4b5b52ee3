import { isIPv6 } from "node:net";

/** Where a server is, as far as an address says it. */
export interface Address {
  host: string;
  port?: number;
  user?: string;
}

/**
 * Reads an address as people write it, wherever it can mean one thing only: `aegir.example.com`, `aegir@aegir.example.com`,
 * `ssh://aegir@aegir.example.com:2222/`, `aegir.example.com:2222`, `[2001:db8::1]:2222`, with a dot or spaces at its end.
 *
 * @returns why it cannot be read, as the end of a sentence; nothing of it is repeated, since it may be a secret
 */
export function readAddress(text: string): Address | string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text.trim());
  if (scheme && !/^(ssh|sftp|scp)$/i.test(scheme[1]!)) {
    return "is a web address or the like; write the name alone, for example aegir.example.com";
  }
  const authority = text
    .trim()
    .slice(scheme?.[0].length ?? 0)
    .replace(/\/$/, "");
  if (/[\s\p{C}]/u.test(authority)) return "has no spaces, no @ and no control characters";
  const [place, ...before] = authority.split("@").reverse() as [string, ...string[]];
  const [user] = before;
  if (before.length > 1 || user === "") return "has no spaces, no @ and no control characters";
  if (user?.includes(":")) return "has a password in it, which goes into password or, better, into the environment";
  const found =
    /^\[(?<host>[^\]]*)\](:(?<port>\d*))?$/.exec(place)?.groups ??
    (isIPv6(place) ? { host: place } : /^(?<host>[^:/?#[\]]*[^:/?#[\].])\.?(:(?<port>\d*))?$/.exec(place)?.groups);
  if (!found?.["host"] || (place.startsWith("[") && !isIPv6(found["host"]))) {
    return /[/?#]/.test(place) ? "has a path, and a server has none" : "is without its port, which goes into port";
  }
  const port = found["port"] ? Number(found["port"]) : undefined;
  if (port !== undefined && (port < 1 || port > 65535)) return "has a port that no server can have";
  return { host: found["host"], ...(port !== undefined && { port }), ...(user !== undefined && { user }) };
}
