import { isCancelled } from "../ssh/cancellation";
import { SshError } from "../ssh/SshError";
import { SessionBroken } from "../worker/SessionBroken";
import { WorkerRefusal } from "../worker/WorkerRefusal";
import { refusedWhile } from "./workerRefusals";

/**
 * Runs `attempt` - observe, decide, write - until its outcome is certain. Every attempt begins by observing, so an
 * attempt whose write was lost, was chosen as a deadlock's victim, or lost a race is simply made again.
 * @throws SessionBroken with `outcome: "unknown"` when it still is not certain after the third
 */
export async function retryUntilCertain<T>(label: string, what: string, attempt: () => Promise<T>): Promise<T> {
  let unknown: SessionBroken | undefined;
  for (let attemptsLeft = 3; ; attemptsLeft--) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof SessionBroken && error.outcome === "unknown") unknown = error;
      // A server that cannot be asked any more does not make certain what was not.
      else if (error instanceof SshError && unknown) throw unknown;
      const again =
        (error instanceof SessionBroken && error.outcome === "unknown") ||
        (error instanceof WorkerRefusal && ["deadlock", "changed", "exists"].includes(error.code));
      if (again && attemptsLeft > 1 && !isCancelled()) continue;
      throw error instanceof WorkerRefusal ? refusedWhile(what, error, label) : error;
    }
  }
}
