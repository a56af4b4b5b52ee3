import { labelOf, resolveHop, type HopArgs } from "./credentials";
import { dial } from "./dial";
import { HostKeyPins } from "./HostKey";
import { HostKeyRejected, SshError } from "./SshError";
import { DEFAULT_TIMINGS } from "./Timings";

/** A key that a server has shown to somebody who does not know it yet. */
export interface ScannedHostKey {
  /** `user@host:port` of the connection that is to be pinned. */
  label: string;
  /** `SHA256:...` */
  fingerprint: string;
  /** For example `ssh-ed25519`. */
  type: string;
}

/**
 * Looks at the key that a server shows, and breaks off: after the key exchange nothing is sent, not even the login's name.
 * Through a bastion, which must be pinned and is logged in to, with the credentials of `names`.
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
