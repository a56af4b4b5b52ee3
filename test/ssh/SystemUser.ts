import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { skip } from "../support/skip";

/** A hook that skips the suite, and says why, where no system user can be made: a login's own shell and home need one. */
export function needRoot(this: Mocha.Context): void {
  if (process.getuid?.() === 0 && spawnSync("useradd", ["--help"]).status === 0) return;
  skip(this, "what needs a system user of its own", "running the tests as root on Linux, in a container for example");
}

/** A system user with a home below /home, for one suite, whom keys let in, and no password until it has one. */
export class SystemUser {
  readonly home: string;
  #removed = false;

  private constructor(readonly name: string) {
    this.home = `/home/${name}`;
    // Whatever ends the tests, the machine has no such user afterwards.
    process.once("exit", () => this.remove());
  }

  /** @param suffix what its name ends with, such as `.ftp` */
  static create({ suffix = "", shell = "/bin/bash" } = {}): SystemUser {
    const user = new SystemUser(`aegirtest${process.pid}${suffix}`);
    // A password of "*" is none, and unlike the default it is no locked account, which sshd lets nobody into.
    const settings = ["--create-home", "--home-dir", user.home, "--shell", shell, "--password", "*"];
    execFileSync("useradd", [...settings, user.name], { stdio: ["ignore", "ignore", "pipe"] });
    return user;
  }

  set shell(program: string) {
    execFileSync("usermod", ["--shell", program, this.name]);
  }

  set password(text: string) {
    const input = `${this.name}:${text}`;
    execFileSync("chpasswd", ["--crypt-method", "SHA512"], { input, stdio: ["pipe", "ignore", "pipe"] });
  }

  /** Writes a file below its home that belongs to it, as the new directory does that it lies in. */
  write(path: string, content: string, mode = 0o644): void {
    const file = join(this.home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, mode);
    execFileSync("chown", ["--recursive", `${this.name}:`, join(this.home, path.split("/")[0]!)]);
  }

  removeFile(path: string): void {
    rmSync(join(this.home, path));
  }

  /** Skips the suite, and says why, if it may not run a program, which may lie where only root gets to. */
  mustRun(program: string, context: Mocha.Context): void {
    const { status } = spawnSync("runuser", ["--user", this.name, "--", program, "--version"]);
    if (status !== 126 && status !== 127) return;
    skip(context, `what runs ${program} as another user`, "installing it where every user can run it");
  }

  remove(): void {
    if (this.#removed) return;
    this.#removed = true;
    execFileSync("userdel", ["--force", "--remove", this.name], { stdio: "ignore" });
  }
}
