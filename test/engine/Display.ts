/**
 * What one operation looks like on a terminal: a line per step, the properties that change, what was said (grouped by
 * resource), the stack's outputs, a count. It keeps to what people know from the Pulumi CLI, and says what it is first.
 */
import { DeploymentListener } from "./Deployment";
import { Diagnostic, formatDiagnostic } from "./Diagnostics";
import { Step, StepOperation } from "./Engine";
import {
  changedKeys,
  deepEquals,
  isInternalKey,
  isObject,
  PropertyMap,
  PropertyValue,
  ResourceReference,
  Secret,
  Unknown,
} from "./PropertyValue";
import { DeploymentStep, RefreshStep } from "./steps";
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
  "read-replacement": ">~",
  refresh: "~ ",
  import: "= ",
  discard: "< ",
  "discard-replaced": "<<",
  "remove-pending-replace": "~ ",
};

/** `creating`, `created` */
const verbs: Record<StepOperation, [doing: string, done: string]> = {
  same: ["", ""],
  create: ["creating", "created"],
  update: ["updating", "updated"],
  delete: ["deleting", "deleted"],
  replace: ["replacing", "replaced"],
  "create-replacement": ["creating replacement", "created replacement"],
  "delete-replaced": ["deleting original", "deleted original"],
  read: ["reading", "read"],
  "read-replacement": ["reading for replacement", "read for replacement"],
  refresh: ["refreshing", "refreshed"],
  import: ["importing", "imported"],
  discard: ["discarding", "discarded"],
  "discard-replaced": ["discarding original", "discarded original"],
  "remove-pending-replace": ["completing pending delete", "completed pending delete"],
};

/** As counted at the end; replacements are counted as one. */
const counted: Partial<Record<StepOperation, [toBe: string, done: string]>> = {
  create: ["to create", "created"],
  update: ["to update", "updated"],
  replace: ["to replace", "replaced"],
  delete: ["to delete", "deleted"],
  discard: ["to discard", "discarded"],
};

export interface DisplayOptions {
  title: string;
  preview: boolean;
  /** `<project>-<stack>` */
  stackName: string;
  /** The operation is a refresh, so what refreshes find is what is counted. */
  isRefresh: boolean;
  onOutput: (text: string) => void;
}

export class Display implements DeploymentListener {
  output = "";
  /** For `Outcome.steps`. */
  readonly steps: Step[] = [];
  private readonly reports = new Map<DeploymentStep, { step: Step; began: number }>();
  private readonly counts = new Map<StepOperation, number>();
  private readonly began = Date.now();
  private outputs: { before: PropertyMap; after: PropertyMap } | undefined;

  constructor(private readonly options: DisplayOptions) {}

  start(engineName: string): void {
    this.print(`${engineName}: an engine for tests and the demo, not the Pulumi CLI.\n\n${this.options.title}\n`);
  }

  stepBegan(step: DeploymentStep, wave: number | undefined): void {
    if (isProviderType(step.resource.type) || step.internal) {
      return;
    }
    const report: Step = {
      op: step.op,
      urn: step.urn,
      type: typeOf(step.urn),
      name: nameOf(step.urn),
      diffs: changesOf(step),
      outcome: "planned",
    };
    if (wave !== undefined) {
      report.wave = wave;
    }
    this.reports.set(step, { step: report, began: Date.now() });
    if (report.type !== stackType) {
      this.steps.push(report);
    }
    if (!this.options.preview && step.op !== "same" && step.op !== "replace") {
      this.print(`${this.line(step, `${verbs[step.op][0]} (0s)`)}\n`);
    }
  }

  stepEnded(step: DeploymentStep, error: unknown): void {
    const known = this.reports.get(step);
    if (known === undefined) {
      return;
    }
    const { step: report, began } = known;
    report.outcome = error !== undefined ? "failed" : this.options.preview ? "planned" : "done";
    if (step instanceof RefreshStep && error === undefined) {
      report.found = step.found;
      report.diffs = step.changes;
    }
    if (error === undefined) {
      this.count(step);
    }
    if (step.op === "same") {
      return;
    }
    if (step.op !== "replace" || this.options.preview) {
      const seconds = ((Date.now() - began) / 1000).toFixed(1);
      const how = this.options.preview
        ? step.op + (error === undefined ? "" : " failed")
        : `${error === undefined ? verbs[step.op][1] : `**${verbs[step.op][0]} failed**`} (${seconds}s)`;
      this.print(`${this.line(step, how + summaryOf(step))}\n`);
    }
    if (error === undefined && ["update", "replace", "refresh"].includes(step.op)) {
      this.print(describeChanges(step));
    }
  }

  stackOutputs(before: PropertyMap, after: PropertyMap): void {
    this.outputs = { before, after };
  }

  finish(diagnostics: readonly Diagnostic[]): void {
    this.print(this.describeDiagnostics(diagnostics));
    if (this.outputs !== undefined) {
      this.print(describeOutputs(this.outputs.before, this.outputs.after));
    }
    this.print(this.describeCounts());
    this.print(`Duration: ${Math.round((Date.now() - this.began) / 1000)}s\n`);
  }

  print(text: string): void {
    if (text !== "") {
      this.output += text;
      this.options.onOutput(text);
    }
  }

  private count(step: DeploymentStep): void {
    const op = step instanceof RefreshStep && this.options.isRefresh ? step.found : step.op;
    if (step.logical || op !== step.op) {
      this.counts.set(op, (this.counts.get(op) ?? 0) + 1);
    }
  }

  private line(step: DeploymentStep, what: string): string {
    const type = typeOf(step.urn);
    const name = type === stackType ? this.options.stackName : nameOf(step.urn);
    return ` ${signs[step.op]} ${type} ${name} ${what}`;
  }

  private describeDiagnostics(diagnostics: readonly Diagnostic[]): string {
    const groups = new Map<string, string[]>();
    for (const diagnostic of diagnostics) {
      const isAboutStack = diagnostic.urn === "" || typeOf(diagnostic.urn) === stackType;
      const title = isAboutStack
        ? `${stackType} (${this.options.stackName})`
        : `${typeOf(diagnostic.urn)} (${nameOf(diagnostic.urn)})`;
      const lines = formatDiagnostic(diagnostic)
        .trimEnd()
        .split("\n")
        .map((line) => `    ${line}\n`);
      groups.set(title, [...(groups.get(title) ?? []), ...lines]);
    }
    const sections = [...groups].map(([title, lines]) => `  ${title}:\n${lines.join("")}\n`);
    return sections.length === 0 ? "" : `\nDiagnostics:\n${sections.join("")}`;
  }

  private describeCounts(): string {
    const lines: string[] = [];
    let changes = 0;
    for (const [op, [toBe, done]] of Object.entries(counted) as [StepOperation, [string, string]][]) {
      const count = this.counts.get(op) ?? 0;
      if (count > 0) {
        changes += count;
        lines.push(`    ${signs[op].trim()} ${count} ${this.options.preview ? toBe : done}\n`);
      }
    }
    const unchanged = this.counts.get("same") ?? 0;
    if (unchanged > 0) {
      const kinds = lines.length;
      lines.push(`    ${kinds > 1 ? `${changes} changes. ` : ""}${unchanged} unchanged\n`);
    }
    return lines.length === 0 ? "\n" : `\nResources:\n${lines.join("")}\n`;
  }
}

/** Top-level input keys that differ, Pulumi's own left out; of a refresh it is known only afterwards. */
function changesOf(step: DeploymentStep): string[] {
  const { old, next } = step;
  return old !== undefined && next !== undefined && ["update", "replace", "create-replacement"].includes(step.op)
    ? changedKeys(old.inputs, next.inputs).filter((key) => !isInternalKey(key))
    : [];
}

/** ` [diff: ~name, +email]` */
function summaryOf(step: DeploymentStep): string {
  const [before, after] = sidesOf(step);
  const marks = shownChanges(before, after).map(
    (key) => `${before[key] === undefined ? "+" : after[key] === undefined ? "-" : "~"}${key}`,
  );
  const found = step instanceof RefreshStep && step.found === "delete" ? " [gone]" : "";
  return found + (marks.length === 0 ? "" : ` [diff: ${marks.join(", ")}]`);
}

function sidesOf(step: DeploymentStep): [before: PropertyMap, after: PropertyMap] {
  const { old, next } = step;
  if (
    old === undefined ||
    next === undefined ||
    !["update", "replace", "create-replacement", "refresh"].includes(step.op)
  ) {
    return [{}, {}];
  }
  return step.op === "refresh" ? [old.outputs, next.outputs] : [old.inputs, next.inputs];
}

function shownChanges(before: PropertyMap, after: PropertyMap): string[] {
  return changedKeys(before, after).filter((key) => !isInternalKey(key));
}

function describeChanges(step: DeploymentStep): string {
  const [before, after] = sidesOf(step);
  return shownChanges(before, after)
    .map((key) => describeChange(key, before[key], after[key], "        "))
    .join("");
}

function describeOutputs(before: PropertyMap, after: PropertyMap): string {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const lines = keys.map((key) =>
    deepEquals(before[key], after[key])
      ? `    ${key}: ${show(after[key])}\n`
      : describeChange(key, before[key], after[key], "  "),
  );
  return lines.length === 0 ? "" : `\nOutputs:\n${lines.join("")}`;
}

/** `~ name: "a" => "b"` */
function describeChange(
  key: string,
  before: PropertyValue | undefined,
  after: PropertyValue | undefined,
  indent: string,
): string {
  if (before === undefined) {
    return `${indent}+ ${key}: ${show(after)}\n`;
  }
  return after === undefined
    ? `${indent}- ${key}: ${show(before)}\n`
    : `${indent}~ ${key}: ${show(before)} => ${show(after)}\n`;
}

function show(value: PropertyValue | undefined): string {
  if (value instanceof Secret) {
    return "[secret]";
  }
  if (value instanceof Unknown) {
    return "[unknown]";
  }
  if (value instanceof ResourceReference) {
    return value.urn;
  }
  if (Array.isArray(value)) {
    return `[${value.map(show).join(", ")}]`;
  }
  if (isObject(value)) {
    const entries = Object.entries(value).filter(([key]) => !isInternalKey(key));
    return `{ ${entries.map(([key, element]) => `${key}: ${show(element)}`).join(", ")} }`;
  }
  return JSON.stringify(value ?? null);
}
