import { audit } from "./audit";
import type { Command } from "./Command";
import { doctor } from "./doctor";
import { dump } from "./dump";
import { lint } from "./lint";
import { plan } from "./plan";
import { review } from "./review";

/** In the order in which the help lists them. */
export const commands: readonly Command[] = [lint, review, plan, dump, audit, doctor];
