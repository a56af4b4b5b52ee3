/**
 * An SSH client for tests of the small Aegir and for looking through the second channel: ssh2 and nothing of the provider,
 * so that both cannot be wrong in the same way.
 */
import { createHash, randomBytes } from "node:crypto";
import { Client, type ClientChannel, type SFTPWrapper } from "ssh2";
import { WORKER_ARGUMENTS, type Verb } from "../../provider/worker/protocol";

export interface Target {
  host: string;
  port: number;
  user: string;
  password?: string;
  privateKey?: string;
  /** The only key that the server may show, as a fingerprint or a public key line; any if absent. */
  hostKey?: string;
}

/** Connects and logs in; rejects with ssh2's error, whose `level` is `client-authentication` for refused credentials. */
export async function connect({ host, port, user, password, privateKey, hostKey }: Target): Promise<Client> {
  const client = new Client();
  const hostVerifier = (key: Buffer) =>
    [key.toString("base64"), createHash("sha256").update(key).digest("base64").replace(/=+$/, "")].some(
      (shown) => hostKey?.includes(shown) ?? true,
    );
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve);
    // A cut connection reports an error that nobody waits for any more.
    client.on("error", reject);
    client.once("close", () => reject(new Error("The connection was closed.")));
    client.connect({ host, port, username: user, password, privateKey, hostVerifier });
  });
  return client;
}

export interface CommandResult {
  stdout: string;
  stderr: string;
  code: number | null;
  signal: string | undefined;
}

function collect(channel: ClientChannel): Promise<CommandResult> {
  const result: CommandResult = { stdout: "", stderr: "", code: null, signal: undefined };
  channel.on("data", (piece: Buffer) => (result.stdout += piece.toString()));
  channel.stderr.on("data", (piece: Buffer) => (result.stderr += piece.toString()));
  channel.on("exit", (code: number | null, signal?: string) => {
    result.code = code;
    result.signal = signal;
  });
  return new Promise((resolve) => channel.once("close", () => resolve(result)));
}

interface Running {
  channel: ClientChannel;
  /** How it ended. */
  ended: Promise<CommandResult>;
}

/** Listens from the first moment on: a command may end in the same packet that says that it has begun. */
function open(client: Client, command: string): Promise<Running> {
  return new Promise((resolve, reject) =>
    client.exec(command, (error, channel) => (error ? reject(error) : resolve({ channel, ended: collect(channel) }))),
  );
}

/** Runs a command with this standard input to its end. */
export async function execute(client: Client, command: string, input = ""): Promise<CommandResult> {
  const { channel, ended } = await open(client, command);
  channel.end(input);
  return ended;
}

export interface PlainAnswer {
  id: number;
  now: number;
  ok: boolean;
  // Answers are held to the schemas by those who ask for them.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  result?: any;
  error?: { code: string; message: string; detail?: Record<string, unknown>; fatal?: boolean };
}

/** A worker's session, spoken by hand. */
export class PlainWorker {
  private readonly marker = randomBytes(16).toString("hex");
  private readonly waiting = new Map<
    number,
    { resolve: (answer: PlainAnswer) => void; reject: (why: Error) => void }
  >();
  private received = Buffer.alloc(0);
  private nextId = 1;
  readonly channel: ClientChannel;
  /** How the process ended. */
  readonly ended: Promise<CommandResult>;

  private constructor(
    readonly client: Client,
    { channel, ended }: Running,
  ) {
    this.channel = channel;
    this.ended = ended;
    channel.on("data", (piece: Buffer) => this.receive(piece));
    channel.once("close", () => {
      for (const { reject } of this.waiting.values()) reject(new Error("The worker ended without an answer."));
    });
  }

  /** Starts a worker and says hello. */
  static async start(target: Target, command = `drush @hostmaster ${WORKER_ARGUMENTS}`): Promise<PlainWorker> {
    const client = await connect(target);
    const worker = new PlainWorker(client, await open(client, command));
    worker.channel.write(`${Buffer.from("// no PHP is run here\n").toString("base64")}\n`);
    await worker.request("hello", { protocol: 1, marker: worker.marker });
    return worker;
  }

  /** The answer, whatever it says; rejects if none comes. */
  request(verb: Verb, args: object): Promise<PlainAnswer> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.channel.write(`${JSON.stringify({ id, verb, args })}\n`);
    });
  }

  /** The result; throws for an error answer. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async ask(verb: Verb, args: object): Promise<any> {
    const answer = await this.request(verb, args);
    if (!answer.ok) throw new Error(`${answer.error?.code}: ${answer.error?.message}`);
    return answer.result;
  }

  close(): void {
    this.client.end();
  }

  private receive(piece: Buffer): void {
    this.received = Buffer.concat([this.received, piece]);
    for (;;) {
      const start = this.received.indexOf(`\n${this.marker} `);
      if (start < 0) return;
      const head = /^\n[0-9a-f]{32} (\d+) /.exec(this.received.subarray(start, start + 60).toString());
      if (head?.[1] === undefined) return;
      const from = start + head[0].length;
      const to = from + Number(head[1]);
      if (this.received.length <= to) return;
      const answer = JSON.parse(this.received.subarray(from, to).toString()) as PlainAnswer;
      this.received = this.received.subarray(to + 1);
      this.waiting.get(answer.id)?.resolve(answer);
      this.waiting.delete(answer.id);
    }
  }
}

/** A file session as promises. */
export class PlainFiles {
  private constructor(
    readonly client: Client,
    private readonly sftp: SFTPWrapper,
  ) {}

  static async open(target: Target): Promise<PlainFiles> {
    const client = await connect(target);
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) =>
      client.sftp((error, session) => (error ? reject(error) : resolve(session))),
    );
    return new PlainFiles(client, sftp);
  }

  /** Names, sorted. */
  list(path: string): Promise<string[]> {
    return new Promise((resolve, reject) =>
      this.sftp.readdir(path, (error, entries) =>
        error ? reject(error) : resolve(entries.map(({ filename }) => filename).sort()),
      ),
    );
  }

  read(path: string): Promise<string> {
    return new Promise((resolve, reject) =>
      this.sftp.readFile(path, (error, content) => (error ? reject(error) : resolve(content.toString()))),
    );
  }

  write(path: string, content: string): Promise<void> {
    return new Promise((resolve, reject) =>
      this.sftp.writeFile(path, content, (error) => (error ? reject(error) : resolve())),
    );
  }

  unlink(path: string): Promise<void> {
    return new Promise((resolve, reject) => this.sftp.unlink(path, (error) => (error ? reject(error) : resolve())));
  }

  close(): void {
    this.client.end();
  }
}

/** SSH_FX_NO_SUCH_FILE */
const NO_SUCH_FILE = 2;

/**
 * What a shell account sees below `sites/`; undefined if it is not let in. An account whose client directory is gone, but
 * which BOA's cron has not removed yet, sees nothing.
 */
export async function sitesOfLogin(login: Target): Promise<string[] | undefined> {
  let files: PlainFiles;
  try {
    files = await PlainFiles.open(login);
  } catch (error) {
    if ((error as { level?: string }).level === "client-authentication") return undefined;
    throw error;
  }
  try {
    return await files.list("sites");
  } catch (error) {
    if ((error as { code?: number }).code === NO_SUCH_FILE) return [];
    throw error;
  } finally {
    files.close();
  }
}
