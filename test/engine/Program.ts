/**
 * The user's program, run unmodified by `@pulumi/pulumi/cmd/run`, as the language host of the CLI runs it
 * (sdk/nodejs/cmd/pulumi-language-nodejs/main.go).
 */
import { ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Project } from "./Project";

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

/** The program has said itself what is wrong; any other code but 0 is a crash. */
const exitCodeAfterSayingWhy = 32;

export class Program {
  /** How it ended: well, having said what is wrong, or in a way that has to be told. */
  readonly ended: Promise<{ ok: boolean; error?: string }>;
  private readonly process: ChildProcess;

  constructor(options: ProgramOptions) {
    const { project } = options;
    const { resolve } = createRequire(join(project.programDirectory, "package.json"));
    const program = spawn(
      process.execPath,
      [
        resolve("@pulumi/pulumi/cmd/run"),
        ...["--monitor", options.address, "--engine", options.address],
        ...["--organization", "organization", "--project", project.name, "--stack", options.stack],
        ...["--root-directory", project.directory, "--pwd", project.programDirectory],
        ...(options.preview ? ["--dry-run"] : []),
        ...["--parallel", String(options.parallel)],
        project.entryPoint,
      ],
      {
        cwd: project.programDirectory,
        env: {
          ...options.environment,
          PULUMI_CONFIG: JSON.stringify(options.config),
          PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(options.secretKeys),
          PULUMI_NODEJS_TYPESCRIPT: String(project.typescript),
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.process = program;
    for (const stream of [program.stdout, program.stderr]) {
      createInterface({ input: stream }).on("line", options.onLine);
    }
    this.ended = new Promise((done) => {
      program.once("error", (error) => done({ ok: false, error: `the program cannot be started: ${error.message}` }));
      program.once("close", (code, signal) => {
        if (code === 0) {
          done({ ok: true });
        } else if (code === exitCodeAfterSayingWhy) {
          done({ ok: false });
        } else {
          const how = signal === null ? `exited with non-zero exit code: ${code}` : `was ended by ${signal}`;
          done({ ok: false, error: `an unhandled error occurred: Program ${how}` });
        }
      });
    });
  }

  /** A program whose monitor is gone ends by itself; one that hangs is ended. */
  async endedOrKilled(milliseconds: number): Promise<void> {
    const force = setTimeout(() => this.kill(), milliseconds);
    await this.ended;
    clearTimeout(force);
  }

  kill(): void {
    this.process.kill("SIGKILL");
  }
}
