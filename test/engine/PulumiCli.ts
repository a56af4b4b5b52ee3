/**
 * The real Pulumi CLI behind the interface of `Engine.ts`: the `pulumi` that is on the PATH, with a file backend in the
 * stack's state directory. Nothing is written to the project: the stack's configuration file and Pulumi's own home are
 * in the state directory, too. What an operation did is read from its event log (`--event-log`, which the CLI offers
 * with PULUMI_DEBUG_COMMANDS), one JSON object per line.
 */
import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import {
  type ConfigValue,
  type Engine,
  type ExportedState,
  type OperationOptions,
  type Outcome,
  type Stack,
  type StackOptions,
} from "./Engine";
import { diagnosticsOf, eventsToSteps, parseEventLog } from "./eventLog";
import { countByOperation, stackOutputsOf } from "./outcome";
import { readProject } from "./Project";
import { revealAll } from "./properties";
import { Secrets } from "./Secrets";
import { StateFile } from "./StateFile";

interface Result {
  ok: boolean;
  /** Standard output and standard error as they came. */
  output: string;
  errors: string;
}

interface RunOptions {
  /** In place of that of the project. */
  directory?: string;
  input?: string;
  environment?: NodeJS.ProcessEnv;
  onOutput?: (text: string) => void;
  kill?: AbortSignal;
}

const commands = {
  preview: ["preview"],
  up: ["up", "--yes", "--skip-preview"],
  refresh: ["refresh", "--yes", "--skip-preview"],
  destroy: ["destroy", "--yes", "--skip-preview"],
  previewDestroy: ["destroy", "--preview-only"],
};

export class PulumiCli implements Engine {
  readonly kind = "cli";

  private constructor(readonly name: string) {}

  /** @returns nothing if there is no `pulumi` on the PATH, or none that runs */
  static find(): PulumiCli | undefined {
    const { status, stdout } = spawnSync("pulumi", ["version"], {
      encoding: "utf8",
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    return status === 0 ? new PulumiCli(`pulumi ${stdout.trim()}`) : undefined;
  }

  async open(options: StackOptions): Promise<Stack> {
    const stack = new CliStack(options);
    await stack.initialize();
    return stack;
  }
}

class CliStack implements Stack {
  readonly #stateDirectory: string;
  readonly #projectDirectory: string;
  readonly #configFile: string;
  readonly #file: StateFile;
  #operations = 0;

  constructor(private readonly options: StackOptions) {
    this.#stateDirectory = resolve(options.stateDirectory);
    mkdirSync(this.#stateDirectory, { recursive: true });
    this.#projectDirectory = resolve(options.projectDirectory);
    this.#configFile = join(this.#stateDirectory, `Pulumi.${options.stack}.yaml`);
    this.#file = new StateFile(this.#stateDirectory, readProject(options.projectDirectory).name, options.stack);
  }

  async initialize(): Promise<void> {
    if (!this.#file.exists()) {
      await this.#initializeStack();
    } else if (!existsSync(this.#configFile)) {
      // A stack that somebody else has made: its configuration is encrypted with the key of its state.
      const salt = this.#file.salt() ?? (await Secrets.create(this.options.passphrase)).salt;
      writeFileSync(this.#configFile, stringify({ encryptionsalt: salt }));
    }
    await this.setConfig(this.options.config);
  }

  /** It writes the configuration file next to Pulumi.yaml and takes no other place for it, so it gets a copy of that. */
  async #initializeStack(): Promise<void> {
    const directory = mkdtempSync(join(this.#stateDirectory, "init-"));
    copyFileSync(join(this.#projectDirectory, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
    await this.#runOrThrow(["stack", "init", this.options.stack, "--no-select", "--secrets-provider", "passphrase"], {
      directory,
    });
    renameSync(join(directory, `Pulumi.${this.options.stack}.yaml`), this.#configFile);
    rmSync(directory, { recursive: true });
  }

  readonly preview = (options: OperationOptions = {}) => this.#operate("preview", options);
  readonly up = (options: OperationOptions = {}) => this.#operate("up", options);
  readonly refresh = (options: OperationOptions = {}) => this.#operate("refresh", options);
  readonly destroy = (options: OperationOptions = {}) => this.#operate("destroy", options);
  readonly previewDestroy = (options: OperationOptions = {}) => this.#operate("previewDestroy", options);

  async cancel(): Promise<void> {
    await this.#runOrThrow(["cancel", "--yes", "--stack", this.options.stack]);
  }

  async unprotectAll(): Promise<void> {
    await this.#runOrThrow(["state", "unprotect", "--all", "--yes", "--stack", this.options.stack]);
  }

  /** Secret values go through standard input: an argument could be seen by anybody. */
  async setConfig(config: Record<string, ConfigValue>): Promise<void> {
    const former = parse(readFileSync(this.#configFile, "utf8")) as Record<string, unknown>;
    writeFileSync(this.#configFile, stringify({ ...former, config: {} }));
    const target = ["--stack", this.options.stack, "--config-file", this.#configFile];
    const plain = Object.entries(config).flatMap(([key, value]) =>
      typeof value === "string" ? ["--plaintext", `${key}=${value}`] : [],
    );
    if (plain.length > 0) await this.#runOrThrow(["config", "set-all", ...target, ...plain]);
    for (const [key, value] of Object.entries(config)) {
      if (typeof value !== "string") {
        await this.#runOrThrow(["config", "set", ...target, "--secret", "--raw", key], { input: value.secret });
      }
    }
  }

  async exportState(): Promise<ExportedState> {
    const { output } = await this.#runOrThrow(["stack", "export", "--stack", this.options.stack]);
    return JSON.parse(output) as ExportedState;
  }

  async importState(state: ExportedState): Promise<void> {
    await this.#runOrThrow(["stack", "import", "--stack", this.options.stack], { input: JSON.stringify(state) });
  }

  async #operate(kind: keyof typeof commands, options: OperationOptions): Promise<Outcome> {
    const before = this.#file.exportState();
    const eventLog = join(this.#stateDirectory, `events-${++this.#operations}.json`);
    const arguments_ = [
      ...commands[kind],
      ...["--stack", this.options.stack, "--config-file", this.#configFile, "--event-log", eventLog],
      ...["--suppress-progress", "--suppress-permalink=true"],
      ...(options.refresh === true ? ["--refresh"] : []),
      ...(options.runProgram === true ? ["--run-program"] : []),
      ...(options.continueOnError === true && kind !== "preview" && kind !== "refresh" ? ["--continue-on-error"] : []),
      ...(options.excludeProtected === true ? ["--exclude-protected"] : []),
      ...(options.parallel === undefined ? [] : ["--parallel", String(options.parallel)]),
      ...(options.target ?? []).flatMap((urn) => ["--target", urn]),
      ...(options.replace ?? []).flatMap((urn) => ["--replace", urn]),
    ];
    const { ok, output, errors } = await this.#run(arguments_, {
      environment: options.env,
      onOutput: options.onOutput,
      kill: options.kill,
    });
    const events = existsSync(eventLog) ? parseEventLog(readFileSync(eventLog, "utf8")) : [];
    rmSync(eventLog, { force: true });
    const steps = eventsToSteps(events, { ok, preview: kind === "preview", before });
    return {
      ok,
      steps,
      changes: countByOperation(steps),
      diagnostics: [...diagnosticsOf(events), errors.trim()].filter((text) => text !== "").join("\n"),
      output,
      outputs: await this.#readOutputs(),
    };
  }

  /** Nothing, if the passphrase is wrong, which the operation has said. */
  async #readOutputs(): Promise<Record<string, unknown>> {
    const salt = this.#file.salt();
    const secrets =
      salt === undefined ? undefined : await Secrets.open(this.options.passphrase, salt).catch(() => undefined);
    return secrets === undefined ? {} : revealAll(stackOutputsOf(this.#file.read(secrets)));
  }

  async #runOrThrow(arguments_: string[], options: RunOptions = {}): Promise<Result> {
    const result = await this.#run(arguments_, options);
    if (!result.ok) throw new Error(`pulumi ${arguments_[0]} failed:\n${result.output}`);
    return result;
  }

  #run(arguments_: string[], options: RunOptions = {}): Promise<Result> {
    return new Promise((done, failed) => {
      const child = spawn("pulumi", [...arguments_, "--non-interactive", "--color", "never"], {
        cwd: options.directory ?? this.#projectDirectory,
        env: {
          ...process.env,
          ...this.options.env,
          ...options.environment,
          PULUMI_BACKEND_URL: `file://${this.#stateDirectory}`,
          PULUMI_CONFIG_PASSPHRASE: this.options.passphrase,
          PULUMI_HOME: join(this.#stateDirectory, ".pulumi-home"),
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DEBUG_COMMANDS: "true",
        },
        stdio: ["pipe", "pipe", "pipe"],
      });
      const result: Result = { ok: false, output: "", errors: "" };
      const collect = (text: string): void => {
        result.output += text;
        options.onOutput?.(text);
      };
      child.stdout.setEncoding("utf8").on("data", collect);
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        result.errors += text;
        collect(text);
      });
      const kill = (): void => {
        if (child.pid !== undefined && child.exitCode === null) killTree(child.pid);
      };
      options.kill?.addEventListener("abort", kill);
      child.once("error", failed);
      child.once("close", (code) => {
        options.kill?.removeEventListener("abort", kill);
        done({ ...result, ok: code === 0 });
      });
      child.stdin.end(options.input ?? "");
      if (options.kill?.aborted === true) kill();
    });
  }
}

/** The CLI puts its plugins in process groups of their own, so each descendant is killed by itself, the CLI first. */
function killTree(root: number): void {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const parents = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const condemned = [root];
  for (const pid of condemned) {
    condemned.push(...parents.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : [])));
  }
  for (const pid of condemned) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself in the meantime.
    }
  }
}
