/** What `Pulumi.yaml` says, as far as it matters for running a Node.js program. */
import { readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parse } from "yaml";

export interface Project {
  name: string;
  /** Where `Pulumi.yaml` lives. */
  directory: string;
  /** Where the program runs. */
  programDirectory: string;
  /** What to run there: a file name, or `.` for what `package.json` names. */
  entryPoint: string;
  typescript: boolean;
}

interface ProjectFile {
  name?: unknown;
  main?: unknown;
  runtime?: string | { name?: string; options?: { typescript?: boolean } };
}

/** @param main in place of the one of `Pulumi.yaml` */
export function readProject(directory: string, main?: string): Project {
  const root = resolve(directory);
  const file = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as ProjectFile;
  const runtime = typeof file.runtime === "string" ? { name: file.runtime } : file.runtime;
  if (typeof file.name !== "string" || runtime?.name !== "nodejs") {
    throw new Error(`${join(root, "Pulumi.yaml")} is no project of the runtime "nodejs"`);
  }
  const project = { name: file.name, directory: root, typescript: runtime.options?.typescript ?? true };
  const entry = main ?? file.main;
  if (typeof entry !== "string") {
    return { ...project, programDirectory: root, entryPoint: "." };
  }
  const path = resolve(root, entry);
  return statSync(path).isDirectory()
    ? { ...project, programDirectory: path, entryPoint: "." }
    : { ...project, programDirectory: dirname(path), entryPoint: basename(path) };
}
