import { setTimeout } from "node:timers/promises";

/** Waits for something that tells nobody when it is so. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(10);
}
