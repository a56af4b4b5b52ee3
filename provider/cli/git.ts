/** A manifest as git revisions have it. Git is called with lists of arguments, never through a shell. */
import { execFileSync } from "node:child_process";
import { realpathSync } from "node:fs";
import type { ManifestFileContent } from "../manifest";
import {
  declaresAccess,
  type DirectoryEntry,
  manifestFiles,
  MAXIMUM_FILE_SIZE,
  MAXIMUM_FILES,
  MAXIMUM_SIZE,
  nameIn,
} from "../manifest/ManifestFiles";
import { printable } from "../text/printable";
import { UsageError } from "./Command";

/** A file or directory of a revision. */
interface TreeEntry extends DirectoryEntry {
  isDirectory: boolean;
  object: string;
  /** Bytes; 0 of what is no file. */
  size: number;
}

/** What a revision has at the path of a manifest. */
interface Found {
  path: string;
  files: { file: string; entry: TreeEntry }[];
}

/**
 * The files of a manifest at some revisions. Where one has no PATH, the directory of that name takes its place, or the file
 * with `.yaml`: so a manifest is followed when it is divided into files.
 *
 * @param path a file or directory, from the directory of the call
 * @returns for each revision: undefined if it has no such manifest
 * @throws UsageError if there is no git, no repository or no such revision, or if it is neither a regular file nor a directory
 */
export function filesAt(
  revisions: readonly string[],
  path: string,
  directory: string,
): ({ path: string; files: ManifestFileContent[] } | undefined)[] {
  const found = revisions.map((revision) => {
    const commit = commitOf(revision, directory);
    const places = [path.replace(/\/+$/, ""), ...inPlaceOf(path)].map((place) =>
      manifestAt(commit, place, revision, directory),
    );
    return places.find((place) => place !== undefined);
  });
  const contents = blobs(
    found.flatMap((each) => (each === undefined ? [] : readable(each).map(({ entry }) => entry))),
    directory,
  );
  return found.map(
    (each) =>
      each && {
        path: each.path,
        files: each.files.map(({ file, entry }) => ({ file, content: contents.get(entry.object) })),
      },
  );
}

function inPlaceOf(path: string): string[] {
  const withoutExtension = path.replace(/\.ya?ml$/i, "");
  const bare = path.replace(/\/+$/, "");
  return withoutExtension === path ? [`${bare}.yaml`, `${bare}.yml`] : [withoutExtension];
}

function commitOf(revision: string, directory: string): string {
  const commit = git(directory, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`])
    ?.toString()
    .trim();
  if (!commit) throw new UsageError(`git finds no revision ${printable(revision, 100)} in ${printable(directory)}.`);
  return commit;
}

function manifestAt(commit: string, path: string, revision: string, directory: string): Found | undefined {
  const [entry, ...others] = entriesOf(directory, [commit, "--", path]);
  if (entry === undefined) return undefined;
  if (others.length > 0 || !(entry.isRegularFile || entry.isDirectory)) {
    throw new UsageError(
      `${printable(path)} is not a regular file in ${printable(revision, 100)}, and not a directory.`,
    );
  }
  if (entry.isRegularFile) return { path, files: [{ file: path, entry }] };
  const below = manifestFiles(entriesOf(directory, ["-r", "--full-tree", entry.object]));
  if (!declaresAccess(below)) return undefined;
  return {
    path,
    files: below.slice(0, MAXIMUM_FILES + 1).map((each) => ({ file: nameIn(path, each.path), entry: each })),
  };
}

/** What is to be read: as much as shows that there is too much. */
function readable({ files }: Found): Found["files"] {
  let size = 0;
  return files.filter(({ entry }) => {
    const isWithin = entry.isRegularFile && size <= MAXIMUM_SIZE;
    size += entry.size;
    return isWithin;
  });
}

function entriesOf(directory: string, args: string[]): TreeEntry[] {
  const listed = git(directory, ["ls-tree", "-z", "-l", ...args])?.toString() ?? "";
  return listed
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const [, mode, type, object, size, path] = /^(\d+) (\w+) (\w+) +(\S+)\t([^]*)$/.exec(line) ?? [];
      return {
        path: path ?? "",
        object: object ?? "",
        isRegularFile: type === "blob" && mode !== "120000",
        isDirectory: type === "tree",
        size: Number(size) || 0,
      };
    });
}

/** The contents of files by object, each read once. What is larger than a file may be is not read, and as large as that shows. */
function blobs(entries: readonly TreeEntry[], directory: string): Map<string, Uint8Array> {
  const contents = new Map<string, Uint8Array>();
  const wanted = new Map(entries.map((entry) => [entry.object, entry.size]));
  for (const [object, size] of wanted) {
    if (size > MAXIMUM_FILE_SIZE) contents.set(object, new Uint8Array(MAXIMUM_FILE_SIZE + 1));
  }
  const objects = [...wanted.keys()].filter((object) => !contents.has(object));
  if (objects.length === 0) return contents;
  const printed = git(directory, ["cat-file", "--batch"], `${objects.join("\n")}\n`);
  if (printed === undefined) throw new UsageError(`git cannot read the files in ${printable(directory)}.`);
  let at = 0;
  for (const object of objects) {
    // OBJECT SP blob SP SIZE LF CONTENT LF
    const start = printed.indexOf("\n", at) + 1;
    const [name, type, size] = printed.toString("latin1", at, start).trim().split(" ");
    if (name !== object || type !== "blob") throw new UsageError(`git cannot read the object ${object}.`);
    at = start + Number(size) + 1;
    contents.set(object, printed.subarray(start, at - 1));
  }
  return contents;
}

/** The directory of the repository, without symbolic links. */
export function repositoryOf(directory: string): string {
  const root = git(directory, ["rev-parse", "--show-toplevel"])?.toString().replace(/\n$/, "");
  if (root === undefined) throw new UsageError(`${printable(directory)} is not in a git repository.`);
  return realpathSync(root);
}

/** What git prints; undefined if it says no. */
function git(directory: string, args: string[], input = ""): Buffer | undefined {
  try {
    return execFileSync("git", args, {
      cwd: directory,
      input,
      maxBuffer: 4 * MAXIMUM_SIZE,
      // A path is this path, not a pattern.
      env: { ...process.env, GIT_LITERAL_PATHSPECS: "1" },
      stdio: ["pipe", "pipe", "ignore"],
    });
  } catch (error) {
    // No status: git did not run at all, or was killed.
    if (typeof (error as { status?: unknown }).status === "number") return undefined;
    throw new UsageError(`git cannot be run: ${printable((error as Error).message)}.`);
  }
}
