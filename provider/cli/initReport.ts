import { DECIDE } from "../inventory/manifestOfInventory";
import type { ServerInspection } from "../inventory/ServerInspection";
import { plural } from "../text/Phrase";
import { printable } from "../text/printable";
import type { Style } from "../text/Style";
import type { WrittenFile } from "./projectFiles";
import type { StackConfiguration } from "./stackConfiguration";

/** What `init --json` prints. */
export interface InitFacts {
  directory: string;
  stack: string;
  servers: ServerInspection[];
  files: WrittenFile[];
  /** Comments in the manifest that mark a decision. */
  decisions: number;
  /** The commands to type next. */
  next: string[];
}

const PIPELINES_NEED =
  "Commit the pipelines together with package-lock.json. The variables and protections that they need are in " +
  "node_modules/pulumi-aegir/docs/your-first-access-pull-request.md.";

const ADOPTS =
  "`pulumi up` lists as created what is new to Pulumi. If it is on the server already, it is adopted as it is, and nothing is " +
  "written. `npx aegir-access plan` shows what would be written.";

/** What `init` prints after the report of the checks. */
export function initReport({ directory, files, decisions, next }: InitFacts, style: Style): string {
  const list = (title: string, outcome: WrittenFile["outcome"]) => {
    const paths = files.filter((file) => file.outcome === outcome).map(({ path }) => `  ${printable(path)}`);
    return paths.length > 0 ? [[style.bold(title), ...paths].join("\n")] : [];
  };
  const hasNewPipelines = files.some(({ path, outcome }) => outcome === "written" && /^\.git(?:hub|lab)/.test(path));
  return [
    ...list(`Written in ${printable(directory)}:`, "written"),
    ...list("Server added to:", "completed"),
    ...list("Left alone, already there:", "same"),
    ...list("Left alone, and different from what init writes:", "different"),
    ...(decisions > 0 ? [`${plural(decisions, "thing")} to decide: search access.yaml for "${DECIDE}".`] : []),
    ...(hasNewPipelines ? [PIPELINES_NEED] : []),
    ADOPTS,
    [style.bold("Next:"), ...next.map((command) => `  ${command}`)].join("\n"),
  ].join("\n\n");
}

/**
 * @param directory the project's, from the current one
 * @param packages what an existing package.json lacks
 */
export function nextCommands(
  directory: string,
  { stack, isInitialized }: StackConfiguration,
  packages: string[],
): string[] {
  const enter = directory === "" ? "" : `cd ${shellWord(directory)} && `;
  return [
    `${enter}${["npm install", ...packages].join(" ")}`,
    `pulumi stack ${isInitialized ? "select" : "init"} ${stack}`,
    "pulumi up",
  ];
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
