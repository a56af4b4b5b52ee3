import { randomBytes } from "node:crypto";
import type { Client, ClientChannel } from "ssh2";
import {
  Answer,
  PROTOCOL_VERSION,
  type Verb,
  type VerbResult,
  verbs,
  WORKER_ARGUMENTS,
} from "../../provider/worker/protocol";
import { workerSource } from "../../provider/worker/source";
import { connect } from "../support/PlainClient";

/** A login that runs Drush; fields as in @pulumi/command's `remote.ConnectionArgs`. */
export interface Connection {
  host: string;
  port: number;
  user: string;
  privateKey: string;
  /** A fingerprint (`SHA256:...`) or a public key line. */
  hostKey: string;
}

/** A refusal, or any other answer that is not ok. */
export type Failure = Extract<Answer, { ok: false }>["error"];

/** Opens a connection and runs one command in it. */
export async function run(
  connection: Connection,
  command: string,
): Promise<{ client: Client; channel: ClientChannel }> {
  const client = await connect(connection);
  const channel = await new Promise<ClientChannel>((resolve, reject) =>
    client.exec(command, (error, started) => (error ? reject(error) : resolve(started))),
  );
  return { client, channel };
}

/**
 * A worker as PROTOCOL.md describes it, byte by byte, with none of the package's own transport between: what the suite
 * says of framing, it has seen. Answers are checked against the schemas of protocol.ts.
 */
export class RawWorker {
  readonly marker = randomBytes(16).toString("hex");
  /** Every frame of the session, in order. */
  readonly answers: Answer[] = [];
  /** How the process ended, and what came besides frames. */
  readonly ended: Promise<{ exitCode: number | null; noise: string }>;
  #bytes = Buffer.alloc(0);
  #noise = "";
  #id = 0;
  #open = true;
  #wake: () => void = () => {};

  private constructor(
    client: Client,
    private readonly channel: ClientChannel,
  ) {
    channel.on("data", (piece: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, piece]);
      this.#readFrames();
      this.#wake();
    });
    channel.stderr.resume();
    this.ended = new Promise((resolve) => {
      let exitCode: number | null = null;
      channel.on("exit", (code: number | null) => (exitCode = code));
      channel.on("close", () => {
        this.#open = false;
        client.end();
        resolve({ exitCode, noise: this.#noise + this.#bytes.toString() });
        this.#wake();
      });
    });
  }

  /** A process that has the worker's source and waits for requests. */
  static async start(connection: Connection): Promise<RawWorker> {
    const { client, channel } = await run(connection, `drush @hostmaster ${WORKER_ARGUMENTS}`);
    channel.write(`${Buffer.from(workerSource()).toString("base64")}\n`);
    return new RawWorker(client, channel);
  }

  /** A worker that has said hello. */
  static async greeted(connection: Connection): Promise<RawWorker> {
    const worker = await RawWorker.start(connection);
    await worker.ok("hello", { protocol: PROTOCOL_VERSION, marker: worker.marker });
    return worker;
  }

  /** Any bytes, as they are. */
  write(bytes: string): void {
    this.channel.write(bytes);
  }

  /** Writes a request and answers its id. */
  send(verb: string, args: unknown): number {
    this.write(`${JSON.stringify({ id: ++this.#id, verb, args })}\n`);
    return this.#id;
  }

  /** The answer with this id, undefined if the process ends without it. */
  async answer(id: number): Promise<Answer | undefined> {
    for (;;) {
      const answer = this.answers.find((answer) => answer.id === id);
      if (answer || !this.#open) return answer;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async ask(verb: string, args: unknown): Promise<Answer> {
    const answer = await this.answer(this.send(verb, args));
    if (answer === undefined) {
      throw new Error(`no answer to ${verb} ${JSON.stringify(args)}: ${(await this.ended).noise}`);
    }
    return answer;
  }

  /** The result of a request that must succeed, as the protocol's schema has it and nothing more. */
  async ok<V extends Verb>(verb: V, args: unknown): Promise<VerbResult<V>> {
    const answer = await this.ask(verb, args);
    if (!answer.ok) throw new Error(`${verb} ${JSON.stringify(args)}: ${JSON.stringify(answer.error)}`);
    return verbs[verb].result.parse(answer.result) as VerbResult<V>;
  }

  /** The error of a request that must fail. */
  async failure(verb: Verb, args: unknown): Promise<Failure> {
    const answer = await this.ask(verb, args);
    if (answer.ok) throw new Error(`${verb} ${JSON.stringify(args)} succeeded: ${JSON.stringify(answer.result)}`);
    return answer.error;
  }

  /** Closes standard input, waits for the end of the process. */
  async end(): Promise<{ exitCode: number | null; noise: string }> {
    this.channel.end();
    return this.ended;
  }

  #readFrames(): void {
    const start = Buffer.from(`\n${this.marker} `);
    for (;;) {
      const at = this.#bytes.indexOf(start);
      if (at < 0) return;
      const length = /^(\d+) /.exec(this.#bytes.toString("latin1", at + start.length, at + start.length + 12));
      if (!length) return;
      const json = at + start.length + length[0].length;
      const end = json + Number(length[1]);
      if (this.#bytes.length <= end) return;
      if (this.#bytes[end] !== 0x0a) throw new Error(`an answer is not as long as it says: ${this.#bytes.toString()}`);
      this.answers.push(Answer.parse(JSON.parse(this.#bytes.toString("utf8", json, end))));
      this.#noise += this.#bytes.toString("utf8", 0, at);
      this.#bytes = this.#bytes.subarray(end + 1);
    }
  }
}
