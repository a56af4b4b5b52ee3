import * as fs from "node:fs";
import { join } from "node:path";

/** A server's disk: its absolute paths as they lie below a directory of this machine. */
export class Disk {
  constructor(readonly root: string) {}

  /** Where the path lies on this machine. */
  real(path: string): string {
    return join(this.root, path);
  }

  /** Makes the directory and those above it. */
  makeDirectory(path: string): void {
    fs.mkdirSync(this.real(path), { recursive: true });
  }

  /** @param seconds when, since the epoch; now, by this machine's clock, if absent */
  write(path: string, content: string, seconds = Date.now() / 1000): void {
    fs.writeFileSync(this.real(path), content, { mode: 0o600 });
    fs.utimesSync(this.real(path), seconds, seconds);
  }

  read(path: string): string {
    return fs.readFileSync(this.real(path), "utf8");
  }

  /** Whether the path leads to something; false for a link that dangles. */
  exists(path: string): boolean {
    return fs.existsSync(this.real(path));
  }

  /** Whether a file is there that neither its group nor others may write to. */
  isWrittenByOwnerAlone(path: string): boolean {
    return ((fs.statSync(this.real(path), { throwIfNoEntry: false })?.mode ?? 0o022) & 0o022) === 0;
  }

  /** The names in a directory, sorted. */
  list(path: string): string[] {
    return fs.readdirSync(this.real(path)).sort();
  }

  link(target: string, path: string): void {
    fs.symlinkSync(this.real(target), this.real(path));
  }

  /** Where a link leads, whether something is there or not; undefined if there is no link. */
  linkTarget(path: string): string | undefined {
    const stat = fs.lstatSync(this.real(path), { throwIfNoEntry: false });
    return stat?.isSymbolicLink() ? fs.readlinkSync(this.real(path)).slice(this.root.length) : undefined;
  }

  /** Removes a file or a link, never what a link leads to. */
  unlink(path: string): void {
    fs.unlinkSync(this.real(path));
  }

  /** Removes an empty directory. */
  removeDirectory(path: string): void {
    fs.rmdirSync(this.real(path));
  }

  /** `rm -rf`: nothing there is fine, links are not followed. */
  removeTree(path: string): void {
    fs.rmSync(this.real(path), { recursive: true, force: true });
  }
}
