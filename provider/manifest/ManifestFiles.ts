/**
 * The files that a manifest is made of: one file, or all YAML files below a directory. Names that begin with a dot are
 * those of editors and version control, and are not read. Nothing is followed.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { by } from "../text/order";

export interface ManifestFileContent {
  /** Its name, as problems are to show it. */
  file: string;
  /** Its bytes, or its text; undefined if it is no regular file. */
  content: string | Uint8Array | undefined;
}

/** Bytes. Ten thousand sites with their clients and users need less than one of the two MiB. */
export const MAXIMUM_FILE_SIZE = 2 * 1024 * 1024;

/** Bytes of all files. */
export const MAXIMUM_SIZE = 8 * 1024 * 1024;
export const MAXIMUM_FILES = 1000;

/** Where the manifest of a project is if nothing names another place. */
const DEFAULT_MANIFESTS = ["access.yaml", "access"];

/** Those of the default manifests that a directory has; more than one is a mistake. A directory without YAML is none. */
export function defaultManifestsIn(directory: string): string[] {
  return DEFAULT_MANIFESTS.filter((name) => {
    const path = join(directory, name);
    return isDirectory(path)
      ? declaresAccess(manifestFiles(entriesBelow(path)))
      : existsSync(path) && name !== "access";
  });
}

/** The file of the access tests of a manifest: `access.test.yaml` beside `access.yaml` or `access/`. */
export function testsFileOf(manifest: string): string {
  return `${manifest.replace(/\/+$/, "").replace(/\.ya?ml$/i, "")}.test.yaml`;
}

/** Whether a file of a directory has access tests, by its name. */
export function isTestsFile(path: string): boolean {
  return /\.test\.ya?ml$/i.test(path);
}

/** Whether a directory with these files is a manifest. */
export function declaresAccess(files: readonly DirectoryEntry[]): boolean {
  return files.some(({ path }) => !isTestsFile(path));
}

/** What is in a directory. */
export interface DirectoryEntry {
  /** From the directory of the manifest, with / between names. */
  path: string;
  isRegularFile: boolean;
}

/**
 * Those that are files of the manifest, or would be if they were regular files and in the right place, in the order in which
 * they are read.
 */
export function manifestFiles<Entry extends DirectoryEntry>(entries: readonly Entry[]): Entry[] {
  return entries
    .filter(({ path, isRegularFile }) => {
      if (/(^|\/)\./.test(path)) return false;
      // Where a link leads to is not known in every place that a manifest is read from.
      return !isRegularFile || /\.ya?ml$/i.test(path);
    })
    .sort(by("path"));
}

/**
 * The files of a manifest, each with its content.
 *
 * @throws the errors of node:fs
 */
export function filesOfManifest(path: string, shownAs = path): ManifestFileContent[] {
  if (!isDirectory(path)) return [{ file: shownAs, content: fileBytes(path) }];
  const files: ManifestFileContent[] = [];
  let size = 0;
  for (const { path: name, isRegularFile } of manifestFiles(entriesBelow(path)).slice(0, MAXIMUM_FILES + 1)) {
    const content = isRegularFile && size <= MAXIMUM_SIZE ? fileBytes(join(path, name)) : undefined;
    size += content?.length ?? 0;
    files.push({ file: nameIn(shownAs, name), content });
  }
  return files;
}

/** How a file of a directory is shown. */
export function nameIn(directory: string, path: string): string {
  return `${directory.replace(/[/\\]+$/, "")}/${path}`;
}

/** The other way around; empty for the manifest itself. */
export function pathIn(directory: string, file: string): string {
  return file === directory ? "" : file.slice(nameIn(directory, "").length);
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function entriesBelow(directory: string, prefix = ""): DirectoryEntry[] {
  return readdirSync(join(directory, prefix), { withFileTypes: true }).flatMap((entry): DirectoryEntry[] => {
    const path = `${prefix}${entry.name}`;
    if (entry.name.startsWith(".")) return [];
    if (entry.isDirectory()) return entriesBelow(directory, `${path}/`);
    return [{ path, isRegularFile: entry.isFile() }];
  });
}

/**
 * A file's bytes, and one more than are allowed of a file that has more: a link to something without end is no manifest.
 *
 * @throws the errors of node:fs
 */
export function fileBytes(file: string): Uint8Array {
  return firstBytes(file, MAXIMUM_FILE_SIZE + 1);
}

/** @throws the errors of node:fs */
export function firstBytes(file: string, most: number): Uint8Array {
  const bytes = Buffer.alloc(most);
  const descriptor = openSync(file, "r");
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    // A copy: a small file does not hold the memory for a large one.
    return new Uint8Array(bytes.subarray(0, length));
  } finally {
    closeSync(descriptor);
  }
}
