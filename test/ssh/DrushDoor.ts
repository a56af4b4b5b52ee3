import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import type { SmallAegir } from "../aegir/SmallAegir";
import type { Running } from "../aegir/SmallAegir";
import type { DrushOutput } from "./drush";

/** A second way into a small Aegir: a program that any process of this machine may run as its `drush`. */
export class DrushDoor {
  /** The program's path. */
  readonly program: string;
  /** The arguments of every call, as they came out of the shell that ran it. */
  readonly calls: string[][] = [];

  private constructor(
    private readonly directory: string,
    private readonly server: Server,
  ) {
    this.program = join(directory, "drush");
  }

  /** @param cutConnection breaks the connection that the program was run over, for the small Aegir's faults */
  static async open(aegir: SmallAegir, cutConnection: () => void): Promise<DrushDoor> {
    const directory = mkdtempSync(join(tmpdir(), "drush-"));
    const server = createServer({ allowHalfOpen: true });
    const door = new DrushDoor(directory, server);
    server.on("connection", (socket) => door.#serve(aegir, socket, cutConnection));
    await new Promise<void>((resolve) => server.listen(join(directory, "socket"), resolve));
    const compilerOptions = { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022 };
    const { outputText } = transpileModule(readFileSync(join(__dirname, "drush.ts"), "utf8"), { compilerOptions });
    writeFileSync(door.program, `#!${process.execPath}\n${outputText}`, { mode: 0o755 });
    // Whoever logs in to the sshd runs it.
    chmodSync(directory, 0o755);
    chmodSync(join(directory, "socket"), 0o666);
    return door;
  }

  close(): void {
    this.server.close();
    rmSync(this.directory, { recursive: true });
  }

  #serve(aegir: SmallAegir, socket: Socket, cutConnection: () => void): void {
    let unread = Buffer.alloc(0);
    let process: Running | null | undefined;
    const tell = (output: DrushOutput) => void socket.write(`${JSON.stringify(output)}\n`);
    const start = (argumentsLine: string) => {
      const words = JSON.parse(argumentsLine) as string[];
      this.calls.push(words);
      return aegir.run(["drush", ...words.map(quoted)].join(" "), {
        write: (output) => tell({ stdout: Buffer.from(output).toString("base64") }),
        writeError: (stderr) => tell({ stderr }),
        exit: (exit) => tell({ exit }),
        kill: (signal) => tell({ signal: `SIG${signal}` as NodeJS.Signals }),
        // OpenSSH closes no channel without an exit code while its connection lives.
        close: cutConnection,
        cutConnection,
      });
    };
    socket.on("error", () => undefined);
    socket.on("data", (piece: Buffer) => {
      unread = Buffer.concat([unread, piece]);
      if (process === undefined) {
        const end = unread.indexOf(10);
        if (end < 0) return;
        process = start(unread.subarray(0, end).toString());
        unread = unread.subarray(end + 1);
      }
      process?.receive(unread);
      unread = Buffer.alloc(0);
    });
    socket.on("end", () => process?.end());
    socket.on("close", () => process?.abandon());
  }
}

/** A word as WORKER_ARGUMENTS quotes it. */
function quoted(word: string): string {
  return /^[\w@=./-]+$/.test(word) ? word : `"${word}"`;
}
