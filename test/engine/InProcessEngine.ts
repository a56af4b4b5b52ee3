/**
 * Pulumi's deployment engine, in TypeScript, for a machine with Node alone: it runs the unmodified program and the
 * unmodified dynamic provider process of the SDK over their own gRPC interfaces, and keeps the state in the files of
 * Pulumi's file backend. It knows dynamic Node.js resources, components and stack references, and refuses everything
 * else by name. Users deploy with the real CLI, which this engine is compared with (`golden.ts`).
 */
import { createRequire } from "node:module";
import { Deployment, type DeploymentRequest } from "./Deployment";
import { Display } from "./Display";
import {
  type ConfigValue,
  type Engine,
  type ExportedState,
  type OperationOptions,
  type Outcome,
  type Stack,
  type StackOptions,
  type Step,
} from "./Engine";
import { countByOperation, stackOutputsOf } from "./outcome";
import { type Project, readProject } from "./Project";
import { type PropertyMap, revealAll } from "./properties";
import { Secrets } from "./Secrets";
import { StateFile } from "./StateFile";

type OperationKind = DeploymentRequest["kind"];

export class InProcessEngine implements Engine {
  readonly kind = "in-process";
  readonly name: string;

  constructor() {
    const { version } = createRequire(__filename)("@pulumi/pulumi/package.json") as { version: string };
    this.name = `in-process engine (SDK ${version})`;
  }

  open(options: StackOptions): Promise<Stack> {
    return attempt(() => {
      const project = readProject(options.projectDirectory);
      const file = new StateFile(options.stateDirectory, project.name, options.stack);
      if (!file.exists()) file.create();
      return new InProcessStack(this.name, options, project, file);
    });
  }
}

class InProcessStack implements Stack {
  #config: Record<string, ConfigValue>;

  constructor(
    private readonly engineName: string,
    private readonly options: StackOptions,
    private readonly project: Project,
    private readonly file: StateFile,
  ) {
    this.#config = options.config;
  }

  readonly preview = (options: OperationOptions = {}) => this.#operate("preview", options);
  readonly up = (options: OperationOptions = {}) => this.#operate("up", options);
  readonly refresh = (options: OperationOptions = {}) => this.#operate("refresh", options);
  readonly destroy = (options: OperationOptions = {}) => this.#operate("destroy", options);
  readonly previewDestroy = (options: OperationOptions = {}) => this.#operate("destroy", options, true);

  cancel(): Promise<void> {
    return attempt(() => this.file.unlock());
  }

  async unprotectAll(): Promise<void> {
    const { version, deployment } = await this.exportState();
    const resources = deployment.resources?.map(({ protect: _, ...resource }) => resource);
    await this.importState({ version, deployment: { ...deployment, ...(resources && { resources }) } });
  }

  setConfig(config: Record<string, ConfigValue>): Promise<void> {
    this.#config = config;
    return Promise.resolve();
  }

  exportState(): Promise<ExportedState> {
    return attempt(() => this.file.exportState());
  }

  importState(state: ExportedState): Promise<void> {
    return attempt(() => {
      const unlock = this.file.lock();
      try {
        this.file.importState(state);
      } finally {
        unlock();
      }
    });
  }

  async #operate(kind: OperationKind, options: OperationOptions, preview = kind === "preview"): Promise<Outcome> {
    const display = new Display({
      title: titleOf(kind, this.options.stack),
      preview,
      stackName: `${this.project.name}-${this.options.stack}`,
      onOutput: options.onOutput ?? (() => {}),
    });
    display.start(this.engineName);
    let unlock: (() => void) | undefined;
    let ok = false;
    let outputs: Record<string, unknown> = {};
    try {
      unlock = preview ? undefined : this.file.lock();
      const secrets = await this.#openSecrets();
      ok = await this.#deploy(kind, preview, options, secrets, display);
      outputs = revealAll(stackOutputsOf(this.file.read(secrets)));
    } catch (error) {
      display.say("", "error", error instanceof Error ? error.message : String(error));
    }
    const killed = options.kill?.aborted === true;
    if (!killed) {
      unlock?.();
      display.finish();
    }
    return {
      ok: ok && !killed,
      steps: display.steps.map((step) => (killed ? asKilled(step) : step)),
      changes: countByOperation(display.steps),
      diagnostics: display.diagnostics,
      output: display.output,
      outputs,
    };
  }

  async #deploy(
    kind: OperationKind,
    preview: boolean,
    options: OperationOptions,
    secrets: Secrets,
    display: Display,
  ): Promise<boolean> {
    const deployment = new Deployment(
      {
        kind,
        project: this.project,
        stack: this.options.stack,
        options,
        config: { ...this.project.config, ...this.#config },
        environment: { ...process.env, ...this.options.env, ...options.env },
        base: this.file.read(secrets),
        save: preview ? undefined : (snapshot) => this.file.save(snapshot, secrets),
        outputsOf: (stackName) => this.#outputsOf(stackName),
      },
      display,
    );
    const kill = (): void => deployment.kill();
    options.kill?.addEventListener("abort", kill);
    if (options.kill?.aborted === true) kill();
    try {
      return await deployment.run();
    } finally {
      options.kill?.removeEventListener("abort", kill);
    }
  }

  /** The key that the state was written with, or a new one for a stack that has never been deployed. */
  async #openSecrets(): Promise<Secrets> {
    const salt = this.file.salt();
    return salt === undefined ? Secrets.create(this.options.passphrase) : Secrets.open(this.options.passphrase, salt);
  }

  /** For stack references: `<stack>` of this project, or `<organization>/<project>/<stack>`. */
  async #outputsOf(stackName: string): Promise<PropertyMap> {
    const [stack, project] = stackName.split("/").reverse();
    const file = new StateFile(this.options.stateDirectory, project ?? this.project.name, stack ?? "");
    if (!file.exists()) throw new Error(`unknown stack "${stackName}"`);
    const salt = file.salt();
    return salt === undefined ? {} : stackOutputsOf(file.read(await Secrets.open(this.options.passphrase, salt)));
  }
}

function titleOf(kind: OperationKind, stack: string): string {
  const titles = { preview: "Previewing update", up: "Updating", refresh: "Refreshing", destroy: "Destroying" };
  return `${titles[kind]} (${stack}):`;
}

/** What had begun and was not over when the engine was killed. */
function asKilled(step: Step): Step {
  return step.outcome === "planned" ? { ...step, outcome: "failed" } : step;
}

/** What fails at once fails as a promise, like everything else here. */
function attempt<T>(work: () => T): Promise<T> {
  return new Promise((done) => done(work()));
}
