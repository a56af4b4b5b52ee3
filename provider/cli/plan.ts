import { agedPasswords, endingPasswords } from "../inventory/passwords";
import { planOf, type Step } from "../inventory/Plan";
import { ruledServer } from "../inventory/ruledServer";
import { type Undeclared, undeclaredIds } from "../inventory/undeclared";
import { accessPage, differenceOf, jsonReview, reviewOf, textReview } from "../review";
import { brokenText } from "../rules/brokenText";
import { brokenRules, jsonBroken } from "../rules/judge";
import { enumerated, phrase, plural, rendered } from "../text/Phrase";
import { printable } from "../text/printable";
import type { Style } from "../text/Style";
import { hangingIndent, wrap } from "../text/wrap";
import { defineCommand, UsageError } from "./Command";
import { ExitCode } from "./ExitCode";
import { DEFAULT_MANIFEST, LIVE_OPTIONS, MANIFEST_USAGE, manifestWithInventory } from "./manifestOptions";

const WIDTH = 100;
/** How many ids of what is not declared are listed. */
const SHOWN_IDS = 20;

const SIGNS: Record<Step["action"], string> = { adopt: " ", create: "+", update: "~", refuse: "!" };

/** `aegir-access plan`: a manifest against the live server, without a state. */
export const plan = defineCommand({
  name: "plan",
  summary: "shows what deploying a manifest would change on a server, and for whom",
  description: [
    "Reads the server, changes nothing, and needs no state. Also counts everything on the server that the manifest does not " +
      "declare. A deployment removes such access if an earlier deployment declared it, and only the stack's state knows " +
      "that. To see what will go, run `pulumi preview`, or `review` between two revisions.",
    "Of logins (shellAccount), shows the passwords that a deployment rotates because of their age, and those that end soon. " +
      "Reads when the password files were written, never a password. Where accounts are reached as root, also shows the keys that a " +
      "deployment adds to a login and removes from it. Keys that were added by hand stay, and `audit` lists them.",
    "What is as declared already is adopted: a deployment writes nothing for it, even where `pulumi preview`, which never looks at " +
      "the server, lists it as created.",
    DEFAULT_MANIFEST,
  ],
  operands: { usage: `[${MANIFEST_USAGE}]`, least: 0, most: 1 },
  options: {
    ...LIVE_OPTIONS,
    format: {
      type: "string",
      value: "FORMAT",
      help: "text, html (default: text). html is a page of all access after the deployment, with the last day of each password",
    },
  },
  exitCodes: {
    [ExitCode.ok]:
      "the server matches the manifest and has nothing else, keys added by hand aside; a deployment would write nothing",
    [ExitCode.found]:
      "a deployment would write something, be refused, may remove access that the manifest does not declare, or would leave a rule broken",
  },
  examples: [
    ["plan --stack production", "access.yaml against the server of Pulumi.production.yaml"],
    ["plan --stack production --format html > access.html", "a page to search by person, site or login"],
    ["plan access.yaml --config servers.yaml --json", "the same result for a script"],
  ],
  async run({ values: { format = "text", ...values }, operands }, context) {
    if (format !== "text" && format !== "html") throw new UsageError("--format must be one of text, html.");
    const { manifest, inventory, instance, logins } = await manifestWithInventory(operands[0], values, context);
    const { steps, before, after, undeclared } = planOf(manifest, inventory, instance ?? null, logins);
    const aged = agedPasswords(manifest, logins);
    const passwords = endingPasswords(manifest, logins)
      .filter(({ resource }) => !aged.some((each) => each.resource === resource))
      .map(({ resource, says }) => ({ resource, says: text({ says }) }));
    const review = reviewOf(differenceOf(before, after));
    const broken = brokenRules(manifest.rules, ruledServer(manifest, after, inventory, logins));
    const changes = steps.filter(({ action }) => action !== "adopt");
    return {
      exitCode:
        changes.length > 0 ||
        undeclaredIds(undeclared).length > 0 ||
        broken.some(({ rule }) => rule.level !== "advise") ||
        logins.problem !== null
          ? ExitCode.found
          : ExitCode.ok,
      facts: {
        steps: steps.map((step) => ({ ...step, says: text(step) })),
        passwords,
        undeclared,
        rules: broken.map((each) => ({ ...jsonBroken(each), text: text({ says: brokenText(each) }) })),
        review: jsonReview(review),
      },
      text: (style) =>
        format === "html"
          ? accessPage(after, broken)
          : [
              ...changes.flatMap((step) => lines(step, manifest.files.length > 1, style)),
              counts(steps),
              ...(logins.problem === null
                ? []
                : [`The passwords of the logins could not be looked at: ${logins.problem}`]),
              ...passwords.map(({ says }) => style.yellow(says)),
              ...undeclaredLines(undeclared),
              ...(broken.length > 0 ? ["", "After the deployment these rules are broken:"] : []),
              ...broken.flatMap((each) => hangingIndent(text({ says: brokenText(each) }), WIDTH, "! ")),
              "",
              textReview(review),
            ]
              .join("\n")
              .trimEnd(),
    };
  },
});

function text({ says }: Pick<Step, "says">): string {
  return rendered(says, (name) => printable(name));
}

function lines(step: Step, showsFile: boolean, style: Style): string[] {
  const colour = { adopt: style.dim, create: style.green, update: style.yellow, refuse: style.red }[step.action];
  const place = showsFile ? ` (${printable(step.file)}:${step.line})` : "";
  const { added = [], removed = [] } = step.keys ?? {};
  return [
    colour(`${SIGNS[step.action]} ${printable(step.resource)}: ${text(step)}.${place}`),
    ...added.map((key) => style.green(`    + ${key}`)),
    ...removed.map((key) => style.red(`    - ${key}`)),
  ];
}

/** What the manifest does not declare, and who decides about it. */
function undeclaredLines(undeclared: Undeclared): string[] {
  const { bindings, sites, logins, clients } = undeclared;
  const ids = undeclaredIds(undeclared);
  if (ids.length === 0) return [];
  const kinds: [string[], string][] = [
    [bindings, "binding"],
    [sites, "site"],
    [logins, "shell login"],
    [clients, "client"],
  ];
  const found = kinds.flatMap(([list, kind]) => (list.length > 0 ? [phrase`${plural(list.length, kind)}`] : []));
  const [is, it] = ids.length === 1 ? ["is", "it"] : ["are", "them"];
  const says =
    `${rendered(enumerated(found), printable)} on the server ${is} declared nowhere in the manifest. The stack's state, which ` +
    `is not read here, decides whether a deployment takes ${it} away: it takes what an earlier deployment declared. ` +
    "`pulumi preview` shows it.";
  const more = ids.length - SHOWN_IDS;
  return [
    "",
    ...wrap(says, WIDTH),
    ...ids.slice(0, SHOWN_IDS).map((id) => `? ${printable(id)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function counts(steps: Step[]): string {
  const count = (action: Step["action"]) => steps.filter((step) => step.action === action).length;
  const refused = count("refuse");
  return `${plural(steps.length, "resource")}: ${count("create")} to create, ${count("update")} to change, ${count("adopt")} as declared${refused > 0 ? `, ${refused} refused` : ""}.`;
}
