/** The one loop in which a deployment waits for what BOA's account cron does. */
import { isCancelled, pause } from "../ssh/cancellation";
import { type AegirError, type Outcome, waitCancelled } from "./AegirError";
import { StallTimeout } from "./StallTimeout";

export interface Polling {
  /** What is waited for, as a noun. */
  wait: string;
  /** The server, for messages. */
  server: string;
  pollSeconds: number;
  accountMinutes: number;
  /** What has been done before the wait. */
  outcome: Outcome;
  /** Runs after each look that has found nothing, and may throw to end the wait early. */
  meanwhile?: (() => Promise<void>) | undefined;
  /** The error when the time is over. */
  expired: () => Promise<AegirError> | AegirError;
}

/** @returns what `look` has found at last */
export async function pollUntilFound<T>(look: () => Promise<T | undefined>, polling: Polling): Promise<T> {
  const { wait, server, pollSeconds, accountMinutes, outcome, meanwhile, expired } = polling;
  const stallTimeout = new StallTimeout(accountMinutes);
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await meanwhile?.();
    if (stallTimeout.expired()) throw await expired();
    await pause(pollSeconds);
    if (isCancelled()) throw waitCancelled(wait, server, outcome);
  }
}
