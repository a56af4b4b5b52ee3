/** A file as a git revision has it. Git is called with lists of arguments, never through a shell. */
import { execFileSync } from "node:child_process";
import { MAXIMUM_MANIFEST_SIZE } from "../manifest/parseManifest";
import { printable } from "../text/printable";
import { UsageError } from "./Command";

/**
 * @param path from the directory
 * @returns undefined if the revision has no such file
 * @throws UsageError if there is no git, no repository or no such revision, or if it is not a regular file
 */
export function fileAt(revision: string, path: string, directory: string): Uint8Array | undefined {
  const commit = git(directory, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`])
    ?.toString()
    .trim();
  if (!commit) throw new UsageError(`git finds no revision ${printable(revision, 100)} in ${printable(directory)}.`);
  const entry = git(directory, ["ls-tree", "-z", commit, "--", path])?.toString() ?? "";
  if (entry === "") return undefined;
  const [mode, type, object] = entry.split(/[ \t\0]/);
  if (type !== "blob" || mode === "120000" || object === undefined) {
    throw new UsageError(`${printable(path)} is not a regular file in ${printable(revision, 100)}.`);
  }
  return git(directory, ["cat-file", "blob", object]);
}

/** What git prints; undefined if it says no. */
function git(directory: string, args: string[]): Buffer | undefined {
  try {
    return execFileSync("git", args, {
      cwd: directory,
      maxBuffer: MAXIMUM_MANIFEST_SIZE + 1,
      // A path is this path, not a pattern.
      env: { ...process.env, GIT_LITERAL_PATHSPECS: "1" },
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch (error) {
    const { code, stdout } = error as { code?: unknown; stdout?: Buffer };
    // More than a manifest may have, which its reader reports.
    if (code === "ENOBUFS" && stdout) return stdout;
    // No status: git did not run at all, or was killed.
    if (typeof (error as { status?: unknown }).status === "number") return undefined;
    throw new UsageError(`git cannot be run: ${printable((error as Error).message)}.`);
  }
}
