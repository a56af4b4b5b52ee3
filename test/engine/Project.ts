/** What `Pulumi.yaml` says, as far as it matters for running a Node.js program. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parse } from "yaml";

export interface Project {
  name: string;
  /** Where `Pulumi.yaml` lives. */
  directory: string;
  /** Where the program runs. */
  programDirectory: string;
  /** Values for every stack, which its own configuration overrides; by full key. */
  config: Record<string, string>;
  /** What to run there: a file name, or `.` for what `package.json` names. */
  entryPoint: string;
  /** The program is an ES module, which stays loaded as long as its process lives. */
  isModule: boolean;
  /** What `Pulumi.yaml` has Node started with, for example to load another reader of TypeScript. */
  nodeArguments: string[];
}

interface ProjectFile {
  name?: unknown;
  main?: unknown;
  runtime?: string | { name?: string; options?: { nodeargs?: string } };
  /** Simple values alone; Pulumi knows types and defaults too. */
  config?: Record<string, string>;
}

export function readProject(directory: string): Project {
  const root = resolve(directory);
  const file = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as ProjectFile;
  const runtime = typeof file.runtime === "string" ? { name: file.runtime } : file.runtime;
  if (typeof file.name !== "string" || runtime?.name !== "nodejs") {
    throw new Error(`${join(root, "Pulumi.yaml")} is no project of the runtime "nodejs"`);
  }
  const { name, config = {} } = file;
  const project = {
    name,
    directory: root,
    config: Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key.includes(":") ? key : `${name}:${key}`, value]),
    ),
  };
  const path = resolve(root, typeof file.main === "string" ? file.main : ".");
  const isDirectory = statSync(path).isDirectory();
  const programDirectory = isDirectory ? path : dirname(path);
  return {
    ...project,
    programDirectory,
    entryPoint: isDirectory ? "." : basename(path),
    isModule: isModule(programDirectory),
    nodeArguments: runtime.options?.nodeargs?.split(/\s+/) ?? [],
  };
}

/** What the nearest `package.json` says. */
function isModule(directory: string): boolean {
  const path = join(directory, "package.json");
  if (existsSync(path)) return (JSON.parse(readFileSync(path, "utf8")) as { type?: string }).type === "module";
  const parent = dirname(directory);
  return parent !== directory && isModule(parent);
}
