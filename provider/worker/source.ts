import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The worker's PHP source as it is sent to Drush, which evaluates it: `worker.php` without its opening tag. The file
 * lies beside this one, here and in the built package.
 */
export function workerSource(): string {
  return readFileSync(join(__dirname, "worker.php"), "utf8").replace(/^<\?php\s/, "");
}
