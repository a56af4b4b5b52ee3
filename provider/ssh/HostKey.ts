import { createHmac } from "node:crypto";
import type { KeyType, ServerHostKeyAlgorithm } from "ssh2";
import { utils } from "ssh2";
import { fingerprint, typeOf } from "../naming/keyFingerprint";

/**
 * Signature algorithms for the types of host key that are accepted, the best first. RSA keys sign with SHA-2 only
 * (RFC 8332); DSA is not supported.
 */
const signatureAlgorithms: Partial<Record<KeyType, ServerHostKeyAlgorithm[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

/** The forms of `hostKey`, for messages. */
export const HOST_KEY_FORMS =
  "a fingerprint (SHA256:...), a public key line (ssh-ed25519 AAAA...) or a known_hosts line (host ssh-ed25519 AAAA...)";

interface Pin {
  fingerprint: string;
  /** Null for a bare fingerprint, which does not contain the type. */
  type: KeyType | null;
}

export type HostKeyVerdict =
  { accepted: true } | { accepted: false; seen: string; type: string; why: "revoked" | "changed" | "unknown" };

/** Which keys a server may show. */
export class HostKeyPins {
  /** Accepts no key: the server shows its key, and nothing is sent to it. */
  static readonly none = new HostKeyPins([], []);

  private constructor(
    private readonly pins: readonly Pin[],
    private readonly revoked: readonly string[],
  ) {}

  /**
   * Reads pins, one per line: fingerprints, public key lines and known_hosts lines (plain or hashed names, patterns,
   * `[host]:port`, `@revoked`; see sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). Lines of a known_hosts file for other
   * hosts are skipped. Never throws; `problems` is empty if and only if there is something to pin.
   */
  static parse(text: string | string[], host: string, port: number): { pins: HostKeyPins; problems: string[] } {
    const pins: Pin[] = [];
    const revoked: string[] = [];
    const problems: string[] = [];
    let ofOtherHosts = 0;
    const parts = (typeof text === "string" ? [text] : text).map((part) => part.trim());
    const armour = parts.find((part) => /^-{4,5} ?BEGIN /.test(part));
    if (armour !== undefined) return { pins: HostKeyPins.none, problems: [misread(armour)] };
    const lines = parts.flatMap((part) => part.split(/\r\n?|\n|\\n/));
    for (const line of lines.map(withoutQuotes).filter((part) => part !== "" && !part.startsWith("#"))) {
      const parsed = parseLine(line, host, port);
      if (typeof parsed === "string") {
        problems.push(parsed);
      } else if (!parsed.here) {
        ofOtherHosts++;
      } else if (parsed.revoked) {
        revoked.push(parsed.pin.fingerprint);
      } else {
        pins.push(parsed.pin);
      }
    }
    if (pins.length === 0 && problems.length === 0) {
      problems.push(
        ofOtherHosts > 0
          ? `none of its known_hosts lines is for ${knownHostsName(host, port)}`
          : `contains no key; write ${HOST_KEY_FORMS}`,
      );
    }
    return { pins: new HostKeyPins(pins, revoked), problems };
  }

  get fingerprints(): string[] {
    return this.pins.map((pin) => pin.fingerprint);
  }

  /** `SHA256:... (ssh-ed25519), SHA256:...`, for messages. */
  toString(): string {
    return this.pins.map(({ fingerprint, type }) => (type ? `${fingerprint} (${type})` : fingerprint)).join(", ");
  }

  /**
   * What to offer in the key exchange. If there are pins and all their types are known, only algorithms of those types, so
   * that the server shows the pinned key; otherwise all strong ones, those of pinned types first.
   */
  get algorithms(): ServerHostKeyAlgorithm[] {
    const of = (types: KeyType[]) => types.flatMap((type) => signatureAlgorithms[type] ?? []);
    const pinned = this.pins.flatMap(({ type }) => type ?? []);
    const types = Object.keys(signatureAlgorithms) as KeyType[];
    // Never an empty list: ssh2 would use its own, which contains ssh-rsa with SHA-1.
    const others = pinned.length > 0 && pinned.length === this.pins.length ? [] : types;
    return [...new Set(of([...types.filter((type) => pinned.includes(type)), ...others]))];
  }

  verify(key: Buffer): HostKeyVerdict {
    const seen = fingerprint(key);
    const type = typeOf(key);
    if (this.revoked.includes(seen)) {
      return { accepted: false, seen, type, why: "revoked" };
    }
    if (this.pins.some((pin) => pin.fingerprint === seen)) {
      return { accepted: true };
    }
    return { accepted: false, seen, type, why: this.pins.some((pin) => pin.type === type) ? "changed" : "unknown" };
  }
}

/** The fingerprint of a user's key, written as a fingerprint or as a public key; undefined for anything else. */
export function identityFingerprint(text: string): string | undefined {
  const [, digest] = /^SHA256:([A-Za-z0-9+/]{43})=?$/.exec(text.trim()) ?? [];
  if (digest !== undefined) return `SHA256:${digest}`;
  const [, type, encoded] = /^((?:ssh|ecdsa|sk)-[\w@.-]+)[ \t]+([A-Za-z0-9+/]+=*)(?:[ \t]|$)/.exec(text.trim()) ?? [];
  if (type === undefined || encoded === undefined) return undefined;
  const key = Buffer.from(encoded, "base64");
  return typeOf(key) === type ? fingerprint(key) : undefined;
}

/** The type that `ssh-keygen -l` printed as the last word of a line, if its keys are accepted. */
function printedType(bits: string | undefined, word: string): KeyType | undefined {
  const name = { ED25519: "ssh-ed25519", RSA: "ssh-rsa", ECDSA: `ecdsa-sha2-nistp${bits}` }[word];
  return name !== undefined && name in signatureAlgorithms ? (name as KeyType) : undefined;
}

function unsupported(type: string): string {
  return `keys of type ${type} are not supported; pin one of type ${Object.keys(signatureAlgorithms).join(", ")}`;
}

/** The problem with a key file in the place of a public key or its fingerprint. */
function misread(armour: string): string {
  return armour.includes("PRIVATE")
    ? "is a private key, which never leaves its server; write the public one, or its fingerprint: " +
        "`ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub` prints it there"
    : "is a public key in another format; write the output of `ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub` on that machine";
}

function withoutQuotes(line: string): string {
  return line
    .trim()
    .replace(/^(["'])(.*)\1$/, "$2")
    .trim();
}

/** The content of a line, or its problem as a string; `here`: the line is for this host. */
function parseLine(line: string, host: string, port: number): string | { pin: Pin; revoked: boolean; here: boolean } {
  const printed = /^(?:(?<bits>\d+) |(?<sentence>.*key fingerprint is:? ?))?(?<digest>SHA256:\S*)(?<rest> .*)?$/i.exec(
    line,
  )?.groups;
  if (printed !== undefined) {
    const digest = /^SHA256:([A-Za-z0-9+/]{43})=?[.,;]?$/i.exec(printed["digest"]!)?.[1];
    if (digest === undefined) {
      return "a SHA256 fingerprint has 43 characters after the colon, as `ssh-keygen -l` prints it";
    }
    const word = / \(([\w-]+)\)$/.exec(printed["rest"] ?? "")?.[1];
    const type = word === undefined ? null : printedType(printed["bits"], word);
    if (type === undefined) return unsupported(word!);
    return { pin: { fingerprint: `SHA256:${digest}`, type }, revoked: false, here: true };
  }
  if (/(^|\s)(MD5:)?([0-9a-f]{2}:){15}[0-9a-f]{2}([\s.]|$)/i.test(line)) {
    return (
      "an MD5 fingerprint is too weak to pin; use the one that `ssh-keygen -l -E sha256 -f /etc/ssh/ssh_host_ed25519_key.pub` " +
      "prints on that machine"
    );
  }
  if (/^([A-Za-z0-9+/]{43}=?|[0-9a-f]{64})$/.test(line)) {
    return "a fingerprint begins with SHA256: as `ssh-keygen -l` prints it";
  }
  if (/^[~/.]|^[A-Za-z]:\\/.test(line)) return `is a path; write the content of that file: ${HOST_KEY_FORMS}`;
  const words = line.split(/[ \t]+/);
  const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
  if (marker !== undefined && marker !== "@revoked") {
    return marker === "@cert-authority"
      ? "host certificates (@cert-authority) are not supported; pin the host's own key"
      : "unknown known_hosts marker; only @revoked is supported";
  }
  const isKeyType = (word: string | undefined) => word !== undefined && /^(ssh|ecdsa|sk|rsa)-/.test(word);
  const hosts = marker === undefined && isKeyType(words[0]) && !isKeyType(words[1]) ? undefined : words.shift();
  const [type, encoded] = words;
  if (type === undefined || encoded === undefined || !isKeyType(type)) {
    return `cannot be read; write ${HOST_KEY_FORMS}`;
  }
  const here = hosts === undefined || namesHost(hosts, host, port);
  const key = Buffer.from(encoded, "base64");
  if (!here) {
    return { pin: { fingerprint: fingerprint(key), type: null }, revoked: marker !== undefined, here };
  }
  if (!(type in signatureAlgorithms)) {
    return unsupported(/^[a-z0-9@.-]+$/.test(type) ? type : "given");
  }
  if (typeOf(key) !== type || utils.parseKey(`${type} ${encoded}`) instanceof Error) {
    return `the ${type} key is damaged (cut off, or not of that type)`;
  }
  return { pin: { fingerprint: fingerprint(key), type: type as KeyType }, revoked: marker !== undefined, here };
}

/** How known_hosts names a server: the port only if it is not 22. */
function knownHostsName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

function namesHost(hosts: string, host: string, port: number): boolean {
  if (meansName(hosts, knownHostsName(host, port))) return true;
  // The default port may be written as well, but only without a pattern: patterns match names without a port.
  const usual = `[${host.toLowerCase()}]:22`;
  return port === 22 && !/[!*?]/.test(hosts) && meansName(hosts, usual);
}

function meansName(hosts: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts);
  if (hashed) {
    const [, salt = "", digest] = hashed;
    return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === digest;
  }
  const matching = hosts.split(",").filter((pattern) => matches(pattern.replace(/^!/, "").toLowerCase(), name));
  return matching.length > 0 && !matching.some((pattern) => pattern.startsWith("!"));
}

function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, "s").test(name);
}
