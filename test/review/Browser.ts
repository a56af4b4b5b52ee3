/**
 * A real browser without a window: Chromium, spoken to over its debugging pipe (Chrome DevTools Protocol, one JSON text
 * per message, each ended by a zero byte), because a page that forbids foreign scripts can be asked only from outside.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

/** What the calls of this file are answered with. */
interface Result {
  targetId?: string;
  sessionId?: string;
  data?: string;
  result?: { value?: unknown };
  exceptionDetails?: object;
}

interface Message {
  id?: number;
  method?: string;
  result?: Result;
  error?: { message: string };
}

export class Browser {
  readonly #waiting = new Map<number, { resolve: (result: Result) => void; reject: (error: Error) => void }>();
  readonly #listeners: ((message: Message) => void)[] = [];
  #session: string | undefined;
  #sent = 0;
  #received = "";

  private constructor(
    private readonly process: ChildProcess,
    private readonly profile: string,
  ) {
    const reader = process.stdio[4] as Readable;
    reader.setEncoding("utf8").on("data", (text: string) => this.#receive(text));
    process.on("exit", () => this.#waiting.forEach(({ reject }) => reject(new Error("the browser has ended"))));
  }

  /** @returns the command, if there is one on the PATH */
  static find(): string | undefined {
    return ["chromium", "chromium-browser", "google-chrome"].find(
      (name) => spawnSync(name, ["--version"]).status === 0,
    );
  }

  static async open(command: string, size: { width: number; height: number }): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), "aegir-browser-"));
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"];
    const process = spawn(command, [...flags, `--user-data-dir=${profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    const browser = new Browser(process, profile);
    const { targetId } = await browser.#call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await browser.#call("Target.attachToTarget", { targetId, flatten: true });
    browser.#session = sessionId;
    await browser.#call("Page.enable");
    await browser.#call("Emulation.setDeviceMetricsOverride", { ...size, deviceScaleFactor: 1, mobile: false });
    return browser;
  }

  /** Loads a page, and waits until its scripts have run. */
  async show(page: string, hash = ""): Promise<void> {
    // Each from a file of its own: another fragment of the same one is not loaded again.
    const file = join(this.profile, `page-${this.#sent}.html`);
    writeFileSync(file, page);
    const loaded = new Promise<void>((resolve) => {
      this.#listeners.push(({ method }) => method === "Page.loadEventFired" && resolve());
    });
    await this.#call("Page.navigate", { url: `${pathToFileURL(file).href}${hash}` });
    await loaded;
  }

  /** The value of an expression in the page; a promise is awaited. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = await this.#call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (answer.exceptionDetails) throw new Error(JSON.stringify(answer.exceptionDetails));
    return answer.result?.value as T;
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.#call("Page.captureScreenshot", { format: "png" });
    return Buffer.from(data ?? "", "base64");
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.process.on("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #call(method: string, params: object = {}): Promise<Result> {
    const id = ++this.#sent;
    const message = { id, method, params, ...(this.#session !== undefined && { sessionId: this.#session }) };
    (this.process.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #receive(text: string): void {
    const messages = (this.#received + text).split("\0");
    this.#received = messages.pop() ?? "";
    for (const message of messages.map((json) => JSON.parse(json) as Message)) {
      for (const listener of this.#listeners) listener(message);
      const caller = this.#waiting.get(message.id ?? 0);
      if (message.error) caller?.reject(new Error(message.error.message));
      else caller?.resolve(message.result ?? {});
    }
  }
}
