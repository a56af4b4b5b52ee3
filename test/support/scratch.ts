/** Temporary directories that live in memory where the machine has such a file system. */
import { accessSync, constants, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux's own. Containers give it 64 MB, so only what is small belongs there. */
const MEMORY = "/dev/shm";

/**
 * For many small files that are soon removed: on a journalling disk, removing the directories of one server takes longer
 * than a whole deployment to it.
 */
export function scratchDirectory(prefix: string): string {
  return mkdtempSync(join(isWritable(MEMORY) ? MEMORY : tmpdir(), prefix));
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
