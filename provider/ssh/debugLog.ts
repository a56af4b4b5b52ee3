import { format } from "node:util";
import { printable } from "../text/printable";

const LONGEST_LINE = 1000;

/**
 * With `AEGIR_LOG=debug` in the environment: what goes to a server, whether it was done, and how long it took, as lines on
 * standard error. Command lines, paths, names of requests and times, never contents: what a request carries and what a
 * server answers may be secret.
 *
 * @param message as `util.format` takes it
 */
export function debugLog(message: string, ...values: (string | number)[]): void {
  if (process.env["AEGIR_LOG"] !== "debug") return;
  const line = printable(format(message, ...values), LONGEST_LINE);
  process.stderr.write(`[aegir] ${new Date().toISOString()} ${line}\n`);
}

/** Whole milliseconds since `began`, by `performance.now()`. */
export function millisecondsSince(began: number): number {
  return Math.round(performance.now() - began);
}
