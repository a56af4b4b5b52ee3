/**
 * One operation from its beginning to its end: the refresh in front of it, the program with its registrations, the
 * deletions after it. Source: pkg/resource/deploy/deployment_executor.go of pulumi/pulumi.
 */
import { AsyncQueue } from "./AsyncQueue";
import { Deferred } from "./Deferred";
import { DependencyGraph } from "./DependencyGraph";
import { Diagnostics } from "./Diagnostics";
import { Program } from "./Program";
import { Project } from "./Project";
import { PropertyMap } from "./PropertyValue";
import { ConfigurableProvider, ProviderRegistry } from "./ProviderRegistry";
import { refreshedBase } from "./refreshedBase";
import { OutputsRegistration, ReadRegistration, Registration, RegistrationResult } from "./registration";
import { dynamicPackage, emptyGoal, MonitorEvents, ResourceMonitor } from "./ResourceMonitor";
import { PartialFailure } from "./ResourceProvider";
import { dependencyUrns, ResourceState } from "./ResourceState";
import { SnapshotRecorder } from "./SnapshotRecorder";
import { Snapshot } from "./StateFile";
import { Cancellation, StepExecutor } from "./StepExecutor";
import { Bail, StepGenerator } from "./StepGenerator";
import { DeploymentStep, RefreshStep, StepContext } from "./steps";
import { createUrn, providerType, qualifiedType, stackType } from "./Urn";

export interface DeploymentRequest {
  kind: "preview" | "up" | "refresh" | "destroy";
  project: Project;
  stack: string;
  parallel: number;
  continueOnError: boolean;
  refresh: boolean;
  runProgram: boolean;
  targets: ReadonlySet<string>;
  replace: ReadonlySet<string>;
  /** The whole configuration of the stack: the program and, as its provider's configuration, the dynamic provider get it. */
  config: PropertyMap;
  /** The same in the form that programs know. */
  programConfig: { values: Record<string, string>; secretKeys: string[] };
  environment: NodeJS.ProcessEnv;
  base: Snapshot;
  /** Writes the state; absent in a preview. */
  save: ((snapshot: Snapshot) => void) | undefined;
  /** Whether every step is written, or only the end. */
  checkpoints: boolean;
  startProvider: (packageName: string) => Promise<ConfigurableProvider>;
}

/** Who shows what happens. */
export interface DeploymentListener {
  /** @param wave of a deletion */
  stepBegan(step: DeploymentStep, wave: number | undefined): void;
  stepEnded(step: DeploymentStep, error: unknown): void;
  stackOutputs(before: PropertyMap, after: PropertyMap): void;
}

type Event =
  | { kind: "register"; registration: Registration }
  | { kind: "read"; registration: ReadRegistration }
  | { kind: "outputs"; registration: OutputsRegistration }
  | { kind: "continue"; urn: string; generate: () => Promise<DeploymentStep[]> }
  | { kind: "failed"; urn: string; error: unknown }
  | { kind: "finished" };

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How long a program that was told that its monitor is gone may take to end. */
const graceMilliseconds = 5000;

export class Deployment implements MonitorEvents {
  private readonly context: StepContext;
  private readonly generator: StepGenerator;
  private readonly recorder: SnapshotRecorder;
  private readonly executor: StepExecutor;
  private readonly cancellation = new Cancellation();
  private readonly queue = new AsyncQueue<Event>();
  private readonly defaultProviders = new Map<string, Promise<string>>();
  private readonly everythingDone = new Deferred<void>();
  /** Continuations of refreshes that have not come back yet. */
  private continuations = 0;
  private programFinished = false;
  /** URNs of what failed, and of what was left out because it depends on something that failed. */
  private readonly skipped = new Set<string>();
  private readonly waves = new Map<DeploymentStep, number>();
  private stackOutputs: OutputsRegistration | undefined;
  private program: Program | undefined;
  private monitor: ResourceMonitor | undefined;
  private killed = false;
  private failed = false;

  constructor(
    private readonly request: DeploymentRequest,
    private readonly diagnostics: Diagnostics,
    private readonly listener: DeploymentListener,
  ) {
    const preview = request.save === undefined;
    this.context = { preview, providers: new ProviderRegistry(preview, request.startProvider), diagnostics };
    this.recorder = new SnapshotRecorder(
      request.base,
      (snapshot) => this.killed || request.save?.(snapshot),
      request.checkpoints,
    );
    this.executor = this.newExecutor(request.continueOnError ? "continue" : "stop");
    const refreshes = request.kind === "refresh" || request.refresh;
    this.generator = new StepGenerator(
      this.context,
      {
        project: request.project.name,
        stack: request.stack,
        mode: request.kind === "refresh" || request.kind === "destroy" ? request.kind : "update",
        refreshRegistered: refreshes && request.runProgram,
        targets: request.targets,
        replace: request.replace,
      },
      request.base.resources,
    );
  }

  /** @returns whether everything was done; why not is in the diagnostics */
  async run(): Promise<boolean> {
    try {
      await this.runPhases();
      this.failed ||= this.executor.sawError || this.generator.sawError;
    } catch (error) {
      this.report("", error);
    } finally {
      await this.end();
    }
    return !this.failed && !this.killed;
  }

  /** Ends everything as SIGKILL would: nothing more is said or written. */
  kill(): void {
    this.killed = true;
    this.program?.kill();
    this.context.providers.kill();
    this.cancellation.cancel();
  }

  private async runPhases(): Promise<void> {
    const { kind, refresh, runProgram, base, targets, replace } = this.request;
    if ((kind === "refresh" || refresh) && !runProgram) {
      this.checkTargets(targets);
      await this.refreshBase(base.resources.filter(({ urn }) => targets.size === 0 || targets.has(urn)));
      if (kind === "refresh" || this.failed) {
        return;
      }
    } else if (base.pendingOperations.length > 0 && !this.context.preview) {
      this.warnOfPendingOperations();
    }
    this.checkTargets(replace);
    if (kind === "destroy" && !runProgram) {
      this.programFinished = true;
    } else {
      await this.startProgram();
    }
    await this.processEvents();
    await this.executor.idle();
    if (this.executor.sawError || this.generator.sawError) {
      this.reportFailure();
    }
    this.finalizeStackOutputs();
  }

  // What the program asks for arrives here, and is dealt with one by one.

  register(registration: Registration): void {
    this.queue.push({ kind: "register", registration });
  }

  read(registration: ReadRegistration): void {
    this.queue.push({ kind: "read", registration });
  }

  registerOutputs(registration: OutputsRegistration): void {
    this.queue.push({ kind: "outputs", registration });
  }

  finished(): Promise<void> {
    this.queue.push({ kind: "finished" });
    return this.everythingDone.promise;
  }

  defaultProvider(packageName: string): Promise<string> {
    let reference = this.defaultProviders.get(packageName);
    if (reference === undefined) {
      reference = new Promise<RegistrationResult>((settle) =>
        this.register({
          goal: {
            ...emptyGoal,
            type: providerType(packageName),
            name: "default",
            custom: true,
            properties: packageName === dynamicPackage ? this.request.config : {},
          },
          settle,
        }),
      ).then(({ state }) => `${state.urn}::${state.id}`);
      this.defaultProviders.set(packageName, reference);
    }
    return reference;
  }

  private async startProgram(): Promise<void> {
    const { project, stack, parallel, programConfig, environment } = this.request;
    this.context.providers.prepare(dynamicPackage);
    this.monitor = new ResourceMonitor(project.directory, this, this.diagnostics);
    const program = new Program({
      project,
      stack,
      parallel,
      preview: this.context.preview,
      address: await this.monitor.listen(),
      config: programConfig.values,
      secretKeys: programConfig.secretKeys,
      environment,
      onLine: (line) => this.say(line),
    });
    this.program = program;
    if (this.killed) {
      program.kill();
    }
    void program.ended.then(({ ok, error }) => {
      if (ok) {
        this.queue.push({ kind: "finished" });
      } else {
        this.queue.push({ kind: "failed", urn: "", error: error === undefined ? new Bail() : new Error(error) });
      }
    });
  }

  /** A line that somebody printed; it belongs to nobody in particular, so it is shown with the stack. */
  say(line: string): void {
    if (!this.killed) {
      this.diagnostics.info(this.monitor?.root ?? "", line);
    }
  }

  private async processEvents(): Promise<void> {
    while (!this.cancellation.isCancelled) {
      if (this.programFinished && this.continuations === 0) {
        await this.executor.idle();
        if (!this.cancellation.isCancelled) {
          await this.process("", () => this.runPostSteps());
        }
        return;
      }
      const event = await Promise.race([this.queue.take(), this.cancellation.cancelled]);
      if (event !== undefined) {
        await this.handle(event);
      }
    }
  }

  private async handle(event: Event): Promise<void> {
    switch (event.kind) {
      case "register":
        return this.process(this.urnOf(event.registration), async () => {
          const urn = this.urnOf(event.registration);
          const { steps, next } = await this.generator.register(event.registration);
          if (next !== undefined) {
            this.continuations++;
            next.then(
              (generate) => this.queue.push({ kind: "continue", urn, generate }),
              (error: unknown) => this.queue.push({ kind: "failed", urn, error }),
            );
          }
          await this.submit(steps);
        });
      case "read":
        return this.process(this.urnOf(event.registration), () => this.submit(this.generator.read(event.registration)));
      case "continue":
        this.continuations--;
        return this.process(event.urn, async () => this.submit(await event.generate()));
      case "outputs":
        return this.process(event.registration.urn, () => this.registerResourceOutputs(event.registration));
      case "failed":
        return this.process(event.urn, () => {
          throw event.error;
        });
      case "finished":
        this.programFinished = true;
    }
  }

  /** What cannot even be planned ends the operation, with `--continue-on-error`, too. */
  private async process(urn: string, work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.report(urn, error);
      this.cancellation.cancel();
    }
  }

  private report(urn: string, error: unknown): void {
    this.failed = true;
    if (!(error instanceof Bail) && !this.killed) {
      this.diagnostics.error(urn, messageOf(error));
    }
  }

  private reportFailure(): void {
    this.failed = true;
    if (!this.killed) {
      this.diagnostics.error("", `${this.context.preview ? "preview" : "update"} failed`);
    }
  }

  private urnOf({ goal }: { goal: { parent: string; type: string; name: string } }): string {
    return createUrn(this.request.stack, this.request.project.name, goal.parent, goal.type, goal.name);
  }

  private async submit(steps: DeploymentStep[]): Promise<void> {
    this.executor.errored.forEach(({ urn }) => this.skipped.add(urn));
    const possible: DeploymentStep[] = [];
    for (const step of steps) {
      const needs = dependencyUrns(step.resource).add(step.resource.parent);
      if ([...needs].some((urn) => this.skipped.has(urn))) {
        step.skip();
        this.skipped.add(step.urn);
      } else {
        possible.push(step);
      }
    }
    if (possible.length > 0) {
      await this.executor.submit(possible);
    }
  }

  private registerResourceOutputs(registration: OutputsRegistration): void {
    const { urn, outputs, settle } = registration;
    if (qualifiedType(urn) === stackType) {
      this.stackOutputs = registration;
    } else {
      const step = this.executor.registered.get(urn);
      if (step?.next === undefined) {
        throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
      }
      step.next.outputs = outputs;
      this.recorder.outputsRegistered(step);
    }
    settle();
  }

  /** At the very end, because after a failure a missing output does not mean that there is none any more. */
  private finalizeStackOutputs(): void {
    const step = this.stackOutputs && this.executor.registered.get(this.stackOutputs.urn);
    if (step?.next === undefined || this.stackOutputs === undefined) {
      return;
    }
    const before = step.old?.outputs ?? {};
    const after = this.failed ? { ...before, ...this.stackOutputs.outputs } : this.stackOutputs.outputs;
    step.next.outputs = after;
    this.recorder.outputsRegistered(step);
    this.listener.stackOutputs(before, after);
  }

  private async runPostSteps(): Promise<void> {
    if (this.request.kind === "refresh") {
      await this.refreshRest();
      return;
    }
    this.checkTargets(this.request.targets);
    const { untouched, waves } = await this.generator.deletions();
    if (untouched.length > 0) {
      await (
        await this.executor.submit(untouched)
      ).done;
    }
    const graph = new DependencyGraph(this.request.base.resources);
    for (const [index, wave] of waves.entries()) {
      // What could not be deleted still needs what it depends on.
      const needed = new Set(
        this.executor.errored
          .flatMap((step) => [step.resource, step.old])
          .flatMap((state) =>
            state !== undefined && graph.contains(state) ? [...graph.transitiveDependenciesOf(state)] : [],
          ),
      );
      const possible = wave.filter((step) => !needed.has(step.resource));
      possible.forEach((step) => this.waves.set(step, index));
      await this.executor.runAll(possible.map((step) => [step]));
    }
  }

  // Refreshes.

  /** In front of everything else; all are tried, even if one fails. */
  private async refreshBase(states: ResourceState[]): Promise<void> {
    const executor = this.newExecutor("ignore");
    await this.rewriteBase(states, executor);
    if (executor.sawError) {
      this.reportFailure();
    }
  }

  /** At the end of `refresh --run-program`. */
  private async refreshRest(): Promise<void> {
    const steps = await this.generator.refreshes();
    await this.executor.runAll(steps.map((step) => [step]));
    this.replaceBase(steps);
  }

  private async rewriteBase(states: ResourceState[], executor: StepExecutor): Promise<void> {
    const { base } = this.request;
    for (const state of states) {
      await this.context.providers.ensure(state.provider, base.resources);
    }
    const steps = states.map((state) => new RefreshStep(this.context, state));
    await executor.runAll(steps.map((step) => [step]));
    this.replaceBase(steps);
  }

  /** In place, because generator and recorder share the list. */
  private replaceBase(steps: RefreshStep[]): void {
    const { resources } = this.request.base;
    const refreshed = new Map(steps.map((step) => [step.resource, step.next]));
    resources.splice(0, resources.length, ...refreshedBase(resources, refreshed));
    this.generator.baseChanged();
  }

  private newExecutor(onError: "stop" | "continue" | "ignore"): StepExecutor {
    const observer = {
      before: (step: DeploymentStep): void => {
        this.listener.stepBegan(step, this.waves.get(step));
        this.recorder.begin(step);
      },
      after: (step: DeploymentStep, error: unknown): void => {
        if (this.killed) {
          return;
        }
        if (error !== undefined) {
          const message = messageOf(error);
          this.diagnostics.error(
            step.internal ? "" : step.urn,
            this.context.preview ? `Preview failed: ${message}` : message,
          );
        }
        this.recorder.end(step, error === undefined || error instanceof PartialFailure);
        this.listener.stepEnded(step, error);
      },
    };
    return new StepExecutor(this.request.parallel, onError, observer, this.cancellation);
  }

  private checkTargets(targets: ReadonlySet<string>): void {
    const unknown = [...targets].filter(
      (urn) => !this.generator.hasSeen(urn) && !this.request.base.resources.some((state) => state.urn === urn),
    );
    for (const urn of unknown) {
      const hint = urn.includes("$") ? "" : " Did you forget to escape $ in your shell?";
      this.diagnostics.error("", `Target '${urn}' could not be found in the stack.${hint}`);
    }
    if (unknown.length > 0) {
      throw new Bail("one or more targets could not be found in the stack");
    }
  }

  private warnOfPendingOperations(): void {
    const { pendingOperations } = this.request.base;
    const list = pendingOperations.map(({ resource, type }) => `  * ${resource.urn}, interrupted while ${type}\n`);
    this.diagnostics.warning(
      "",
      `Attempting to deploy or update resources with ${pendingOperations.length} pending operations from previous ` +
        `deployment.\n${list.join("")}These resources are in an unknown state because the Pulumi CLI was interrupted ` +
        "while waiting for changes to these resources to complete. You should confirm whether or not the operations " +
        "listed completed successfully by checking the state of the appropriate provider.\n\nOnce you have confirmed " +
        "the status of the interrupted operations, you can repair your stack using `pulumi refresh` which will refresh " +
        "the state from the provider you are using and clear the pending operations if there are any.\n\nNote that " +
        "`pulumi refresh` will need to be run interactively to clear pending CREATE operations.",
    );
  }

  /** Nothing stays behind: no process, no port, no unwritten state. */
  private async end(): Promise<void> {
    await this.executor.idle();
    this.everythingDone.resolve();
    if (this.failed || this.killed) {
      this.monitor?.closeToProgram();
    }
    await this.program?.endedOrKilled(graceMilliseconds);
    this.monitor?.close();
    await this.context.providers.close();
    this.recorder.finish();
  }
}
