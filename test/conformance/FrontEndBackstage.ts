import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WORKER_ARGUMENTS } from "../../provider/worker/protocol";
import { operations, type Backstage } from "./Backstage";
import { run, type Connection } from "./RawWorker";

/** The backstage of a real front end: a second Drush process over a second connection. */
export type FrontEndBackstage = Backstage;

export const FrontEndBackstage = {
  async start(connection: Connection, prefix: string): Promise<FrontEndBackstage> {
    const { client, channel } = await run(connection, `drush @hostmaster ${WORKER_ARGUMENTS}`);
    channel.stderr.resume();
    const source = readFileSync(join(__dirname, "backstage.php"), "utf8").replace(/^<\?php\s/, "");
    channel.write(`${Buffer.from(source).toString("base64")}\n`);
    const answers = createInterface({ input: channel })[Symbol.asyncIterator]();

    async function ask(operation: string, args: unknown[]): Promise<unknown> {
      channel.write(`${JSON.stringify({ operation, prefix, args })}\n`);
      const noise: string[] = [];
      for (;;) {
        const { value, done } = await answers.next();
        if (done) throw new Error(`${operation}: the process has ended: ${noise.join("\n")}`);
        const line = String(value);
        if (line.startsWith("backstage ")) return JSON.parse(line.slice("backstage ".length)) as unknown;
        noise.push(line);
      }
    }

    const asked = operations.map((operation) => [operation, (...args: unknown[]) => ask(operation, args)]);
    const end = () => {
      channel.end();
      client.end();
      return Promise.resolve();
    };
    return { ...Object.fromEntries(asked), end } as Backstage;
  },
};
