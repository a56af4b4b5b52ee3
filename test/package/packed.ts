/** Installs the packed package without a registry: unpacks it, and links what it depends on from this checkout. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(__dirname, "..", "..");

export interface PackageJson {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/** @returns the paths that the tarball holds, without their common `package/` */
export function installPacked(tarball: string, project: string): string[] {
  const installed = join(project, "node_modules", "pulumi-aegir");
  mkdirSync(installed, { recursive: true });
  const packed = execFileSync("tar", ["-xvzf", tarball, "-C", installed, "--strip-components=1"], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((path) => path.replace(/^(x )?package\//, ""));
  const { dependencies, peerDependencies, peerDependenciesMeta } = readPackage(installed);
  const peers = Object.keys(peerDependencies ?? {}).filter((peer) => !peerDependenciesMeta?.[peer]?.optional);
  linkPackages([...Object.keys(dependencies ?? {}), ...peers], project);
  return packed;
}

/** Links packages of this checkout that the project does not have yet. */
export function linkPackages(names: string[], project: string): void {
  for (const name of names) {
    const link = join(project, "node_modules", name);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link, "junction");
  }
}

export function readPackage(directory: string): PackageJson {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as PackageJson;
}
