/**
 * A LifecycleStack behind an engine's interface: what a scenario promises of the life cycles alone is told without starting
 * a program and a provider process for every operation. What it promises of an engine with them is told on the engines.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type {
  ConfigValue,
  ExportedState,
  OperationOptions,
  Outcome,
  Stack,
  StackOptions,
  Step,
} from "../engine/Engine";
import { countByOperation } from "../engine/outcome";
import type { Declaration } from "../scenarios/program";
import { LifecycleStack, type Run } from "./LifecycleStack";
import { InProcessProvider } from "./Provider";

const TYPE = "pulumi-nodejs:dynamic/aegir:";

type Options = Pick<OperationOptions, "refresh" | "continueOnError">;

export class LifecycleEngine {
  readonly name = "the life cycles";

  /** @param provider another copy of it, if two stacks are at work at the same time */
  constructor(private readonly provider = InProcessProvider) {}

  open({ config, env }: StackOptions): Promise<Stack> {
    const stack = new DeclaredStack(config, env!["SCENARIO_DECLARATION"]!, this.provider);
    // Nothing is locked or protected here.
    return Promise.resolve(stack as Partial<Stack> as Stack);
  }
}

class DeclaredStack implements Omit<Stack, "cancel" | "previewDestroy" | "unprotectAll"> {
  readonly #stack = new LifecycleStack(() => {
    const { secret } = this.config["aegir:servers"] as { secret: string };
    return this.provider.start(JSON.parse(secret) as object);
  });

  constructor(
    private config: Record<string, ConfigValue>,
    private readonly file: string,
    private readonly provider: typeof InProcessProvider,
  ) {}

  preview = (options?: Options) => this.#operate(() => this.#stack.preview(options));
  up = (options?: Options) => this.#operate(() => this.#stack.up(options));
  refresh = () => this.#operate(() => this.#stack.refresh());
  destroy = (options?: Options) => this.#operate(() => this.#stack.destroy(options));

  setConfig(config: Record<string, ConfigValue>): Promise<void> {
    this.config = config;
    return Promise.resolve();
  }

  exportState(): Promise<ExportedState> {
    const resources = [...this.#stack.state].map(([name, recorded]) => {
      return { ...recorded, name, type: `${TYPE}${recorded.type}` };
    });
    return Promise.resolve({ version: 3, deployment: { resources } });
  }

  importState({ deployment: { resources = [] } }: ExportedState): Promise<void> {
    assert.deepEqual(resources, [], "a state is lost here, and not put back");
    this.#stack.state.clear();
    return Promise.resolve();
  }

  async #operate(operation: () => Promise<Run>): Promise<Outcome> {
    this.#stack.declared = JSON.parse(readFileSync(this.file, "utf8"), secretInClear) as Declaration[];
    const { ok, done, same, failures, printed } = await operation();
    const diagnostics = failures.map(({ name, message }) => `${name}: ${message}`).join("\n");
    const steps = [
      ...done.map((step) => stepOf(step, "done")),
      ...same.map((name) => stepOf(`same ${name}`, "done")),
      ...failures.map(({ name, operation }) => stepOf(`${operation} ${name}`, "failed")),
    ];
    const output = [...printed, diagnostics].join("\n");
    return { ok, steps, changes: countByOperation(steps), diagnostics, output, outputs: {} };
  }
}

function stepOf(done: string, outcome: Step["outcome"]): Step {
  const [op, name] = done.split(" ") as [Step["op"], string];
  return { op, name, urn: name, type: "", diffs: [], outcome };
}

/** As the scenarios' program writes a secret. */
function secretInClear(_key: string, value: unknown): unknown {
  return typeof value === "object" && value !== null && "secret" in value ? value.secret : value;
}
