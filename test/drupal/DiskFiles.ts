import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from "node:fs";
import { symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry } from "../aegir/FileSystem";
import type { AccountFiles } from "../aegir/ShellAccounts";

/** A server's paths as they lie below a directory of this machine. */
export class DiskFiles implements AccountFiles {
  constructor(private readonly root: string) {}

  private real(path: string): string {
    return join(this.root, path);
  }

  makeDirectory(path: string): void {
    mkdirSync(this.real(path), { recursive: true });
  }

  write(path: string, content: string | Buffer): void {
    writeFileSync(this.real(path), content, { mode: 0o600 });
  }

  lstat(path: string): Entry | undefined {
    const stat = lstatSync(this.real(path), { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    const modified = Math.floor(stat.mtimeMs / 1000);
    if (stat.isDirectory()) return { kind: "directory", modified };
    if (!stat.isSymbolicLink()) return { kind: "file", content: readFileSync(this.real(path)), modified };
    return { kind: "link", target: readlinkSync(this.real(path)).slice(this.root.length), modified };
  }

  exists(path: string): boolean {
    return existsSync(this.real(path));
  }

  list(path: string): string[] {
    return readdirSync(this.real(path)).sort();
  }

  link(target: string, path: string): void {
    symlinkSync(this.real(target), this.real(path));
  }

  unlink(path: string): void {
    unlinkSync(this.real(path));
  }

  removeDirectory(path: string): void {
    rmdirSync(this.real(path));
  }

  removeTree(path: string): void {
    rmSync(this.real(path), { recursive: true, force: true });
  }
}
