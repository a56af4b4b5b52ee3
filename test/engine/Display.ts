/**
 * What one operation looks like on a terminal: a line per step, what was said (grouped by resource), the outputs, a count. It keeps to
 * what people know from the Pulumi CLI, and says what it is first.
 */
import { type DeploymentListener } from "./Deployment";
import { type Step, type StepOperation } from "./Engine";
import { outputsText } from "./outputsText";
import { changedKeys, isInternalKey, type PropertyMap } from "./properties";
import { type DeploymentStep, type Severity } from "./steps";
import { isProviderType, nameOf, stackType, typeOf } from "./Urn";

const signs: Record<StepOperation, string> = {
  same: "  ",
  create: "+ ",
  update: "~ ",
  delete: "- ",
  replace: "+-",
  "create-replacement": "++",
  "delete-replaced": "--",
  read: "> ",
  refresh: "~ ",
  discard: "< ",
};

/** As counted at the end; a replacement is counted as one. */
const counted: Partial<Record<StepOperation, [toBe: string, done: string]>> = {
  create: ["to create", "created"],
  update: ["to update", "updated"],
  replace: ["to replace", "replaced"],
  delete: ["to delete", "deleted"],
  discard: ["to discard", "discarded"],
  same: ["unchanged", "unchanged"],
};

export interface DisplayOptions {
  title: string;
  preview: boolean;
  /** `<project>-<stack>` */
  stackName: string;
  onOutput: (text: string) => void;
}

export class Display implements DeploymentListener {
  output = "";
  /** For `Outcome.steps`. */
  readonly steps: Step[] = [];
  readonly #said: { urn: string; text: string }[] = [];
  readonly #reports = new Map<DeploymentStep, Step>();
  #outputs = "";

  constructor(private readonly options: DisplayOptions) {}

  start(engineName: string): void {
    this.#print(`${engineName}: an engine for tests and the demo, not the Pulumi CLI.\n\n${this.options.title}\n`);
  }

  stepBegan(step: DeploymentStep): void {
    const type = typeOf(step.urn);
    if (isProviderType(type)) return;
    const report: Step = { op: step.op, urn: step.urn, type, name: nameOf(step.urn), diffs: [], outcome: "planned" };
    if (step.wave !== undefined) report.wave = step.wave;
    if (["update", "replace", "create-replacement"].includes(step.op)) {
      report.diffs = shownChanges(step.old?.inputs, step.next?.inputs);
    }
    this.#reports.set(step, report);
    if (type !== stackType) this.steps.push(report);
  }

  stepEnded(step: DeploymentStep, error: unknown): void {
    const report = this.#reports.get(step);
    if (report === undefined) return;
    report.outcome = error !== undefined ? "failed" : this.options.preview ? "planned" : "done";
    if (step.op === "refresh" && error === undefined) {
      report.found = step.found;
      report.diffs = step.next === undefined ? [] : shownChanges(step.old?.outputs, step.next.outputs);
    }
    if (step.op !== "same") {
      const name = report.type === stackType ? this.options.stackName : report.name;
      const diffs = report.diffs.length === 0 ? "" : ` [diff: ${report.diffs.join(", ")}]`;
      const gone = report.found === "delete" ? " [gone]" : "";
      this.#print(` ${signs[step.op]} ${report.type} ${name} ${step.op} ${report.outcome}${diffs}${gone}\n`);
    }
  }

  /** As the CLI prints it: `warning: ...`; a line that was merely printed by somebody comes without a prefix. */
  say(urn: string, severity: Severity, message: string): void {
    this.#said.push({ urn, text: severity === "info" ? message : `${severity}: ${message}` });
  }

  /** For `Outcome.diagnostics`. */
  get diagnostics(): string {
    return this.#said.map(({ text }) => text).join("\n");
  }

  stackOutputs(before: PropertyMap, after: PropertyMap): void {
    this.#outputs = outputsText(before, after, this.options.preview);
  }

  finish(): void {
    this.#print(this.#describeDiagnostics());
    if (this.#outputs !== "") this.#print(`\nOutputs:\n${this.#outputs}`);
    this.#print(this.#describeCounts());
  }

  #print(text: string): void {
    this.output += text;
    this.options.onOutput(text);
  }

  #describeDiagnostics(): string {
    const groups = new Map<string, string>();
    for (const { urn, text } of this.#said) {
      const isAboutStack = urn === "" || typeOf(urn) === stackType;
      const title = isAboutStack ? `${stackType} (${this.options.stackName})` : `${typeOf(urn)} (${nameOf(urn)})`;
      groups.set(title, `${groups.get(title) ?? ""}${text.trimEnd().replace(/^/gm, "    ")}\n`);
    }
    const sections = [...groups].map(([title, text]) => `  ${title}:\n${text}\n`);
    return sections.length === 0 ? "" : `\nDiagnostics:\n${sections.join("")}`;
  }

  #describeCounts(): string {
    const succeeded = [...this.#reports.values()].filter(({ outcome }) => outcome !== "failed");
    const lines = Object.entries(counted).map(([op, [toBe, done]]) => {
      const count = succeeded.filter((report) => report.op === op).length;
      const sign = signs[op as StepOperation].trim();
      return count === 0 ? "" : `    ${sign && `${sign} `}${count} ${this.options.preview ? toBe : done}\n`;
    });
    return lines.join("") === "" ? "" : `\nResources:\n${lines.join("")}\n`;
  }
}

/** Top-level keys that differ, Pulumi's own left out. */
function shownChanges(before: PropertyMap = {}, after: PropertyMap = {}): string[] {
  return changedKeys(before, after).filter((key) => !isInternalKey(key));
}
