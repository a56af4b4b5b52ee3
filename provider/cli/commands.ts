import { audit } from "./audit";
import { codeowners } from "./codeowners";
import type { Command } from "./Command";
import { doctor } from "./doctor";
import { dump } from "./dump";
import { init } from "./init";
import { lint } from "./lint";
import { login } from "./login";
import { plan } from "./plan";
import { review } from "./review";
import { what } from "./what";
import { who } from "./who";
import { why } from "./why";

/** In the order in which the help lists them. */
export const commands: readonly Command[] = [
  init,
  lint,
  review,
  who,
  what,
  why,
  plan,
  dump,
  audit,
  codeowners,
  doctor,
  login,
];
