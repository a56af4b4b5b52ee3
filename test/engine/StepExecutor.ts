/**
 * Runs chains of steps, as many at once as `--parallel` allows. A failed step ends the operation (no new step begins,
 * running ones finish) or, with `--continue-on-error`, only what depends on it.
 * Source: pkg/resource/deploy/step_executor.go of pulumi/pulumi.
 */
import { Secret } from "./PropertyValue";
import { DeploymentStep, ProtectedResourceError } from "./steps";

/** What is told of every step, before and after. */
export interface StepObserver {
  before(step: DeploymentStep): void;
  after(step: DeploymentStep, error: unknown): void;
}

/** Says once that an operation is over before its time. */
export class Cancellation {
  private stop: () => void = () => {};
  readonly cancelled = new Promise<void>((resolve) => (this.stop = resolve));
  isCancelled = false;

  cancel(): void {
    this.isCancelled = true;
    this.stop();
  }
}

export class StepExecutor {
  /** With `--continue-on-error`, or an error that stops nothing. */
  readonly errored: DeploymentStep[] = [];
  sawError = false;
  /** Logical steps that are done, by URN: those whose outputs may still be registered. */
  readonly registered = new Map<string, DeploymentStep>();
  private readonly running = new Set<Promise<void>>();
  private readonly waiting: (() => void)[] = [];
  private free: number;

  /** @param onError `ignore`: a refresh tries all the others before it fails */
  constructor(
    parallel: number,
    private readonly onError: "stop" | "continue" | "ignore",
    private readonly observer: StepObserver,
    private readonly cancellation: Cancellation,
  ) {
    this.free = parallel;
  }

  /**
   * Waits until a worker takes the chain.
   * @returns its end; it never fails
   */
  async submit(chain: DeploymentStep[]): Promise<{ done: Promise<void> }> {
    await Promise.race([this.takeWorker(), this.cancellation.cancelled]);
    if (this.cancellation.isCancelled) {
      return { done: Promise.resolve() };
    }
    const done = this.run(chain).finally(() => {
      this.running.delete(done);
      this.releaseWorker();
    });
    this.running.add(done);
    return { done };
  }

  async runAll(chains: DeploymentStep[][]): Promise<void> {
    const ends: Promise<void>[] = [];
    for (const chain of chains) {
      ends.push((await this.submit(chain)).done);
    }
    await Promise.all(ends);
  }

  /** Everything that has begun is over. */
  async idle(): Promise<void> {
    while (this.running.size > 0) {
      await Promise.all(this.running);
    }
  }

  private async run(chain: DeploymentStep[]): Promise<void> {
    for (const step of chain) {
      if (this.cancellation.isCancelled || !(await this.runStep(step))) {
        return;
      }
    }
  }

  private async runStep(step: DeploymentStep): Promise<boolean> {
    this.observer.before(step);
    let failure: { error: unknown } | undefined;
    try {
      await step.apply();
      if (step.logical && step.next !== undefined) {
        this.registered.set(step.urn, step);
      }
    } catch (error) {
      failure = { error };
    }
    markSecretOutputs(step);
    this.observer.after(step, failure?.error);
    if (failure === undefined) {
      step.complete();
      return true;
    }
    this.sawError = true;
    if (this.onError === "continue" || failure.error instanceof ProtectedResourceError) {
      step.fail();
      this.errored.push(step);
    } else if (this.onError === "stop") {
      this.cancellation.cancel();
    }
    return false;
  }

  private async takeWorker(): Promise<void> {
    if (this.free > 0) {
      this.free--;
      return;
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private releaseWorker(): void {
    const next = this.waiting.shift();
    if (next === undefined) {
      this.free++;
    } else {
      next();
    }
  }
}

/** Outputs that were declared secret, and those with the name of a secret input. */
function markSecretOutputs(step: DeploymentStep): void {
  const { next } = step;
  if (next === undefined || step.op === "replace") {
    return;
  }
  const secretInputs = Object.keys(next.inputs).filter((key) => next.inputs[key] instanceof Secret);
  for (const key of [...next.additionalSecretOutputs, ...secretInputs]) {
    const output = next.outputs[key];
    if (output !== undefined && !(output instanceof Secret)) {
      next.outputs = { ...next.outputs, [key]: new Secret(output) };
    }
  }
}
