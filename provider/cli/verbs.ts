import { doctor } from "./doctor";
import type { Verb } from "./Verb";

/** In the order in which the help lists them. */
export const verbs: readonly Verb[] = [doctor];
