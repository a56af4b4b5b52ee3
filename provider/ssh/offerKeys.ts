import {
  BaseAgent,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
  utils,
} from "ssh2";
import { typeOf } from "../naming/keyFingerprint";
import { MAX_AGENT_KEYS } from "./AuthMethod";
import type { ResolvedConnection } from "./credentials";
import { dial } from "./dial";
import { LoginRejected } from "./SshError";
import { DEFAULT_TIMINGS } from "./Timings";

/**
 * Which of these public keys a server accepts for a login: offers each without a signature, which the server answers with
 * yes or no (RFC 4252, 7), and never logs in. After the first one that is accepted the rest is not offered.
 * @param keys in SSH's own encoding
 * @returns the first that is accepted; undefined if the server refuses all of them
 * @throws SshError as a connection does, also if the server broke off before it answered
 */
export async function firstAccepted(connection: ResolvedConnection, keys: Buffer[]): Promise<Buffer | undefined> {
  for (let at = 0; at < keys.length; at += MAX_AGENT_KEYS) {
    const agent = new OfferingAgent(keys.slice(at, at + MAX_AGENT_KEYS));
    try {
      const authentication = { method: "offer", from: "public keys that are only offered", agent } as const;
      const transport = await dial({ ...connection, authentication }, DEFAULT_TIMINGS);
      // Let in without a credential: then every key is as good.
      transport.end();
      return keys[at];
    } catch (error) {
      if (agent.accepted) return agent.accepted;
      // Not what the bastion rejects.
      if (!(error instanceof LoginRejected && error.host === connection.label)) throw error;
    }
  }
  return undefined;
}

/** Has keys to offer, and can sign with none of them: it is asked to for one that the server accepts. */
export class OfferingAgent extends BaseAgent<ParsedKey> {
  accepted: Buffer | undefined;

  constructor(readonly keys: readonly Buffer[]) {
    super();
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(undefined, this.keys.map(offered));
  }

  override sign(
    key: ParsedKey,
    _data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    this.accepted = key.getPublicSSH();
    (typeof options === "function" ? options : done)?.(new Error("this key is only offered"));
  }
}

/** Any key that ssh2 can read: it knows no security keys, and offers them all the same if they are dressed as another. */
const READABLE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

function offered(key: Buffer): ParsedKey {
  const readable = utils.parseKey(READABLE) as ParsedKey;
  // The signature algorithm that RSA keys are offered for (RFC 8332, 3.1).
  const type = typeOf(key) === "ssh-rsa" ? "rsa-sha2-512" : typeOf(key);
  return Object.assign(Object.create(readable) as ParsedKey, { type, getPublicSSH: () => key });
}
