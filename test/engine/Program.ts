/**
 * The user's program, run unmodified by `@pulumi/pulumi/cmd/run`, as the language host of the CLI runs it
 * (sdk/nodejs/cmd/pulumi-language-nodejs/main.go). It runs in a host process that may have run others (`programHost.ts`).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { HostRequest } from "./programHost";
import { type Project } from "./Project";

export interface ProgramOptions {
  project: Project;
  stack: string;
  preview: boolean;
  parallel: number;
  /** Where the resource monitor and the engine listen. */
  address: string;
  config: Record<string, string>;
  secretKeys: string[];
  environment: NodeJS.ProcessEnv;
  onLine: (line: string) => void;
}

/** How a program ended: well, having said what is wrong, or in a way that has to be reported. */
export type Ending = { ok: boolean; error?: string };

/** The program has said itself what is wrong; any other code but 0 is a crash. */
const exitCodeAfterSayingWhy = 32;

export class Program {
  readonly ended: Promise<Ending>;
  readonly #host: ProgramHost;

  constructor(options: ProgramOptions) {
    const { project } = options;
    const { resolve } = createRequire(join(project.programDirectory, "package.json"));
    const environment = Object.fromEntries(
      Object.entries({
        ...options.environment,
        PULUMI_CONFIG: JSON.stringify(options.config),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(options.secretKeys),
        // The host reads TypeScript already, and faster than the SDK would.
        PULUMI_NODEJS_TYPESCRIPT: "false",
      }).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    this.#host = ProgramHost.take(resolve("@pulumi/pulumi/cmd/run"), project, environment);
    this.ended = this.#host.run(
      {
        arguments: [
          ...["--monitor", options.address, "--engine", options.address],
          ...["--organization", "organization", "--project", project.name, "--stack", options.stack],
          ...["--root-directory", project.directory, "--pwd", project.programDirectory],
          ...(options.preview ? ["--dry-run"] : []),
          ...["--parallel", String(options.parallel)],
          project.entryPoint,
        ],
        directory: project.programDirectory,
        environment,
      },
      options.onLine,
    );
  }

  /** A program whose monitor is gone ends by itself; one that hangs is ended. */
  async endedOrKilled(milliseconds: number): Promise<void> {
    const force = setTimeout(() => this.kill(), milliseconds);
    await this.ended;
    clearTimeout(force);
  }

  kill(): void {
    this.#host.kill();
  }
}

/** Hosts that wait for their next program; two operations at once need two. */
const idleHosts: ProgramHost[] = [];
const mostIdleHosts = 2;
/** The debugger with which the SDK reads the source of functions keeps all that was ever loaded: 5 MB a program. */
const mostPrograms = 50;

class ProgramHost {
  readonly #process: ChildProcess;
  #onLine: (line: string) => void = () => {};
  #endMark: string | undefined;
  #openStreams = 2;
  #programs = 0;
  #end: (ending: Ending) => void = () => {};

  /** @param reusable a program that wants Node itself started in another way gets a process of its own */
  private constructor(
    private readonly runner: string,
    { programDirectory, nodeArguments }: Project,
    environment: Record<string, string>,
    private readonly reusable: boolean,
  ) {
    this.#process = spawn(
      process.execPath,
      [
        ...["--require", join(__dirname, "compiledModules.js")],
        ...["--require", join(__dirname, "lazyModules.js"), "--require", require.resolve("sucrase/register/ts")],
        ...nodeArguments,
        join(__dirname, "programHost.ts"),
        runner,
      ],
      { cwd: programDirectory, env: environment, stdio: ["ignore", "pipe", "pipe", "ipc"] },
    );
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) {
      createInterface({ input: stream }).on("line", (line) => this.#hear(line));
    }
    this.#process.once("error", (error) =>
      this.#end({ ok: false, error: `the program cannot be started: ${error.message}` }),
    );
    this.#process.once("close", (code, signal) => {
      const position = idleHosts.indexOf(this);
      if (position >= 0) idleHosts.splice(position, 1);
      this.#end(endingOf(code, signal));
    });
  }

  static take(runner: string, project: Project, environment: Record<string, string>): ProgramHost {
    const reusable =
      environment["NODE_OPTIONS"] === undefined && project.nodeArguments.length === 0 && !project.isModule;
    const position = idleHosts.findIndex((host) => host.runner === runner);
    const [idle] = reusable && position >= 0 ? idleHosts.splice(position, 1) : [];
    if (idle !== undefined) idle.#hold(true);
    return idle ?? new ProgramHost(runner, project, environment, reusable);
  }

  run(request: HostRequest, onLine: (line: string) => void): Promise<Ending> {
    this.#onLine = onLine;
    this.#endMark = this.reusable ? randomUUID() : undefined;
    this.#openStreams = 2;
    return new Promise((ended) => {
      this.#end = ended;
      this.#process.send({ ...request, endMark: this.#endMark });
    });
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #hear(line: string): void {
    if (this.#endMark === undefined || !line.endsWith(this.#endMark)) {
      this.#onLine(line);
      return;
    }
    if (line !== this.#endMark) this.#onLine(line.slice(0, -this.#endMark.length));
    this.#openStreams--;
    if (this.#openStreams === 0) {
      this.#becomeIdle();
      this.#end({ ok: true });
    }
  }

  #becomeIdle(): void {
    this.#hold(false);
    this.#programs++;
    if (this.#programs === mostPrograms) {
      this.#process.disconnect();
      return;
    }
    idleHosts.push(this);
    if (idleHosts.length > mostIdleHosts) idleHosts.shift()!.#process.disconnect();
  }

  /** Whether our own process waits for this one; an idle host ends when we do. */
  #hold(held: boolean): void {
    const { stdout, stderr, channel } = this.#process;
    for (const handle of [this.#process, stdout as Handle | null, stderr as Handle | null, channel]) {
      if (held) {
        handle?.ref();
      } else {
        handle?.unref();
      }
    }
  }
}

/** The streams of a child are sockets, though Node's types do not say so. */
interface Handle {
  ref(): unknown;
  unref(): unknown;
}

function endingOf(code: number | null, signal: NodeJS.Signals | null): Ending {
  if (code === 0) return { ok: true };
  if (code === exitCodeAfterSayingWhy) return { ok: false };
  const how = signal === null ? `exited with non-zero exit code: ${code}` : `was ended by ${signal}`;
  return { ok: false, error: `an unhandled error occurred: Program ${how}` };
}
