import { type HopArgs, labelOf, resolveHop } from "./credentials";
import { dial } from "./dial";
import { HostKeyPins } from "./HostKey";
import { HostKeyRejected, SshError } from "./SshError";
import { DEFAULT_TIMINGS } from "./Timings";

/** A host key that is not pinned yet. */
export interface ScannedHostKey {
  /** `user@host:port` of the connection that lacks the pin. */
  label: string;
  /** `SHA256:...` */
  fingerprint: string;
  /** For example `ssh-ed25519`. */
  type: string;
}

/**
 * Reads the key that a server shows, then disconnects: after the key exchange nothing is sent, not even the login's name.
 * A bastion must be pinned; the login there uses the credentials of `names`.
 * @throws SshError as a connection does
 */
export async function scanHostKey(
  target: HopArgs & { dialErrorLimit: number; proxy?: HopArgs | undefined },
  names: string[],
): Promise<ScannedHostKey> {
  const label = labelOf(target);
  const proxy = target.proxy ? resolveHop(target.proxy, [...names, "proxy"], process.env) : null;
  const nothing = { method: "password", from: "nothing", password: () => "" } as const;
  const { host, port, user, perDialTimeout, dialErrorLimit } = target;
  const hop = { label, host, port, user, perDialTimeout, dialErrorLimit, pins: HostKeyPins.none, proxy };
  try {
    await dial({ ...hop, authentication: nothing }, DEFAULT_TIMINGS);
  } catch (error) {
    if (error instanceof HostKeyRejected && error.host === label && error.seen !== null && error.type !== null) {
      return { label, fingerprint: error.seen, type: error.type };
    }
    throw error;
  }
  throw new SshError("hostKeyRejected", label, "notDone", "it showed no host key");
}
