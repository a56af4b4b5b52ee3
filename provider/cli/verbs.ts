import { doctor } from "./doctor";
import { dump } from "./dump";
import { lint } from "./lint";
import { audit } from "./audit";
import { plan } from "./plan";
import { review } from "./review";
import type { Verb } from "./Verb";

/** In the order in which the help lists them. */
export const verbs: readonly Verb[] = [lint, review, plan, dump, audit, doctor];
