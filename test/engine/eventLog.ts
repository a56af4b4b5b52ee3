/**
 * The event log of the CLI: one JSON object per line, of which these kinds matter (sdk/go/common/apitype/events.go):
 * `resourcePreEvent` (a step begins), `resOutputsEvent` (it is done), `resOpFailedEvent` (it failed), `diagnosticEvent`.
 */
import { deletionWaves } from "./dependencies";
import { type ExportedState, type Step, type StepOperation } from "./Engine";
import { newResourceState, type ResourceState, type SerializedResource } from "./ResourceState";
import { isProviderType, nameOf, stackType, typeOf } from "./Urn";

interface StateMetadata {
  custom?: boolean;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

interface StepMetadata {
  op: StepOperation;
  urn: string;
  old: StateMetadata | null;
  new: StateMetadata | null;
}

export interface EngineEvent {
  resourcePreEvent?: { metadata: StepMetadata };
  resOutputsEvent?: { metadata: StepMetadata };
  resOpFailedEvent?: { metadata: StepMetadata };
  diagnosticEvent?: { prefix?: string; message: string; severity: string; ephemeral?: boolean };
}

/** The last line of a killed operation may be cut off. */
export function parseEventLog(text: string): EngineEvent[] {
  return text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as EngineEvent];
    } catch {
      return [];
    }
  });
}

/** `warning: ...`, as printed; what is meant for a debugger or for the progress display only is left out. */
export function diagnosticsOf(events: EngineEvent[]): string[] {
  return events.flatMap(({ diagnosticEvent: diagnostic }) =>
    diagnostic === undefined || diagnostic.severity === "debug" || diagnostic.ephemeral === true
      ? []
      : [`${diagnostic.prefix ?? ""}${diagnostic.message.trimEnd()}`],
  );
}

interface OpenStep {
  step: Step;
  metadata: StepMetadata;
}

/** @param before the state before the operation: what depends on what decides the waves of the deletions */
export function eventsToSteps(
  events: EngineEvent[],
  { ok, preview, before }: { ok: boolean; preview: boolean; before: ExportedState },
): Step[] {
  const all: OpenStep[] = [];
  const open: OpenStep[] = [];
  const close = (metadata: StepMetadata): OpenStep | undefined => {
    const index = open.findIndex(
      ({ step }) => step.urn === metadata.urn && (step.op === metadata.op || step.op === "refresh"),
    );
    return index < 0 ? undefined : open.splice(index, 1)[0];
  };
  for (const { resourcePreEvent, resOutputsEvent, resOpFailedEvent } of events) {
    if (resourcePreEvent !== undefined) {
      const began = { step: stepOf(resourcePreEvent.metadata), metadata: resourcePreEvent.metadata };
      all.push(began);
      open.push(began);
    } else if (resOutputsEvent !== undefined) {
      const ended = close(resOutputsEvent.metadata);
      if (ended !== undefined) {
        ended.step.outcome = preview ? "planned" : "done";
        noteRefresh(ended.step, resOutputsEvent.metadata);
      }
    } else if (resOpFailedEvent !== undefined) {
      const ended = close(resOpFailedEvent.metadata);
      if (ended !== undefined) ended.step.outcome = "failed";
    }
  }
  for (const { step, metadata } of open) {
    // Components say nothing when they are done, so only of the others silence means failure.
    const isComponent = (metadata.new ?? metadata.old)?.custom !== true;
    step.outcome = ok || isComponent || step.op === "same" ? (preview ? "planned" : "done") : "failed";
    noteRefresh(step, metadata);
  }
  addWaves(
    all.map(({ step }) => step),
    before,
  );
  return all.map(({ step }) => step).filter(({ type }) => !isProviderType(type) && type !== stackType);
}

function stepOf(metadata: StepMetadata): Step {
  const { op, urn, old, new: next } = metadata;
  const changes = ["update", "replace", "create-replacement"].includes(op);
  return {
    op,
    urn,
    type: typeOf(urn),
    name: nameOf(urn),
    diffs: changes ? changedJsonKeys(old?.inputs, next?.inputs) : [],
    outcome: "failed",
  };
}

/** `refresh` says what it found; a refresh in front of something else leaves it to be seen. */
function noteRefresh(step: Step, { op, old, new: next }: StepMetadata): void {
  if (step.op !== "refresh" || step.outcome === "failed") return;
  step.diffs = next === null ? [] : changedJsonKeys(old?.outputs, next.outputs);
  if (op === "same" || op === "update" || op === "delete") {
    step.found = op;
  } else {
    step.found = next === null ? "delete" : step.diffs.length > 0 ? "update" : "same";
  }
}

/** Secrets are masked in the log, so a difference in one is not seen. */
function changedJsonKeys(
  before: Record<string, unknown> | undefined,
  after: Record<string, unknown> | undefined,
): string[] {
  return [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
    .filter((key) => !key.startsWith("__") && JSON.stringify(before?.[key]) !== JSON.stringify(after?.[key]))
    .sort();
}

function addWaves(steps: Step[], before: ExportedState): void {
  const deletions = steps.filter(({ op }) => ["delete", "delete-replaced", "discard"].includes(op));
  const entries = ((before.deployment.resources ?? []) as unknown as SerializedResource[]).map(newResourceState);
  const condemned = new Map<ResourceState, Step>();
  for (const step of deletions) {
    const candidates = entries.filter((entry) => entry.urn === step.urn && !condemned.has(entry));
    const entry = candidates.find((candidate) => candidate.delete) ?? candidates[0];
    if (entry !== undefined) condemned.set(entry, step);
  }
  for (const [index, wave] of deletionWaves(condemned.keys(), entries).entries()) {
    for (const entry of wave) {
      const step = condemned.get(entry);
      if (step !== undefined) step.wave = index;
    }
  }
}
