import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ClientChannel } from "ssh2";
import { WORKER_ARGUMENTS } from "../../provider/worker/protocol";
import type { Backstage, Grant, State } from "./Backstage";
import { run, type Connection } from "./RawWorker";

/** The backstage of a real front end: a second Drush process over a second connection. */
export class FrontEndBackstage implements Backstage {
  private constructor(
    private readonly channel: ClientChannel,
    private readonly answers: AsyncIterator<string>,
    private readonly prefix: string,
    private readonly close: () => void,
  ) {}

  static async start(connection: Connection, prefix: string): Promise<FrontEndBackstage> {
    const { client, channel } = await run(connection, `drush @hostmaster ${WORKER_ARGUMENTS}`);
    channel.stderr.resume();
    const source = readFileSync(join(__dirname, "backstage.php"), "utf8").replace(/^<\?php\s/, "");
    channel.write(`${Buffer.from(source).toString("base64")}\n`);
    const lines = createInterface({ input: channel });
    return new FrontEndBackstage(channel, lines[Symbol.asyncIterator](), prefix, () => client.end());
  }

  private async ask<Result>(operation: keyof Backstage, args: object = {}): Promise<Result> {
    this.channel.write(`${JSON.stringify({ operation, prefix: this.prefix, ...args })}\n`);
    const noise: string[] = [];
    for (;;) {
      const { value, done } = await this.answers.next();
      if (done) throw new Error(`${operation}: the process has ended: ${noise.join("\n")}`);
      const line = String(value);
      if (line.startsWith("backstage ")) return JSON.parse(line.slice("backstage ".length)) as Result;
      noise.push(line);
    }
  }

  state = () => this.ask<State>("state");
  digest = (of: "everything" | "others") => this.ask<string>("digest", { of });
  grants = (nid: number) => this.ask<Grant[]>("grants", { nid });
  startTask = (nid: number) => this.ask<void>("startTask", { nid });
  finishTask: Backstage["finishTask"] = (nid, end) => this.ask("finishTask", { nid, ...end });
  removeTask = (nid: number) => this.ask<void>("removeTask", { nid });
  addRunningTask = (site: number) => this.ask<number>("addRunningTask", { site });
  addClient = (client: { uname: string; title: string }) => this.ask<number>("addClient", client);
  renameClient = (nid: number, title: string) => this.ask<void>("renameClient", { nid, title });
  removeClient = (nid: number) => this.ask<void>("removeClient", { nid });
  removeDirectories = () => this.ask<void>("removeDirectories");
  addUser = (user: { name: string; mail: string }) => this.ask<number>("addUser", user);
  bind = (client: number, uid: number) => this.ask<void>("bind", { client, uid });
  unbind = (client: number, uid: number) => this.ask<void>("unbind", { client, uid });
  setOwner = (site: number, client: number) => this.ask<void>("setOwner", { site, client });
  removeUser = (name: string) => this.ask<void>("removeUser", { name });
  addDeletedSite = (site: { title: string; client: number; like: number }) => this.ask<number>("addDeletedSite", site);
  removeSite = (nid: number) => this.ask<void>("removeSite", { nid });
  addAlias = (nid: number, alias: string) => this.ask<void>("addAlias", { nid, alias });
  removeAlias = (nid: number, alias: string) => this.ask<void>("removeAlias", { nid, alias });
  platform = () => this.ask<number | null>("platform");
  restrict = (platform: number, clients: number[]) => this.ask<void>("restrict", { platform, clients });
  allowed = (platform: number) => this.ask<number[]>("allowed", { platform });
  setClientPrefix = (value: string) => this.ask<void>("setClientPrefix", { value });
  holdLock = () => this.ask<void>("holdLock");
  releaseLock = () => this.ask<void>("releaseLock");
  passSecond = () => this.ask<void>("passSecond");

  end(): Promise<void> {
    this.channel.end();
    this.close();
    return Promise.resolve();
  }
}
