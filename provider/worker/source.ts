import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The last one starts the session. */
const parts = ["facts", "reads", "writes", "session"];

/**
 * The worker's PHP source as it is sent to Drush, which evaluates it: its parts in one, without their opening tags. The
 * files lie beside this one, here and in the built package.
 */
export function workerSource(): string {
  return parts.map((part) => readFileSync(join(__dirname, `${part}.php`), "utf8").replace(/^<\?php\s/, "")).join("\n");
}
