/** A real SSH server in this process that does exactly what a test tells it to, good or bad. */
import { connect, type Socket } from "node:net";
import type { Algorithms, AuthContext, Connection, ServerChannel, SFTPWrapper } from "ssh2";
import { Server } from "ssh2";
import type { ConnectionArgsInput } from "../../provider/ssh/ConnectionArgs";
import { ConnectionArgs } from "../../provider/ssh/ConnectionArgs";
import { resolveConnection } from "../../provider/ssh/credentials";
import { SshConnection } from "../../provider/ssh/SshConnection";
import type { Timings } from "../../provider/ssh/Timings";
import { type KeyPair, newKey, signed } from "../support/keys";
import { Listener } from "../support/Listener";

export { newEcdsaKey, newKey, newRsaKey, type KeyPair } from "../support/keys";

export interface Script {
  hostKeys?: KeyPair[];
  /** Accepted from anybody; default "correct horse". */
  password?: string;
  /** Public key lines. */
  authorizedKeys?: string[];
  /** The methods that it takes, as it says when it is asked and after a rejection. */
  methods?: ("password" | "publickey" | "keyboard-interactive")[];
  /** Sees each TCP connection first; true: this one is dealt with, it is no matter for the SSH server. */
  onSocket?: (socket: Socket, number: number) => boolean;
  onExec?: (channel: ServerChannel, command: string) => void;
  onSftp?: (sftp: SFTPWrapper) => void;
  maxSessions?: number;
  /** In place of ssh2's own. */
  algorithms?: Algorithms;
  /** Whether it is a bastion. */
  forwarding?: boolean;
}

export const PASSWORD = "correct horse";

export class ScriptedServer extends Listener {
  /** TCP connections so far. */
  connections = 0;
  /** Credentials offered, in order; a public key's query and its signature count as one. */
  readonly attempts: string[] = [];
  readonly commands: string[] = [];
  refusedSessions = 0;
  /** Requests about the connection as a whole, keepalives for example. */
  globalRequests = 0;
  #openSessions = 0;
  readonly hostKeys: KeyPair[];

  private constructor(private readonly script: Script) {
    super((socket) => {
      this.connections++;
      if (!script.onSocket?.(socket, this.connections)) server.injectSocket(socket);
    });
    this.hostKeys = script.hostKeys ?? [newKey()];
    const settings = { hostKeys: this.hostKeys.map((key) => key.private), algorithms: script.algorithms ?? {} };
    const server = new Server(settings, (client) => this.#serve(client));
  }

  static async start(script: Script = {}, port = 0): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    await server.up(port);
    return server;
  }

  /** Cuts every connection, and goes on listening. */
  drop(): void {
    this.cut();
  }

  /** Stops answering on every connection without closing it. */
  freeze(): void {
    this.sockets.forEach((socket) => socket.pause());
  }

  stop(): Promise<void> {
    return this.down();
  }

  /** What reaches this server with the right password and host key, unless told otherwise. */
  args(change: Partial<ConnectionArgsInput> = {}): ConnectionArgsInput {
    const hostKey = this.hostKeys.map((key) => key.fingerprint);
    return { host: "127.0.0.1", port: this.port, user: "aegir", password: PASSWORD, hostKey, ...change };
  }

  /** No environment of the machine that runs the test has a say. */
  connection(change: Partial<ConnectionArgsInput> = {}, timings: Partial<Timings> = {}): SshConnection {
    const args = ConnectionArgs.parse(this.args(change));
    return new SshConnection(args, () => resolveConnection(args, ["main"], {}), {
      retryPauseSeconds: 0.01,
      ...timings,
    });
  }

  #serve(client: Connection): void {
    client.on("error", () => undefined);
    client.on("authentication", (context) => this.#authenticate(context));
    client.on("request", (_accept, reject) => {
      this.globalRequests++;
      reject?.();
    });
    client.on("ready", () => {
      client.on("session", (accept, reject) => {
        if (this.#openSessions >= (this.script.maxSessions ?? Infinity)) {
          this.refusedSessions++;
          return reject();
        }
        this.#openSessions++;
        const session = accept();
        session.on("exec", (acceptExec, _reject, { command }) => {
          this.commands.push(command);
          const channel = acceptExec();
          channel.on("error", () => undefined);
          channel.on("close", () => this.#openSessions--);
          this.script.onExec?.(channel, command);
          if (channel.listenerCount("data") === 0) {
            // Else the end of its input, and with it the close, would never be seen.
            channel.resume();
          }
        });
        if (this.script.onSftp === undefined) return;
        session.on("sftp", (acceptSftp) => {
          const sftp = acceptSftp();
          sftp.on("close", () => this.#openSessions--);
          this.script.onSftp?.(sftp);
        });
      });
      // ssh2 answers "administratively prohibited" if nobody listens, as OpenSSH does without AllowTcpForwarding.
      if (!this.script.forwarding) return;
      client.on("tcpip", (accept, reject, { destIP, destPort }) => {
        const socket = connect({ host: destIP, port: destPort });
        socket.once("error", () => reject());
        socket.once("connect", () => {
          const channel = accept();
          channel.on("error", () => undefined);
          socket.on("error", () => channel.close());
          socket.pipe(channel).pipe(socket);
        });
      });
    });
  }

  #authenticate(context: AuthContext): void {
    const { authorizedKeys = [], password = PASSWORD, methods = ["publickey", "password"] } = this.script;
    const verdict = context.method === "publickey" ? signed(context) : undefined;
    // A key counts when it is shown, and not once more when it has signed.
    if (verdict === undefined && context.method !== "none") this.attempts.push(context.method);
    const accepted =
      context.method === "publickey"
        ? verdict !== false && authorizedKeys.some((line) => line.split(" ")[1] === context.key.data.toString("base64"))
        : context.method === "password" && context.password === password;
    if (accepted) context.accept();
    else context.reject(methods);
  }
}

export interface WorkerRequest {
  id: number;
  verb: string;
  args: { marker?: string; protocol?: number; [name: string]: unknown };
}

/** The bytes of one answer (worker/PROTOCOL.md). */
export function frame(marker: string, answer: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(answer));
  return Buffer.concat([Buffer.from(`\n${marker} ${json.length} `), json, Buffer.from("\n")]);
}

/** Reads a worker's standard input: the source, then one request per line. */
export function workerInput(
  channel: ServerChannel,
  onRequest: (request: WorkerRequest, marker: string, source: string) => void,
): void {
  let text = "";
  let source: string | undefined;
  let marker = "";
  channel.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      if (source === undefined) {
        source = Buffer.from(line, "base64").toString();
        continue;
      }
      const request = JSON.parse(line) as WorkerRequest;
      marker ||= request.args.marker ?? "";
      onRequest(request, marker, source);
    }
  });
}

export const NOW = 1_790_000_000;

/** A worker that greets, and leaves the other requests to the test. */
export function worker(
  onRequest: (request: WorkerRequest, answer: (result: unknown) => void, marker: string) => void,
): (channel: ServerChannel) => void {
  return (channel) => {
    workerInput(channel, (request, marker) => {
      const answer = (result: unknown) => {
        channel.write(frame(marker, { id: request.id, now: NOW, ok: true, result }));
      };
      if (request.verb === "hello") return answer({ protocol: request.args.protocol });
      onRequest(request, answer, marker);
    });
    channel.on("end", () => {
      channel.exit(0);
      channel.end();
    });
  };
}
