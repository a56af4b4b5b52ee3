import type { AuthMethod } from "./AuthMethod";
import type { Hop } from "./credentials";
import { SshError } from "./SshError";

/** By hop, pinned keys and method: the attempt in progress, or the one that was rejected. */
const attempts = new Map<string, Promise<unknown>>();

/**
 * Logs in, but not while another connection of this process tries the same: waits for that one, and fails if it fails.
 * Several connections may share a bastion or a login. All of them together offer rejected credentials only once, because
 * servers lock out clients that keep trying.
 */
export async function loginOnce<Result>(hop: Hop, method: AuthMethod, login: () => Promise<Result>): Promise<Result> {
  const key = [hop.label, hop.pins.toString(), method.digest].join(" ");
  for (let other = attempts.get(key); other !== undefined; other = attempts.get(key)) {
    await other;
  }
  const mine = login();
  attempts.set(key, mine);
  const forget = () => attempts.delete(key);
  mine.then(forget, (error: unknown) => {
    if (!(error instanceof SshError && error.code === "authenticationRejected")) forget();
  });
  return mine;
}

/** Credentials that were rejected may be offered again: they, or the server, may have been corrected. */
export function forgetRejectedCredentials(): void {
  attempts.clear();
}
