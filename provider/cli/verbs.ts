import { doctor } from "./doctor";
import { lint } from "./lint";
import type { Verb } from "./Verb";

/** In the order in which the help lists them. */
export const verbs: readonly Verb[] = [lint, doctor];
