/**
 * One operation from its beginning to its end: the refresh in front of it, the program with its registrations, the
 * deletions after it. Source: pkg/resource/deploy/deployment_executor.go of pulumi/pulumi.
 */
import { availableParallelism } from "node:os";
import { requirementsOf } from "./dependencies";
import { type ConfigValue, type OperationOptions } from "./Engine";
import { Program } from "./Program";
import { type Project } from "./Project";
import { mapValues, type PropertyMap, secret } from "./properties";
import { PartialFailure, ProviderProcess } from "./ProviderProcess";
import { Providers } from "./Providers";
import { type ResourceHook, ResourceHooks } from "./ResourceHooks";
import { type MonitorEvents, ResourceMonitor } from "./ResourceMonitor";
import { dependencyUrns, type ResourceState } from "./ResourceState";
import { SnapshotRecorder } from "./SnapshotRecorder";
import { type Snapshot } from "./StateFile";
import { Cancellation, StepExecutor } from "./StepExecutor";
import { Bail, type Goal, StepGenerator } from "./StepGenerator";
import {
  type Answer,
  type DeploymentStep,
  refresh,
  type RegistrationResult,
  type Say,
  type StepContext,
} from "./steps";
import { dynamicPackage, isProviderType, providerType, qualifiedType, stackType } from "./Urn";

export interface DeploymentRequest {
  kind: "preview" | "up" | "refresh" | "destroy";
  project: Project;
  stack: string;
  options: OperationOptions;
  /** The whole configuration of the stack: the program and, as its provider's configuration, the dynamic provider get it. */
  config: Record<string, ConfigValue>;
  environment: NodeJS.ProcessEnv;
  base: Snapshot;
  /** Writes the state; absent in a preview. */
  save: ((snapshot: Snapshot) => void) | undefined;
  /** For stack references. */
  outputsOf: (stackName: string) => Promise<PropertyMap>;
}

/** Who shows what happens. */
export interface DeploymentListener {
  stepBegan(step: DeploymentStep): void;
  stepEnded(step: DeploymentStep, error: unknown): void;
  /** At the end of a program that has finished. */
  stackOutputs(before: PropertyMap, after: PropertyMap): void;
  say: Say;
}

/** How long a program that was told that its monitor is gone may take to end. */
const graceMilliseconds = 5000;

export class Deployment implements MonitorEvents {
  readonly #context: StepContext;
  readonly #generator: StepGenerator;
  readonly #recorder: SnapshotRecorder;
  readonly #executor: StepExecutor;
  readonly #cancellation = new Cancellation();
  readonly #defaultProviders = new Map<string, Promise<string>>();
  /** What the program asks for is dealt with one by one. */
  #requests = Promise.resolve();
  #sayProgramFinished = (): void => {};
  readonly #programFinished = new Promise<void>((resolve) => (this.#sayProgramFinished = resolve));
  #sayEverythingDone = (): void => {};
  readonly #everythingDone = new Promise<void>((resolve) => (this.#sayEverythingDone = resolve));
  /** Steps whose outputs may still be registered, by URN. */
  readonly #registered = new Map<string, DeploymentStep>();
  /** What the refreshes have found, by what was recorded. */
  readonly #refreshed = new Map<ResourceState, ResourceState | undefined>();
  /** URNs of what failed, and of what was left out because it depends on something that failed. */
  readonly #skipped = new Set<string>();
  #stackOutputs: { urn: string; outputs: PropertyMap } | undefined;
  #program: Program | undefined;
  #monitor: ResourceMonitor | undefined;
  readonly #targets: ReadonlySet<string>;
  #killed = false;
  #failed = false;

  constructor(
    private readonly request: DeploymentRequest,
    private readonly listener: DeploymentListener,
  ) {
    const { kind, project, stack, options, environment, base, save } = request;
    this.#targets = new Set(options.excludeProtected === true ? unprotectedUrns(base.resources) : options.target);
    const providers = new Providers(() => this.#startProvider());
    this.#context = {
      preview: save === undefined,
      providers,
      hooks: new ResourceHooks(save === undefined),
      say: (urn, severity, message) => listener.say(urn, severity, message),
      outputsOf: request.outputsOf,
    };
    this.#recorder = new SnapshotRecorder(
      base,
      save && ((snapshot) => this.#killed || save(snapshot)),
      environment["PULUMI_SKIP_CHECKPOINTS"] !== "true",
    );
    this.#executor = this.#newExecutor(options.continueOnError === true ? "continue" : "stop");
    const mode = kind === "refresh" || kind === "destroy" ? kind : "update";
    this.#generator = new StepGenerator(
      this.#context,
      { project: project.name, stack, mode, targets: this.#targets, replace: new Set(options.replace) },
      base.resources,
    );
  }

  /** @returns whether everything was done; why not is in the diagnostics */
  async run(): Promise<boolean> {
    try {
      await this.#runPhases();
    } catch (error) {
      this.#report("", error);
    } finally {
      await this.#end();
    }
    return !this.#failed && !this.#killed;
  }

  /** Ends everything as SIGKILL would: nothing more is said or written. */
  kill(): void {
    this.#killed = true;
    this.#program?.kill();
    this.#context.providers.kill();
    this.#cancellation.cancel();
  }

  async #runPhases(): Promise<void> {
    const { kind, base, options } = this.request;
    const { refresh: refreshFirst = false, runProgram = false, replace = [] } = options;
    const targets = this.#targets;
    if (refreshFirst && runProgram) {
      throw new Error("--refresh with --run-program is not known to the in-process engine: use the Pulumi CLI");
    }
    if ((refreshFirst || kind === "refresh") && !runProgram) {
      this.#checkTargets(targets);
      await this.#refreshAll(base.resources.filter(({ urn }) => targets.size === 0 || targets.has(urn)));
      if (kind === "refresh" || this.#failed) return;
    } else if (base.pendingOperations.length > 0 && !this.#context.preview) {
      this.#warnOfPendingOperations();
    }
    this.#checkTargets(new Set(replace));
    if (kind !== "destroy" || runProgram) {
      await this.#runProgram();
    } else {
      this.#refuseDeleteHooks(base.resources);
    }
    await this.#inTurn("", () => this.#finishResources());
    await this.#executor.idle();
    if (this.#executor.sawError || this.#generator.sawError) this.#reportFailure();
    this.#finishStackOutputs();
  }

  /** Until the program has nothing more to say, or the operation ends before its time. */
  async #runProgram(): Promise<void> {
    const { project, stack, config, environment } = this.request;
    this.#context.providers.prepare();
    this.#monitor = new ResourceMonitor(this, this.#context.say);
    this.#program = new Program({
      project,
      stack,
      parallel: this.#parallel,
      preview: this.#context.preview,
      address: await this.#monitor.listen(),
      config: mapValues(config, (value) => (typeof value === "string" ? value : value.secret)),
      secretKeys: Object.keys(config).filter((key) => typeof config[key] !== "string"),
      environment,
      onLine: (line) => this.#say(line),
    });
    if (this.#killed) this.#program.kill();
    const failed = this.#program.ended.then(({ ok, error }) => {
      if (!ok) {
        this.#report("", error === undefined ? new Bail() : new Error(error));
        this.#cancellation.cancel();
      }
    });
    await Promise.race([this.#programFinished, failed, this.#cancellation.cancelled]);
    await this.#requests;
    await this.#executor.idle();
  }

  // What the program asks for.

  register(goal: Goal): Promise<RegistrationResult> {
    return this.#generate(goal, (answer) => this.#generator.register(goal, answer));
  }

  read(goal: Goal): Promise<RegistrationResult> {
    return this.#generate(goal, (answer) => this.#generator.read(goal, answer));
  }

  registerOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    return this.#inTurn(urn, () => {
      if (qualifiedType(urn) === stackType) {
        this.#stackOutputs = { urn, outputs };
        return;
      }
      const step = this.#registered.get(urn);
      if (step?.next === undefined) {
        throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
      }
      step.next.outputs = outputs;
      this.#recorder.outputsRegistered(step);
    });
  }

  registerHook(hook: ResourceHook): void {
    this.#context.hooks.register(hook);
  }

  finished(): Promise<void> {
    this.#sayProgramFinished();
    return this.#everythingDone;
  }

  /** The reference of the default provider of a package, which is registered if it is not yet there. */
  defaultProvider(packageName: string): Promise<string> {
    const config = mapValues(this.request.config, (value) =>
      typeof value === "string" ? value : secret(value.secret),
    );
    const inputs = packageName === dynamicPackage ? config : {};
    const reference =
      this.#defaultProviders.get(packageName) ??
      this.register({ type: providerType(packageName), name: "default", custom: true, inputs }).then(
        ({ state }) => `${state.urn}::${state.id}`,
      );
    this.#defaultProviders.set(packageName, reference);
    return reference;
  }

  #generate(
    goal: Goal,
    work: (answer: Answer) => DeploymentStep[] | Promise<DeploymentStep[]>,
  ): Promise<RegistrationResult> {
    return new Promise((answer) => {
      void this.#inTurn(this.#generator.urnOf(goal), async () => {
        if (!this.#cancellation.isCancelled) await this.#submit(await work(answer));
      });
    });
  }

  /** What cannot even be planned ends the operation, with `--continue-on-error`, too. */
  #inTurn(urn: string, work: () => Promise<void> | void): Promise<void> {
    this.#requests = this.#requests.then(async () => {
      try {
        if (!this.#cancellation.isCancelled) await work();
      } catch (error) {
        this.#report(urn, error);
        this.#cancellation.cancel();
      }
    });
    return this.#requests;
  }

  async #submit(steps: DeploymentStep[]): Promise<void> {
    this.#executor.errored.forEach(({ urn }) => this.#skipped.add(urn));
    const possible = steps.filter(({ resource }) => {
      const needs = dependencyUrns(resource).add(resource.parent);
      return ![...needs].some((urn) => this.#skipped.has(urn));
    });
    for (const step of steps.filter((candidate) => !possible.includes(candidate))) {
      this.#skipped.add(step.urn);
      step.answer("skipped");
    }
    await this.#executor.submit(possible);
  }

  // What comes after it.

  async #finishResources(): Promise<void> {
    if (this.request.kind === "refresh") {
      await this.#executor.runAll(await this.#generator.refreshes());
      this.#recorder.rewriteBase(this.#refreshed);
      return;
    }
    this.#checkTargets(this.#targets);
    const { kept, waves } = await this.#generator.deletions();
    await this.#executor.submit(kept);
    await this.#executor.idle();
    for (const wave of waves) {
      // What could not be deleted still needs what it depends on.
      const needed = new Set(
        this.#executor.errored.flatMap(({ resource, old }) =>
          [resource, old ?? resource].flatMap((state) => [
            ...requirementsOf(state, this.request.base.resources),
            ...requirementsOf(state, this.#generator.toDelete),
          ]),
        ),
      );
      await this.#executor.runAll(wave.filter(({ resource }) => !needed.has(resource)));
    }
  }

  /** At the very end, because after a failure a missing output does not mean that there is none any more. */
  #finishStackOutputs(): void {
    const step = this.#stackOutputs && this.#registered.get(this.#stackOutputs.urn);
    if (step?.next === undefined || this.#stackOutputs === undefined) return;
    step.next.outputs = { ...(this.#failed && step.old?.outputs), ...this.#stackOutputs.outputs };
    this.#recorder.outputsRegistered(step);
    this.listener.stackOutputs(step.old?.outputs ?? {}, step.next.outputs);
  }

  /** In front of everything else; all are tried, even if one fails. */
  async #refreshAll(states: ResourceState[]): Promise<void> {
    for (const { provider } of states) await this.#context.providers.ensure(provider, this.request.base.resources);
    const executor = this.#newExecutor("ignore");
    await executor.runAll(states.map((state) => refresh(this.#context, state, { isUnrecorded: true })));
    this.#recorder.rewriteBase(this.#refreshed);
    if (executor.sawError) this.#reportFailure();
  }

  get #parallel(): number {
    return this.request.options.parallel ?? availableParallelism() * 4;
  }

  #newExecutor(onError: "stop" | "continue" | "ignore"): StepExecutor {
    const observer = {
      before: (step: DeploymentStep): void => {
        this.listener.stepBegan(step);
        this.#recorder.begin(step);
      },
      after: (step: DeploymentStep, error: unknown): void => {
        if (!this.#killed) this.#stepEnded(step, error);
      },
    };
    return new StepExecutor(this.#parallel, onError, observer, this.#cancellation);
  }

  #stepEnded(step: DeploymentStep, error: unknown): void {
    if (error !== undefined) {
      const message = messageOf(error);
      const urn = isProviderType(step.resource.type) ? "" : step.urn;
      this.#context.say(urn, "error", this.#context.preview ? `Preview failed: ${message}` : message);
    } else if (step.op === "refresh") {
      this.#refreshed.set(step.old ?? step.resource, step.next);
    } else if (step.next !== undefined && step.op !== "replace") {
      this.#registered.set(step.urn, step);
    }
    this.#recorder.end(step, error === undefined || error instanceof PartialFailure);
    this.listener.stepEnded(step, error);
  }

  /** A line that somebody printed; it belongs to nobody in particular, so it is shown with the stack. */
  #say(line: string): void {
    if (!this.#killed) this.#context.say(this.#monitor?.root ?? "", "info", line);
  }

  #report(urn: string, error: unknown): void {
    this.#failed = true;
    if (!(error instanceof Bail) && !this.#killed) this.#context.say(urn, "error", messageOf(error));
  }

  #reportFailure(): void {
    this.#report("", new Error(`${this.#context.preview ? "preview" : "update"} failed`));
  }

  #checkTargets(targets: ReadonlySet<string>): void {
    const unknown = [...targets].filter(
      (urn) => !this.#generator.hasSeen(urn) && !this.request.base.resources.some((state) => state.urn === urn),
    );
    for (const urn of unknown) {
      const hint = urn.includes("$") ? "" : " Did you forget to escape $ in your shell?";
      this.#context.say("", "error", `Target '${urn}' could not be found in the stack.${hint}`);
    }
    if (unknown.length > 0) throw new Bail("one or more targets could not be found in the stack");
  }

  /** Source: `newDestroySource`, pkg/engine/destroy.go. */
  #refuseDeleteHooks(resources: ResourceState[]): void {
    const hooked = resources.filter(({ resourceHooks }) => resourceHooks.BeforeDelete !== undefined);
    for (const { urn, resourceHooks } of hooked) {
      const names = resourceHooks.BeforeDelete?.join(", ") ?? "";
      const what = `Resource has delete hooks registered, but the program is not running. Hooks: ${names}`;
      this.#context.say(urn, "error", what);
    }
    if (hooked.length > 0) {
      throw new Error("You must run with the `--run-program` flag to use delete hooks during destroy.");
    }
  }

  #warnOfPendingOperations(): void {
    const { pendingOperations } = this.request.base;
    const list = pendingOperations.map(({ resource, type }) => `  * ${resource.urn}, interrupted while ${type}\n`);
    this.#context.say(
      "",
      "warning",
      `Attempting to deploy or update resources with ${pendingOperations.length} pending operations from previous ` +
        `deployment.\n${list.join("")}These resources are in an unknown state because the Pulumi CLI was interrupted ` +
        "while waiting for changes to these resources to complete. You should confirm whether or not the operations " +
        "listed completed successfully by checking the state of the appropriate provider.",
    );
  }

  #startProvider(): ProviderProcess {
    const { project, environment } = this.request;
    return new ProviderProcess({
      directory: project.programDirectory,
      project: project.name,
      environment,
      onLine: (line) => this.#say(line),
    });
  }

  /** Nothing stays behind: no process, no port, no unwritten state. */
  async #end(): Promise<void> {
    await this.#executor.idle();
    this.#sayEverythingDone();
    if (this.#failed || this.#killed) this.#monitor?.closeToProgram();
    await this.#program?.endedOrKilled(graceMilliseconds);
    this.#monitor?.close();
    await this.#context.providers.close();
    this.#recorder.finish();
  }
}

/** What is protected stays, and so does what it needs. Source: `getProtectedExcludes`, pkg/cmd/pulumi/operations. */
function unprotectedUrns(resources: ResourceState[]): string[] {
  const kept = resources.filter(({ protect }) => protect);
  const needed = new Set(kept.flatMap((state) => [state, ...requirementsOf(state, resources)]));
  return resources.filter((state) => !needed.has(state)).map(({ urn }) => urn);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
