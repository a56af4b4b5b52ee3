/**
 * Reads private keys as people have them: as OpenSSH, OpenSSL or PuTTY wrote them, and as CI variables, quotes and copying
 * leave them. For a key that cannot be read, the message says what it is, and reveals nothing of its content.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { ParsedKey } from "ssh2";
import { utils } from "ssh2";
import { typeOf } from "../naming/keyFingerprint";

/**
 * @param given the key's text
 * @param giveIt how to provide a key in the place where this one was found, as a clause
 * @returns the key, or why it cannot be used: the end of a sentence that begins with where it was found
 */
export function readPrivateKey(given: string, passphrase: string | undefined, giveIt: string): ParsedKey | string {
  const key = read(asWritten(given), passphrase);
  return typeof key === "object" && "unreadable" in key ? `${key.unreadable}; ${giveIt}` : key;
}

/** `unreadable`: why this is not the right key, or not all of it; the user has to provide it again. */
type Read = ParsedKey | string | { unreadable: string };

function read(text: string, passphrase: string | undefined): Read {
  if (text.startsWith(PUTTY)) return puttyKey(text, passphrase);
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----(.*?)-----END \1-----/gs)];
  const [block] = blocks;
  if (block === undefined) return whyNone(text);
  if (blocks.length > 1) return `holds ${blocks.length} private keys; give one of them`;
  const [, label, body] = block as unknown as [string, string, string];
  const pem = tidied(label, body);
  switch (label) {
    case "OPENSSH PRIVATE KEY":
      return opensshKey(pem, passphrase);
    case "PRIVATE KEY":
    case "ENCRYPTED PRIVATE KEY":
      return pkcs8Key(pem, passphrase);
    default:
      return parsed(pem, passphrase);
  }
}

const PUTTY = "PuTTY-User-Key-File-";
const MAGIC = "openssh-key-v1\0";
const NO_PASSPHRASE =
  "is encrypted and there is no passphrase for it (privateKeyPassword, or ..._PRIVATE_KEY_PASSWORD in the environment)";
const DAMAGED = {
  unreadable:
    "cannot be read: the key is damaged (lines missing, or not all of it copied) or of a type that is not supported. " +
    "`ssh-keygen -y -f FILE` shows whether the file is complete",
};
const WRONG_PASSPHRASE = "cannot be decrypted: the passphrase is wrong or the key is damaged";

/** The key without its packaging: quotes, line ends written as `\n`, and base64 that puts everything on one line. */
function asWritten(given: string): string {
  const text = bare(given);
  if (/-----BEGIN |^PuTTY-/.test(text) || !/^[A-Za-z0-9+/\s]{40,}={0,2}$/.test(text)) return text;
  const decoded = Buffer.from(text, "base64");
  const inside = bare(decoded.toString("latin1"));
  if (/^-----BEGIN |^PuTTY-|^(ssh|ecdsa|sk)-/.test(inside)) return inside;
  if (decoded.toString("latin1").startsWith(MAGIC)) {
    return wrapped("OPENSSH PRIVATE KEY", [], decoded.toString("base64"));
  }
  try {
    return createPrivateKey({ key: decoded, format: "der", type: "pkcs8" })
      .export({ type: "pkcs8", format: "pem" })
      .toString();
  } catch {
    return text;
  }
}

function bare(given: string): string {
  // Neither keys nor their armour contain a backslash.
  const lines = given
    .replace(/^\ufeff/, "")
    .replace(/(\\r)?\\n/g, "\n")
    .replace(/\r\n?/g, "\n")
    .trim();
  const inner = /^(["'`])(.*)\1$/s.exec(lines)?.[2];
  return inner === undefined ? lines : inner.trim();
}

/** With one line end after every line, even if copying has changed them. */
function tidied(label: string, body: string): string {
  const lines = body.split("\n").map((line) => line.trim());
  const headers = lines.filter((line) => line.includes(": "));
  // Headers that have lost their line ends look like the key itself; the key is damaged then.
  return wrapped(
    label,
    headers,
    lines
      .filter((line) => !line.includes(": "))
      .join("")
      .replace(/[ \t]+/g, ""),
  );
}

function wrapped(label: string, headers: string[], base64: string): string {
  const head = headers.length > 0 ? [...headers, ""] : [];
  return [`-----BEGIN ${label}-----`, ...head, ...(base64.match(/.{1,64}/g) ?? []), `-----END ${label}-----`, ""].join(
    "\n",
  );
}

function parsed(text: string, passphrase: string | undefined): Read {
  const found = utils.parseKey(text, passphrase);
  // For the OpenSSH format ssh2 returns an array, which the declared type lacks; that format holds one key.
  const key: ParsedKey | Error | undefined = Array.isArray(found) ? (found[0] as ParsedKey | undefined) : found;
  if (!(key instanceof Error) && key?.isPrivateKey()) return key;
  if (key instanceof Error && /no passphrase given/i.test(key.message)) return NO_PASSPHRASE;
  return passphrase !== undefined && passphrase !== "" ? WRONG_PASSPHRASE : DAMAGED;
}

function opensshKey(pem: string, passphrase: string | undefined): Read {
  const { cipher, type } = opensshHeader(Buffer.from(pem.split("\n").slice(1, -2).join(""), "base64"));
  if (cipher === "chacha20-poly1305@openssh.com") {
    return (
      `is encrypted with ${cipher}, which this program cannot decrypt. ` +
      "Encrypt it with another cipher: `ssh-keygen -p -Z aes256-ctr -f FILE`"
    );
  }
  if (type.startsWith("sk-")) {
    return "belongs to a hardware security key and works only with it. Make a key for this purpose: `ssh-keygen -t ed25519 -f FILE`";
  }
  // A passphrase that is not needed cannot be wrong.
  return parsed(pem, cipher === "none" ? undefined : passphrase);
}

/** PROTOCOL.key of OpenSSH: the names of cipher and key derivation, its options, the number of keys, the public key. */
function opensshHeader(blob: Buffer): { cipher: string; type: string } {
  let at = MAGIC.length;
  const next = () => {
    if (at + 4 > blob.length) return Buffer.alloc(0);
    const field = blob.subarray(at + 4, at + 4 + blob.readUInt32BE(at));
    at += 4 + field.length;
    return field;
  };
  const cipher = next().toString("latin1");
  next();
  next();
  at += 4;
  return { cipher, type: typeOf(next()) };
}

function pkcs8Key(pem: string, passphrase: string | undefined): Read {
  const encrypted = pem.startsWith("-----BEGIN ENCRYPTED");
  if (encrypted && !passphrase) return NO_PASSPHRASE;
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, ...(encrypted && { passphrase }) });
  } catch {
    return encrypted ? WRONG_PASSPHRASE : DAMAGED;
  }
  const type = key.asymmetricKeyType;
  if (type === "ed25519") return parsed(opensshEd25519(key), undefined);
  if (type === "rsa") return parsed(key.export({ type: "pkcs1", format: "pem" }).toString(), undefined);
  if (type === "ec") return parsed(key.export({ type: "sec1", format: "pem" }).toString(), undefined);
  return (
    `is of type ${type ?? "unknown"}, which SSH servers do not accept for logins. ` +
    "Make a key for this purpose: `ssh-keygen -t ed25519 -f FILE`"
  );
}

/** The only format in which SSH stores such keys. */
function opensshEd25519(key: KeyObject): string {
  const { x, d } = key.export({ format: "jwk" });
  const [publicKey, seed] = [x, d].map((part) => Buffer.from(part ?? "", "base64url")) as [Buffer, Buffer];
  const number = (value: number) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);
  const field = (value: Buffer | string) => Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)]);
  const publicPart = Buffer.concat([field("ssh-ed25519"), field(publicKey)]);
  const check = number(0);
  const secret = Buffer.concat([check, check, publicPart, field(Buffer.concat([seed, publicKey])), field("")]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const blob = Buffer.concat([
    Buffer.from(MAGIC),
    ...["none", "none", ""].map(field),
    number(1),
    field(publicPart),
    field(Buffer.concat([secret, padding])),
  ]);
  return wrapped("OPENSSH PRIVATE KEY", [], blob.toString("base64"));
}

function puttyKey(text: string, passphrase: string | undefined): Read {
  const encrypted = !/^Encryption: none$/m.test(text);
  if (encrypted && !passphrase) return `${NO_PASSPHRASE}, and it is in PuTTY's format; ${CONVERT_PUTTY}`;
  const key = parsed(text, encrypted ? passphrase : undefined);
  if (typeof key !== "string" && !("unreadable" in key)) return key;
  return `is in PuTTY's format (.ppk), in a variant that this program cannot read; ${CONVERT_PUTTY}`;
}

const CONVERT_PUTTY =
  "convert it: `puttygen FILE.ppk -O private-openssh -o FILE` (package putty-tools), or in PuTTYgen for Windows " +
  "Conversions, Export OpenSSH key";

/** What the text is instead of a private key. */
function whyNone(text: string): { unreadable: string } {
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text)) return DAMAGED;
  if (/-cert-v0\d@openssh\.com |-----BEGIN CERTIFICATE-----/.test(text)) {
    return {
      unreadable:
        "is a certificate; the private key is needed: the content of the file without -cert.pub at the end of its name",
    };
  }
  if (isPublic(text)) {
    return {
      unreadable:
        "is a public key; the private key is needed: the content of the file without .pub at the end of its name",
    };
  }
  if (/^(SHA256:|MD5:)/i.test(text)) {
    return { unreadable: "is the fingerprint of a key; the private key itself is needed" };
  }
  return { unreadable: "is not a private key; it must hold the key's text itself (-----BEGIN ...), not a path" };
}

function isPublic(text: string): boolean {
  if (/BEGIN [A-Z0-9 ]*PUBLIC KEY/.test(text)) return true;
  if (!(utils.parseKey(text) instanceof Error)) return true;
  try {
    createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
    return true;
  } catch {
    return /^(ssh|ecdsa|sk)-[\w@.-]+ AAAA/.test(text);
  }
}
