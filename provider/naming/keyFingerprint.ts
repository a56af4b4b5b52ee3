import { createHash } from "node:crypto";

/** `SHA256:...` as `ssh-keygen -l` prints it, of a public key in SSH's own encoding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The type that a public key in SSH's own encoding begins with, for example `ssh-ed25519`. */
export function typeOf(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  return key.toString("latin1", 4, 4 + length);
}
