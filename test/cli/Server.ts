/** A small Aegir and a directory in which the command finds its configuration; the key is in the environment alone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { SmallAegir, type SmallAegirOptions } from "../aegir/SmallAegir";
import { aegirAccess, type Ended } from "./command";

export class Server {
  private constructor(
    readonly aegir: SmallAegir,
    readonly directory: string,
  ) {}

  static async start(options: SmallAegirOptions = {}): Promise<Server> {
    const server = new Server(await SmallAegir.start(options), mkdtempSync(join(tmpdir(), "aegir-cli-")));
    const { host, port, user, hostKey } = server.aegir.drush;
    server.write("servers.yaml", stringify({ main: { connection: { host, port, user, hostKey } } }));
    return server;
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.directory, file), text);
  }

  read(file: string): string {
    return readFileSync(join(this.directory, file), "utf8");
  }

  /** Runs the command in the directory. */
  run(...args: string[]): Promise<Ended> {
    const environment = { AEGIR_PRIVATE_KEY: this.aegir.drush.privateKey };
    return aegirAccess(args, { cwd: this.directory, environment });
  }

  /** Runs a command that looks at the server. */
  look(command: string, ...args: string[]): Promise<Ended> {
    return this.run(command, "--config", "servers.yaml", ...args);
  }

  async stop(): Promise<void> {
    await this.aegir.stop();
    rmSync(this.directory, { recursive: true });
  }
}
