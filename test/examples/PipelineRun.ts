/** A directory in which the scripts of a pipeline run as a runner runs them, with stand-ins for programs that are not there. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const root = join(__dirname, "..", "..");
const command = "node_modules/pulumi-aegir/dist/cli/main.js";

export class PipelineRun {
  readonly #home = mkdtempSync(join(tmpdir(), "aegir-runner-"));
  readonly #bin = join(this.#home, "bin");

  /** @param directory a project that has the package installed; one that has the compiled package alone if absent */
  constructor(readonly directory = emptyProject()) {
    mkdirSync(this.#bin);
    // What `npx --no-install aegir-access ...` does.
    this.stand("npx", `shift 2; exec "${process.execPath}" ${command} "$@"`);
  }

  at(file: string): string {
    return join(this.directory, file);
  }

  /** Empty if there is no such file. */
  read(file: string): string {
    return existsSync(this.at(file)) ? readFileSync(this.at(file), "utf8") : "";
  }

  /** Makes a script take the place of a program. */
  stand(name: string, script: string): void {
    writeFileSync(join(this.#bin, name), `#!/bin/bash\n${script}\n`);
    chmodSync(join(this.#bin, name), 0o755);
  }

  git(...args: string[]): string {
    const who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
    return execFileSync("git", [...who, ...args], { cwd: this.directory, stdio: "pipe" })
      .toString()
      .trim();
  }

  /** Commits the manifest. */
  commit(text: string): void {
    writeFileSync(this.at("access.yaml"), text);
    this.git("add", "access.yaml");
    this.git("commit", "-q", "-m", "A change");
  }

  /** Runs a script as both runners do: with bash, until its first error. */
  async bash(script: string, env: Record<string, string>): Promise<{ code: number | null; output: string }> {
    const child = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], {
      cwd: this.directory,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: [this.#bin, process.env["PATH"]].join(delimiter),
        HOME: this.#home,
        DIRECTORY: this.directory,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        ...env,
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (piece: Buffer) => (output += piece.toString()));
    }
    const [code] = (await once(child, "close")) as [number | null];
    return { code, output };
  }

  remove(): void {
    for (const directory of [this.directory, this.#home]) rmSync(directory, { recursive: true });
  }
}

function emptyProject(): string {
  const directory = mkdtempSync(join(tmpdir(), "aegir-ci-"));
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(join(root, "provider"), join(directory, "node_modules", "pulumi-aegir"), "junction");
  writeFileSync(join(directory, "Pulumi.yaml"), "name: access\nruntime: nodejs\n");
  const server = { accounts: { instance: "o1" } };
  writeFileSync(
    join(directory, "Pulumi.production.yaml"),
    JSON.stringify({ config: { "aegir:servers": { main: server } } }),
  );
  return directory;
}

/** A manifest of one client with these users. */
export const manifest = (users: string) => `version: 1
clients:
  - { name: Acme Corp, internalName: acme, sites: [www.acme.example], users: [${users}] }
`;
