import { doctor } from "./doctor";
import { dump } from "./dump";
import { lint } from "./lint";
import type { Verb } from "./Verb";

/** In the order in which the help lists them. */
export const verbs: readonly Verb[] = [lint, dump, doctor];
