/**
 * Whether this process has to stop: the deployment was cancelled (Ctrl-C), or the engine has ended. Requests that were
 * sent are completed; waits end. One process serves one deployment, so this is never reset.
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

/** Ends early, without an error, once this process has to stop: check `isCancelled()` then. */
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
