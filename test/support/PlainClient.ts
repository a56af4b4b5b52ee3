/**
 * An SSH client for looking at a server through the second channel: ssh2 and nothing of the provider, so that both cannot
 * be wrong in the same way.
 */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { Client, type SFTPWrapper } from "ssh2";

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
}

/** Runs a command with this standard input to its end. */
export function execute(client: Client, command: string, input = ""): Promise<CommandResult> {
  const result: CommandResult = { stdout: "", stderr: "", code: null };
  return new Promise((resolve, reject) =>
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      channel.on("data", (piece: Buffer) => (result.stdout += piece.toString()));
      channel.stderr.on("data", (piece: Buffer) => (result.stderr += piece.toString()));
      channel.on("exit", (code: number | null) => (result.code = code));
      channel.once("close", () => resolve(result));
      channel.end(input);
    }),
  );
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
  async list(path: string): Promise<string[]> {
    const entries = await promisify(this.sftp.readdir.bind(this.sftp))(path);
    return entries.map(({ filename }) => filename).sort();
  }

  async read(path: string): Promise<string> {
    return (await promisify(this.sftp.readFile.bind(this.sftp))(path)).toString();
  }

  async write(path: string, content: string): Promise<void> {
    await promisify(this.sftp.writeFile.bind(this.sftp))(path, content);
  }

  async unlink(path: string): Promise<void> {
    await promisify(this.sftp.unlink.bind(this.sftp))(path);
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
