/** The ways to install the package and to run a program that has it, as data. npm itself is tried with every toolchain. */
import { execFile } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Installer {
  /** As the README calls it. */
  name: string;
  /** Its package on npm, with an exact version, and the command that adds packages. */
  command: [packageName: string, ...args: string[]];
  /** What the project must hold, by file name. */
  files: Record<string, string>;
  /** The project's folder, if it is a workspace of a monorepo, which the folder above it then is. */
  workspace?: string;
  /** What the project needs besides the package, the SDK and the compiler. */
  packages?: string[];
  /** Tried by `npm run test:long` alone. */
  isLong?: true;
}

const NPM = "npm@11.19.1";

export const INSTALLERS: readonly Installer[] = [
  {
    name: "pnpm 12",
    command: ["pnpm@12.21.0", "add"],
    // Without an answer for each of these pnpm installs everything, and then fails.
    files: { "pnpm-workspace.yaml": "allowBuilds:\n  cpu-features: false\n  protobufjs: false\n  ssh2: false\n" },
  },
  { name: "pnpm 10", command: ["pnpm@10.34.9", "add"], files: {}, isLong: true },
  { name: "Yarn 1", command: ["yarn@1.22.22", "add"], files: {}, isLong: true },
  {
    name: "Yarn 4",
    command: ["@yarnpkg/cli-dist@4.18.1", "add"],
    files: { ".yarnrc.yml": "nodeLinker: node-modules\n", "yarn.lock": "" },
    isLong: true,
  },
  { name: "Bun 1", command: ["bun@1.4.5", "add"], files: {}, isLong: true },
  {
    name: "pnpm workspaces",
    command: ["pnpm@12.21.0", "add"],
    workspace: "access",
    files: {
      "../pnpm-workspace.yaml":
        "packages: [access]\nallowBuilds:\n  cpu-features: false\n  protobufjs: false\n  ssh2: false\n",
    },
    isLong: true,
  },
  {
    name: "npm workspaces",
    command: [NPM, "install"],
    workspace: "access",
    files: {},
    isLong: true,
  },
];

/** An ES module, which neither the SDK nor a compiler of its own reads. */
export const TSX: Installer = {
  name: "npm and run by tsx",
  command: [NPM, "install"],
  packages: ["tsx@4.23.15"],
  files: {
    "package.json": '{ "name": "consumer", "private": true, "type": "module", "main": "index.ts" }',
    "Pulumi.yaml":
      "name: consumer\nruntime:\n  name: nodejs\n  options: { typescript: false, nodeargs: --import tsx/esm }\n",
  },
  isLong: true,
};

/**
 * @param tarball the packed package
 * @param program the files of the project
 * @param sdk version of @pulumi/pulumi
 * @returns the project's directory
 */
export async function installWith(
  { name, command, files, workspace = "", packages = [] }: Installer,
  { tarball, program, directory, sdk }: { tarball: string; program: string; directory: string; sdk: string },
): Promise<string> {
  const project = join(directory, name.replaceAll(" ", "-"), workspace);
  cpSync(program, project, { recursive: true });
  for (const [file, text] of Object.entries({ "package.json": '{ "name": "consumer", "private": true }', ...files })) {
    writeFileSync(join(project, file), text);
  }
  if (workspace !== "") {
    writeFileSync(join(project, "..", "package.json"), JSON.stringify({ private: true, workspaces: [workspace] }));
  }
  const all = [`pulumi-aegir@file:${tarball}`, `@pulumi/pulumi@${sdk}`, "typescript@5.9.3", ...packages];
  await promisify(execFile)("npx", ["--yes", ...command, ...all], { cwd: project, maxBuffer: Infinity });
  return project;
}
