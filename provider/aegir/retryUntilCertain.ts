import { isCancelled } from "../ssh/cancellation";
import { SshError } from "../ssh/SshError";
import { SessionBroken } from "../worker/SessionBroken";
import { WorkerRefusal } from "../worker/WorkerRefusal";
import { refusedWhile } from "./workerRefusals";

/**
 * Runs `attempt` - observe, decide, write - until its outcome is certain. Every attempt begins by observing, so it can be
 * repeated if the answer to its write was lost, or if it lost to a deadlock or a race.
 * @throws SessionBroken with `outcome: "unknown"` if it is still uncertain after the third attempt
 */
export async function retryUntilCertain<T>(label: string, what: string, attempt: () => Promise<T>): Promise<T> {
  let unknown: SessionBroken | undefined;
  for (let attemptsLeft = 3; ; attemptsLeft--) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof SessionBroken && error.outcome === "unknown") unknown = error;
      // That the server is now unreachable does not make an earlier write certain.
      else if (error instanceof SshError && unknown) throw unknown;
      const again =
        (error instanceof SessionBroken && error.outcome === "unknown") ||
        (error instanceof WorkerRefusal && ["deadlock", "changed", "exists"].includes(error.code));
      if (again && attemptsLeft > 1 && !isCancelled()) continue;
      throw error instanceof WorkerRefusal ? refusedWhile(what, error, label) : error;
    }
  }
}
