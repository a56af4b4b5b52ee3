import { anotherCopy } from "../support/anotherCopy";
import type { InProcessProvider } from "./Provider";

let second: typeof InProcessProvider | undefined;

/** As a second process: it knows nothing of the first one's servers and declarations. */
export function secondProvider(): typeof InProcessProvider {
  return (second ??= anotherCopy(
    require,
    (load) => (load("./Provider") as typeof import("./Provider")).InProcessProvider,
  ));
}
