/** What both engines tell of an operation in the same way. */
import { type Outcome, type Step } from "./Engine";
import { type PropertyMap } from "./properties";
import { type Snapshot } from "./StateFile";
import { stackType } from "./Urn";

export function countByOperation(steps: readonly Step[]): Outcome["changes"] {
  const changes: Outcome["changes"] = {};
  for (const { op } of steps) changes[op] = (changes[op] ?? 0) + 1;
  return changes;
}

export function stackOutputsOf({ resources }: Snapshot): PropertyMap {
  return resources.find((state) => state.type === stackType && !state.delete)?.outputs ?? {};
}
