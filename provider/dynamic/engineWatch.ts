/**
 * Notices in Pulumi's provider process that the deployment is cancelled, or that its engine is gone. Neither reaches a
 * dynamic provider by itself: the SDK answers the engine's Cancel without a word to anybody, and a CLI that is killed
 * leaves the provider behind, whose parent is a shell that waits for it (`pulumi-resource-pulumi-nodejs`).
 */
import { type ClientHttp2Session, connect } from "node:http2";
import { endServers } from "../aegir/servers";
import { cancel } from "../ssh/cancellation";

const CANCEL = "/pulumirpc.ResourceProvider/Cancel";
/** Requests that have left are given so long to be answered. */
const GRACE_MILLISECONDS = 3000;

let watching = false;

/** To be called at the first operation; does nothing in any other process. */
export function watchEngine(): void {
  const [, script = "", engine] = process.argv;
  if (watching || !/[\\/]dynamic-provider([\\/]|$)/.test(script)) return;
  watching = true;
  onCancel(() => {
    cancel();
    // Whoever waits for a request that nobody answers gets an error that says so, which the engine records.
    setTimeout(() => void endServers(), GRACE_MILLISECONDS).unref();
  });
  if (engine !== undefined) {
    onGone(engine, () => {
      cancel();
      // There is nobody to answer: what was being done is seen by the next run, which looks first.
      setTimeout(() => void endServers().finally(() => process.exit(1)), GRACE_MILLISECONDS);
    });
  }
}

/** The gRPC server of this process is the SDK's, which hands its calls on to nobody: seen where they come in. */
function onCancel(cancelled: () => void): void {
  const handles = (process as unknown as { _getActiveHandles?: () => unknown[] })._getActiveHandles?.() ?? [];
  for (const handle of handles) {
    if (handle?.constructor?.name !== "Http2Server") continue;
    (handle as NodeJS.EventEmitter).on("stream", (_stream: unknown, headers: Record<string, unknown>) => {
      if (headers[":path"] === CANCEL) cancelled();
    });
  }
}

/**
 * Holds a connection to the engine's own server, whose address is the provider's argument. If it ends and there is no new
 * one, the engine is gone. An address at which nobody ever listened says nothing.
 */
function onGone(engine: string, gone: () => void): void {
  const watch = (wasThere: boolean): void => {
    let isThere = false;
    const session: ClientHttp2Session = connect(`http://${engine}`);
    session.once("connect", () => {
      isThere = true;
      session.unref();
    });
    session.on("error", () => undefined);
    session.once("close", () => {
      if (isThere) watch(true);
      else if (wasThere) gone();
    });
  };
  watch(false);
}
