import { planOf, type Step } from "../inventory/Plan";
import { differenceOf, jsonReview, reviewOf, textReview } from "../review";
import { rendered, plural } from "../review/Phrase";
import { printable } from "../ssh/printable";
import { manifestBesideServer, LIVE_OPTIONS } from "./manifestBesideServer";
import { ExitCode } from "./ExitCode";
import { MANIFEST_USAGE } from "./givenManifest";
import type { Style } from "./Style";
import { defineVerb } from "./Verb";

const SIGNS: Record<Step["action"], string> = { adopt: " ", create: "+", update: "~", refuse: "!" };

/** `aegir-access plan`: a manifest against the live server, without a state. */
export const plan = defineVerb({
  name: "plan",
  summary: "tells what deploying a manifest would do on a server, and who gains and who loses",
  description: [
    "Looks at the server, changes nothing, and needs no state. What the manifest no longer declares is not seen here, " +
      "because only the stack's state knows that it ever did: `pulumi preview` shows it, and `review` between two revisions.",
    "Password files are not read: shellAccount is left out.",
  ],
  operands: { usage: `[${MANIFEST_USAGE}]`, least: 0, most: 1 },
  options: LIVE_OPTIONS,
  exitCodes: {
    [ExitCode.ok]: "everything is as declared; a deployment would write nothing",
    [ExitCode.found]: "a deployment would write something, or be refused",
  },
  examples: [
    ["plan --stack production", "access.yaml against the server of Pulumi.production.yaml"],
    ["plan access.yaml --config servers.yaml --json", "the same facts for a script"],
  ],
  async run({ values, operands }, surroundings) {
    const { manifest, inventory, instance } = await manifestBesideServer(operands[0], values, surroundings);
    const { steps, before, after } = planOf(manifest, inventory, instance);
    const review = reviewOf(differenceOf(before, after));
    const changes = steps.filter(({ action }) => action !== "adopt");
    return {
      exitCode: changes.length > 0 ? ExitCode.found : ExitCode.ok,
      facts: { steps: steps.map((step) => ({ ...step, says: text(step) })), review: jsonReview(review) },
      text: (style) =>
        [...changes.map((step) => line(step, style)), counts(steps), "", textReview(review)].join("\n").trimEnd(),
    };
  },
});

function text({ says }: Step): string {
  return rendered(says, (name) => printable(name));
}

function line(step: Step, style: Style): string {
  const colour = { adopt: style.dim, create: style.green, update: style.yellow, refuse: style.red }[step.action];
  return colour(`${SIGNS[step.action]} ${printable(step.resource)}: ${text(step)}.`);
}

function counts(steps: Step[]): string {
  const count = (action: Step["action"]) => steps.filter((step) => step.action === action).length;
  const refused = count("refuse");
  return `${plural(steps.length, "resource")}: ${count("create")} to create, ${count("update")} to change, ${count("adopt")} as declared${refused > 0 ? `, ${refused} refused` : ""}.`;
}
