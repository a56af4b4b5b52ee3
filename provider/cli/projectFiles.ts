/** The files of a project, made from the package's templates; what exists already stays as it is. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { printable } from "../text/printable";
import { UsageError } from "./Command";

const templates = join(__dirname, "..", "..", "templates");

export interface ProjectFile {
  /** From the project's directory. */
  path: string;
  text: string;
}

/** Every CI that `templates` has pipelines for. */
export const PIPELINES = ["github", "gitlab"] as const;
export type Pipelines = (typeof PIPELINES)[number];

/**
 * A Pulumi template: `pulumi new` fills in the name in the same way. npm packs no .gitignore, so its name here has a
 * placeholder, in place of which `pulumi new` puts nothing (docs/pulumi.md#template-names).
 */
export function projectFiles(project: string): ProjectFile[] {
  return filesIn("project").map(({ path, text }) => ({
    path: path.replace("${DESCRIPTION}", ""),
    text: text.replaceAll("${PROJECT}", project),
  }));
}

/**
 * @param stack the stack that is deployed
 * @param owner the team that owns everything in CODEOWNERS, for example `@acme/platform`
 */
export function pipelineFiles(pipelines: Pipelines, stack: string, owner: string): ProjectFile[] {
  return filesIn(pipelines).map(({ path, text }) => ({
    path,
    text: text.replaceAll("${OWNER}", owner).replace(/^( *STACK: )production$/m, (_, key: string) => key + stack),
  }));
}

/** What became of a file. `same` and `different` ones existed and were left alone; of the latter, `init` writes another text. */
export interface WrittenFile {
  path: string;
  outcome: "written" | "completed" | "same" | "different";
}

export function writeMissing(directory: string, files: ProjectFile[]): WrittenFile[] {
  return files.map(({ path, text }) => {
    const file = join(directory, path);
    if (existsSync(file)) return { path, outcome: readFileSync(file, "utf8") === text ? "same" : "different" };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: "wx" });
    return { path, outcome: "written" };
  });
}

/** The packages that an existing package.json lacks, as arguments of `npm install`. */
export function missingPackages(directory: string, project: ProjectFile[]): string[] {
  const file = join(directory, "package.json");
  if (!existsSync(file)) return [];
  const has = packagesIn(file, readFileSync(file, "utf8"));
  const needed = packagesIn("package.json", project.find(({ path }) => path === "package.json")!.text);
  return Object.entries(needed).flatMap(([name, range]) => (name in has ? [] : [`${name}@${range}`]));
}

function packagesIn(file: string, text: string): Record<string, string> {
  try {
    const { dependencies, devDependencies } = JSON.parse(text) as Record<string, Record<string, string>>;
    return { ...dependencies, ...devDependencies };
  } catch {
    throw new UsageError(`${printable(file)} is not valid JSON.`);
  }
}

function filesIn(template: string): ProjectFile[] {
  const root = join(templates, template);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ path: relative(root, file).replaceAll("\\", "/"), text: readFileSync(file, "utf8") }));
}
