/**
 * Whether this process was told to stop: the deployment was cancelled (Ctrl-C), or the engine that asked is gone. A request
 * that has left is finished; what only waits ends. One process serves one deployment, so this never comes back.
 */
import { setMaxListeners } from "node:events";

const controller = new AbortController();
// Every wait listens, and there may be hundreds.
setMaxListeners(0, controller.signal);

export function cancel(): void {
  controller.abort();
}

export function isCancelled(): boolean {
  return controller.signal.aborted;
}

/** Ends early, without an error, once this process is told to stop: look at `isCancelled()` then. */
export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      controller.signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    if (isCancelled()) done();
    else controller.signal.addEventListener("abort", done);
  });
}
