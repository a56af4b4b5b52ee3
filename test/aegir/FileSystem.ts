/**
 * The part of the server's disk that matters to access: client directories with links to sites, homes and password
 * files. Directories, files and symbolic links under absolute paths; links are followed as the kernel follows them.
 */
import { posix } from "node:path";

/** Files that somebody puts there and takes away, as a set of their paths. */
export class Markers extends Set<string> {
  constructor(private readonly files: FileSystem) {
    super();
  }

  override add(path: string): this {
    this.files.write(path, "");
    return super.add(path);
  }

  override delete(path: string): boolean {
    if (this.has(path)) this.files.unlink(path);
    return super.delete(path);
  }

  override clear(): void {
    for (const path of [...this]) this.delete(path);
  }
}

/** `code` is the errno's name: ENOENT, ENOTDIR, EEXIST, ENOTEMPTY, EISDIR, ELOOP, EROFS. */
export class FileSystemError extends Error {
  constructor(
    readonly code: "ENOENT" | "ENOTDIR" | "EEXIST" | "ENOTEMPTY" | "EISDIR" | "ELOOP" | "EROFS",
    path: string,
  ) {
    super(`${code}: ${path}`);
    this.name = "FileSystemError";
  }
}

export type Entry =
  | { kind: "directory"; modified: number }
  | { kind: "file"; content: Buffer; modified: number }
  | { kind: "link"; target: string; modified: number };

export class FileSystem {
  private readonly entries = new Map<string, Entry>();
  /** The names in every directory that has any. */
  private readonly names = new Map<string, Set<string>>();

  /** `now`: whole seconds, for modification times. */
  constructor(private readonly now: () => number) {
    this.entries.set("/", { kind: "directory", modified: now() });
  }

  /** Makes the directory and those above it. */
  makeDirectory(path: string): void {
    const real = this.resolve(path, "follow");
    const entry = this.entries.get(real);
    if (entry?.kind === "directory") return;
    if (entry !== undefined) throw new FileSystemError("EEXIST", path);
    this.makeDirectory(posix.dirname(real));
    this.place(real, { kind: "directory", modified: this.now() });
  }

  write(path: string, content: string | Buffer): void {
    const real = this.resolve(path, "follow");
    if (this.entries.get(real)?.kind === "directory") throw new FileSystemError("EISDIR", path);
    this.requireDirectory(posix.dirname(real));
    this.place(real, { kind: "file", content: Buffer.from(content), modified: this.now() });
  }

  read(path: string): Buffer {
    const entry = this.stat(path);
    if (entry === undefined) throw new FileSystemError("ENOENT", path);
    if (entry.kind !== "file") throw new FileSystemError("EISDIR", path);
    return entry.content;
  }

  link(target: string, path: string): void {
    const real = this.resolve(path, "keep the last link");
    if (this.entries.has(real)) throw new FileSystemError("EEXIST", path);
    this.requireDirectory(posix.dirname(real));
    this.place(real, { kind: "link", target, modified: this.now() });
  }

  /** What stands at the path itself, a link as a link; undefined if nothing does. */
  lstat(path: string): Entry | undefined {
    return this.find(path, "keep the last link");
  }

  /** What the path leads to; undefined if nothing is there or a link on the way dangles. */
  stat(path: string): Entry | undefined {
    return this.find(path, "follow");
  }

  exists(path: string): boolean {
    return this.stat(path) !== undefined;
  }

  /** The names in a directory, sorted. */
  list(path: string): string[] {
    const real = this.resolve(path, "follow");
    this.requireDirectory(real);
    return [...(this.names.get(real) ?? [])].sort();
  }

  /** Removes a file or a link, never what a link leads to. */
  unlink(path: string): void {
    const real = this.resolve(path, "keep the last link");
    const entry = this.entries.get(real);
    if (entry === undefined) throw new FileSystemError("ENOENT", path);
    if (entry.kind === "directory") throw new FileSystemError("EISDIR", path);
    this.remove(real);
  }

  /** Removes an empty directory. */
  removeDirectory(path: string): void {
    if (this.list(path).length > 0) throw new FileSystemError("ENOTEMPTY", path);
    this.remove(this.resolve(path, "keep the last link"));
  }

  /** `rm -rf`: nothing there is fine, links are not followed. */
  removeTree(path: string): void {
    const real = this.resolve(path, "keep the last link");
    for (const name of [...(this.names.get(real) ?? [])]) this.removeTree(posix.join(real, name));
    this.remove(real);
  }

  private place(real: string, entry: Entry): void {
    const directory = posix.dirname(real);
    this.names.set(directory, (this.names.get(directory) ?? new Set<string>()).add(posix.basename(real)));
    this.entries.set(real, entry);
  }

  private remove(real: string): void {
    this.names.get(posix.dirname(real))?.delete(posix.basename(real));
    this.entries.delete(real);
  }

  private find(path: string, last: "follow" | "keep the last link"): Entry | undefined {
    try {
      return this.entries.get(this.resolve(path, last));
    } catch (error) {
      if (error instanceof FileSystemError) return undefined;
      throw error;
    }
  }

  private requireDirectory(path: string): void {
    const entry = this.entries.get(path);
    if (entry === undefined) throw new FileSystemError("ENOENT", path);
    if (entry.kind !== "directory") throw new FileSystemError("ENOTDIR", path);
  }

  /** The path without links on the way; the last part need not exist. */
  private resolve(path: string, last: "follow" | "keep the last link", hops = 0): string {
    if (hops > 40) throw new FileSystemError("ELOOP", path);
    const parts = posix.resolve("/", path).split("/").filter(Boolean);
    let real = "/";
    for (const [index, part] of parts.entries()) {
      real = posix.join(real, part);
      const entry = this.entries.get(real);
      const isLast = index === parts.length - 1;
      if (entry?.kind === "link" && (!isLast || last === "follow")) {
        const target = posix.resolve(posix.dirname(real), entry.target);
        return this.resolve(posix.join(target, ...parts.slice(index + 1)), last, hops + 1);
      }
      if (entry?.kind === "file" && !isLast) throw new FileSystemError("ENOTDIR", real);
    }
    return real;
  }
}
