import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { OperationsProvider, type Operation, type ResourceType } from "./Provider";

interface Answer {
  id: number;
  result?: unknown;
  error?: { name: string; message: string; id?: string; properties?: object; reasons?: string[] };
}

/** The operations in a process of their own, without Pulumi's SDK, which takes four times as long to start as all the rest. */
export class ChildProvider extends OperationsProvider {
  /** What it printed. */
  readonly printed: string[] = [];
  private readonly child = fork(join(__dirname, "providerHost.js"), { silent: true });
  private readonly ended = once(this.child, "exit").then(() => Promise.reject(new Error("the process has ended")));
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private asked = 0;

  /** Starts it; what it is asked meanwhile waits. */
  constructor(servers: object) {
    super();
    this.ended.catch(() => undefined);
    this.child.send({ servers: JSON.stringify(servers) });
    this.child.on("message", (answer: Answer) => this.waiting.get(answer.id)!(answer));
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on("data", (text: Buffer) => this.printed.push(text.toString()));
    }
  }

  protected async call<Result>(type: ResourceType, operation: Operation, parameters: unknown[]): Promise<Result> {
    const id = ++this.asked;
    this.child.send({ id, type, operation, parameters });
    const answered = new Promise<Answer>((resolve) => this.waiting.set(id, resolve));
    const { result, error } = await Promise.race([answered, this.ended]);
    if (error) throw Object.assign(new Error(error.message), error);
    return result as Result;
  }

  /** Waits until it is gone; nothing is cleaned up. */
  async kill(): Promise<void> {
    const closed = once(this.child, "close");
    this.child.kill("SIGKILL");
    await closed;
  }

  async end() {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill();
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }
}
