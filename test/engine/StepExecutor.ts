/**
 * Runs chains of steps, as many at once as `--parallel` allows. A failed step ends the operation (no new step begins,
 * running ones finish) or, with `--continue-on-error`, only what depends on it.
 * Source: pkg/resource/deploy/step_executor.go of pulumi/pulumi.
 */
import { type DeploymentStep, ProtectedResourceError } from "./steps";

/** What is told of every step, before and after. */
export interface StepObserver {
  before(step: DeploymentStep): void;
  after(step: DeploymentStep, error: unknown): void;
}

/** Says once that an operation is over before its time. */
export class Cancellation {
  #stop: () => void = () => {};
  readonly cancelled = new Promise<void>((resolve) => (this.#stop = resolve));
  isCancelled = false;

  cancel(): void {
    this.isCancelled = true;
    this.#stop();
  }
}

export class StepExecutor {
  /** With `--continue-on-error`, or an error that stops nothing. */
  readonly errored: DeploymentStep[] = [];
  sawError = false;
  readonly #running = new Set<Promise<void>>();

  /** @param onError `ignore`: a refresh tries all the others before it fails */
  constructor(
    private readonly parallel: number,
    private readonly onError: "stop" | "continue" | "ignore",
    private readonly observer: StepObserver,
    private readonly cancellation: Cancellation,
  ) {}

  /** Waits until the chain may begin. */
  async submit(chain: DeploymentStep[]): Promise<void> {
    while (this.#running.size >= this.parallel && !this.cancellation.isCancelled) {
      await Promise.race([...this.#running, this.cancellation.cancelled]);
    }
    if (!this.cancellation.isCancelled) {
      const done = this.#run(chain).finally(() => this.#running.delete(done));
      this.#running.add(done);
    }
  }

  /** Everything that has begun is over. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async runAll(steps: DeploymentStep[]): Promise<void> {
    for (const step of steps) await this.submit([step]);
    await this.idle();
  }

  async #run(chain: DeploymentStep[]): Promise<void> {
    for (const step of chain) {
      if (this.cancellation.isCancelled || !(await this.#runStep(step))) return;
    }
  }

  async #runStep(step: DeploymentStep): Promise<boolean> {
    this.observer.before(step);
    try {
      await step.apply();
    } catch (error) {
      this.observer.after(step, error);
      this.sawError = true;
      if (this.onError === "continue" || error instanceof ProtectedResourceError) {
        step.answer("failed");
        this.errored.push(step);
      } else if (this.onError === "stop") {
        this.cancellation.cancel();
      }
      return false;
    }
    this.observer.after(step, undefined);
    step.answer("success");
    return true;
  }
}
