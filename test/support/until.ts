import { setTimeout } from "node:timers/promises";

/** Waits for something that tells nobody when it is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await setTimeout(10);
}
