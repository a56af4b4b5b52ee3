/**
 * Public keys of people, as lines of `authorized_keys` hold them (sshd(8), AUTHORIZED_KEYS FILE FORMAT; the encoding: RFC
 * 4253, 6.6, RFC 5656, 3.1, RFC 8709, 4, and OpenSSH's PROTOCOL.u2f). Messages show a key's type, fingerprint and comment.
 */
import { printable } from "../text/printable";
import { quoted } from "../text/quoted";
import { visible } from "../text/unsafe";
import { fingerprint, typeOf } from "./keyFingerprint";

/** A valid key. */
export interface AuthorizedKey {
  /** For example `ssh-ed25519`. */
  type: string;
  /** In SSH's own encoding, base64: what makes two lines the same key. */
  blob: string;
  /** `SHA256:...` */
  fingerprint: string;
  /** As it was written; nobody vouches for it. */
  comment: string;
}

/** The fewest bits of an RSA key. */
const RSA_BITS = 3072;
/** OpenSSH refuses larger ones (sshbuf.h, SSHBUF_MAX_BIGNUM). */
const MOST_RSA_BITS = 16_384;
/** Of a line; an RSA key of 16,384 bits has 2,760. */
const LONGEST_LINE = 4096;
const SHOWN_COMMENT = 60;

/** The fields after the type. A number: bytes of a field; a string: its content. */
type Field = "modulus" | "exponent" | "application" | "point" | "ed25519" | `nistp${number}`;

const FIELDS: Record<string, { fields: Field[]; pointBytes?: number }> = {
  "ssh-ed25519": { fields: ["ed25519"] },
  "ecdsa-sha2-nistp256": { fields: ["nistp256", "point"], pointBytes: 65 },
  "ecdsa-sha2-nistp384": { fields: ["nistp384", "point"], pointBytes: 97 },
  "ecdsa-sha2-nistp521": { fields: ["nistp521", "point"], pointBytes: 133 },
  "sk-ssh-ed25519@openssh.com": { fields: ["ed25519", "application"] },
  "sk-ecdsa-sha2-nistp256@openssh.com": { fields: ["nistp256", "point", "application"], pointBytes: 65 },
  "ssh-rsa": { fields: ["exponent", "modulus"] },
};

const TYPES = Object.keys(FIELDS).join(", ");
/** The end of a sentence about a private key, which shows nothing of it. */
export const PRIVATE_KEY =
  "is a private key, which must never leave its owner's machine: replace that key with a new one. Write the line of the new key's .pub file";
const WRITE_ONE = "Write the one line of the person's .pub file: type, key and comment";

/** The key that a line holds, or why it is not accepted: a clause that follows the line's place, without a full stop. */
export function parseAuthorizedKey(written: string): AuthorizedKey | string {
  const line = written.trim();
  if (/PRIVATE KEY|PuTTY-User-Key-File/i.test(line)) {
    return PRIVATE_KEY;
  }
  if (line === "") return `is empty. ${WRITE_ONE}`;
  if (/[\r\n\v\f\0\u0085\u2028\u2029]/.test(line)) {
    return "has more than one line. Write each key as an entry of its own";
  }
  if (line.length > LONGEST_LINE) return `has ${line.length} characters, where a key has at most ${LONGEST_LINE}`;
  const [, type = "", blob = "", comment = ""] = /^(\S+)(?:[ \t]+(\S+)(?:[ \t]+(.*))?)?$/.exec(line) ?? [];
  if (/-cert-v\d+@openssh\.com$/.test(type)) {
    return "is a certificate, which is trusted for other reasons than its key. Write the line of the .pub file without -cert in its name";
  }
  if (type === "ssh-dss") {
    return "is a DSA key, which OpenSSH no longer accepts. Make a new one: `ssh-keygen -t ed25519`";
  }
  if (!Object.hasOwn(FIELDS, type)) {
    return new RegExp(`(^|[\\s"])(${TYPES.replaceAll(", ", "|").replaceAll(".", "\\.")})\\s+AAAA`).test(line)
      ? "has options before the key's type, which could do more than let its owner in. Write the line without them"
      : `does not begin with the type of a public key (${TYPES}). ${WRITE_ONE}`;
  }
  const key = Buffer.from(blob, "base64");
  const isWhole = key.length > type.length && key.toString("base64") === blob;
  if (!isWhole) return `is damaged: after ${type}, the key is cut off or not base64. ${WRITE_ONE}`;
  if (typeOf(key) !== type) return `says ${type}, but its key is of another type. ${WRITE_ONE}`;
  return contentProblem(type, key) ?? { type, blob, fingerprint: fingerprint(key), comment };
}

/** Problems of a line in a list of keys; empty if it is accepted. @param place as in `authorizedKeys[1]` */
export function authorizedKeyProblems(line: string, place: string): string[] {
  const key = parseAuthorizedKey(line);
  return typeof key === "string" ? [`${place} ${key}.`] : [];
}

/** `ssh-ed25519 SHA256:... ("anna@laptop")`, safe to show. */
export function describeKey({ type, fingerprint, comment }: Omit<AuthorizedKey, "blob">): string {
  const ascii = comment.replace(/[^\x20-\x7e]/gu, visible);
  return `${type} ${fingerprint}${comment === "" ? "" : ` (${quoted(printable(ascii, SHOWN_COMMENT))})`}`;
}

/** Describes the key of a line that may begin with options, or says that there is none. */
export function authorizedKeyIn(line: string): string {
  const types = TYPES.replaceAll(", ", "|").replaceAll(".", "\\.");
  const [from = ""] = new RegExp(`(?<=^|\\s)(${types})\\s+AAAA.*`).exec(line.trim()) ?? [];
  const key = parseAuthorizedKey(from);
  if (typeof key === "string") return "a line without a key that is known here";
  return `${describeKey(key)}${from === line.trim() ? "" : ", with options"}`;
}

/** The valid keys among lines, each once. */
export function keysOf(lines: readonly string[] = []): AuthorizedKey[] {
  const keys = lines.map(parseAuthorizedKey).filter((key) => typeof key !== "string");
  return keys.filter(({ blob }, index) => keys.findIndex((other) => other.blob === blob) === index);
}

/** Lines of the valid keys, each key once, in the order of the keys. */
export function distinctKeys(lines: readonly string[]): string[] {
  return keysOf(lines).map(keyLine).sort();
}

export function keyLine({ type, blob, comment }: Omit<AuthorizedKey, "fingerprint">): string {
  return `${type} ${blob} ${comment}`.trim();
}

/** What is compared of a list of lines: the set of their keys. An invalid line is compared as it is. */
export function keySet(lines: readonly string[]): string[] {
  const blobs = lines.map((line) => {
    const key = parseAuthorizedKey(line);
    return typeof key === "string" ? line : key.blob;
  });
  return [...new Set(blobs)].sort();
}

/** What is wrong with a key whose type is right. */
function contentProblem(type: string, key: Buffer): string | undefined {
  const { fields, pointBytes } = FIELDS[type]!;
  const values = fieldsOf(key)?.slice(1);
  const damaged = `is damaged: its key is not a ${type} key. ${WRITE_ONE}`;
  if (values?.length !== fields.length) return damaged;
  const value = (field: Field) => values[fields.indexOf(field)]!;
  const isRight = (field: Field, content: Buffer): boolean => {
    switch (field) {
      case "ed25519":
        return content.length === 32;
      case "point":
        return content.length === pointBytes && content[0] === 4;
      case "application":
        return content.length > 0;
      case "exponent":
      case "modulus":
        // A positive number, without a superfluous zero.
        return content.length > 0 && content[0]! < 0x80 && !(content[0] === 0 && (content[1] ?? 0) < 0x80);
      default:
        return content.toString("latin1") === field;
    }
  };
  if (!fields.every((field, index) => isRight(field, values[index]!))) return damaged;
  if (type !== "ssh-rsa") return undefined;
  const bits = bitsOf(value("modulus"));
  if (bits < RSA_BITS) {
    return `is an RSA key of ${bits} bits, where ${RSA_BITS} are needed. Make a new one: \`ssh-keygen -t ed25519\``;
  }
  if (bits > MOST_RSA_BITS) return `is an RSA key of ${bits} bits, where OpenSSH takes at most ${MOST_RSA_BITS}`;
  return bitsOf(value("exponent")) > 1 && value("exponent").at(-1)! % 2 === 1 ? undefined : damaged;
}

/** The fields of a key in SSH's own encoding, each with its length before it; undefined if they do not fill it. */
function fieldsOf(key: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  for (let at = 0; at < key.length;) {
    if (at + 4 > key.length) return undefined;
    const end = at + 4 + key.readUInt32BE(at);
    if (end > key.length) return undefined;
    fields.push(key.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

function bitsOf(number: Buffer): number {
  const hexadecimal = number.toString("hex").replace(/^0+/, "");
  return hexadecimal === "" ? 0 : BigInt(`0x${hexadecimal}`).toString(2).length;
}
