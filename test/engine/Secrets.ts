/**
 * Pulumi's passphrase secrets provider, bit for bit, so that a state file of the CLI opens here with the same passphrase
 * and one of ours there: the key is PBKDF2-SHA256 of the passphrase with 1,000,000 iterations, a value is AES-256-GCM,
 * written `v1:<nonce>:<ciphertext + tag>` in base64, and `salt` (the provider's whole state) is
 * `v1:<salt>:<the word "pulumi", encrypted>`, which tells a wrong passphrase before anything is decrypted.
 * Source: pkg/secrets/passphrase/manager.go and sdk/go/common/resource/config/crypt.go of pulumi/pulumi.
 */
import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

const iterations = 1_000_000;
const keyLength = 32;
const saltLength = 8;
const nonceLength = 12;
const tagLength = 16;
const proof = "pulumi";

/** A derivation takes most of a second, and every operation of a stack needs the same one. */
const derivedKeys = new Map<string, Promise<Buffer>>();

/** So new stacks with the same passphrase share a salt, as long as this process lives. */
const salts = new Map<string, Buffer>();

function deriveKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  const cacheKey = `${salt.toString("base64")}:${passphrase}`;
  let key = derivedKeys.get(cacheKey);
  if (key === undefined) {
    key = promisify(pbkdf2)(passphrase, salt, iterations, keyLength, "sha256");
    derivedKeys.set(cacheKey, key);
  }
  return key;
}

export class Secrets {
  private constructor(
    private readonly key: Buffer,
    /** `secrets_providers.state.salt` of the state file, `encryptionsalt` of a stack's configuration file. */
    readonly salt: string,
  ) {}

  static async create(passphrase: string): Promise<Secrets> {
    const salt = salts.get(passphrase) ?? randomBytes(saltLength);
    salts.set(passphrase, salt);
    const key = await deriveKey(passphrase, salt);
    return new Secrets(key, `v1:${salt.toString("base64")}:${encrypt(key, proof)}`);
  }

  static async open(passphrase: string, salt: string): Promise<Secrets> {
    const [version, encodedSalt, ...encryptedProof] = salt.split(":");
    if (version !== "v1" || encodedSalt === undefined) {
      throw new Error(
        "the state's secrets provider has an unknown version: only v1 of the passphrase provider is known",
      );
    }
    const secrets = new Secrets(await deriveKey(passphrase, Buffer.from(encodedSalt, "base64")), salt);
    try {
      if (secrets.decrypt(encryptedProof.join(":")) === proof) return secrets;
    } catch {
      // Not authentic: the key is another one, which is what the error below says.
    }
    throw new Error("incorrect passphrase");
  }

  encrypt(plaintext: string): string {
    return encrypt(this.key, plaintext);
  }

  decrypt(ciphertext: string): string {
    const [version, nonce, sealed] = ciphertext.split(":");
    if (version !== "v1" || nonce === undefined || sealed === undefined) {
      throw new Error("a secret of the state is not of the form v1:nonce:ciphertext");
    }
    const bytes = Buffer.from(sealed, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(bytes.length - tagLength));
    const plaintext = Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - tagLength)), decipher.final()]);
    return plaintext.toString("utf8");
  }
}

function encrypt(key: Buffer, plaintext: string): string {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}
