import { createHash } from "node:crypto";
import { type ParsedKey, type PublicKeyAuthContext, utils } from "ssh2";

export interface KeyPair {
  /** The private key's text. */
  private: string;
  /** `ssh-ed25519 AAAA...` */
  public: string;
  /** As `ssh-keygen -l` shows it: `SHA256:` and base64 without padding. */
  fingerprint: string;
}

/** The pair of a private key in OpenSSH's format. */
export function keyPair(text: string, passphrase?: string): KeyPair {
  const key = utils.parseKey(text, passphrase);
  if (key instanceof Error) throw key;
  const blob = key.getPublicSSH();
  const hash = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
  return { private: text, public: `${key.type} ${blob.toString("base64")}`, fingerprint: `SHA256:${hash}` };
}

export function newKey(passphrase?: string): KeyPair {
  const keys =
    passphrase === undefined
      ? utils.generateKeyPairSync("ed25519")
      : utils.generateKeyPairSync("ed25519", { passphrase, cipher: "aes256-ctr", rounds: 1 });
  // ssh2 1.17 drops a leading zero byte of the public key, so that one pair in 160 is unusable.
  const unusable = [utils.parseKey(keys.public), utils.parseKey(keys.private, passphrase)].some(
    (key) => key instanceof Error,
  );
  return unusable ? newKey(passphrase) : keyPair(keys.private, passphrase);
}
export const newEcdsaKey = (): KeyPair => keyPair(utils.generateKeyPairSync("ecdsa", { bits: 256 }).private);
export const newRsaKey = (): KeyPair => keyPair(utils.generateKeyPairSync("rsa", { bits: 2048 }).private);

/** Whether a client has signed with the key that it shows; undefined if it only asks whether that one would do. */
export function signed({ key, signature, blob, hashAlgo }: PublicKeyAuthContext): boolean | undefined {
  if (!signature || !blob) return undefined;
  return (utils.parseKey(key.data) as ParsedKey).verify(blob, signature, hashAlgo) === true;
}
