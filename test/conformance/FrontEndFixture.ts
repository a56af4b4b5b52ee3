import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WORKER_ARGUMENTS } from "../../provider/worker/protocol";
import { type Connection, run } from "./RawWorker";
import { operations, type ServerFixture } from "./ServerFixture";

/** The fixture of a real front end: a second Drush process over a second connection. */
export type FrontEndFixture = ServerFixture;

export const FrontEndFixture = {
  async start(connection: Connection, prefix: string): Promise<FrontEndFixture> {
    const { client, channel } = await run(connection, `drush @hostmaster ${WORKER_ARGUMENTS}`);
    channel.stderr.resume();
    const source = readFileSync(join(__dirname, "fixture.php"), "utf8").replace(/^<\?php\s/, "");
    channel.write(`${Buffer.from(source).toString("base64")}\n`);
    const answers = createInterface({ input: channel })[Symbol.asyncIterator]();

    async function ask(operation: string, args: unknown[]): Promise<unknown> {
      channel.write(`${JSON.stringify({ operation, prefix, args })}\n`);
      const noise: string[] = [];
      for (;;) {
        const { value, done } = await answers.next();
        if (done) throw new Error(`${operation}: the process has ended: ${noise.join("\n")}`);
        const line = String(value);
        if (line.startsWith("fixture ")) return JSON.parse(line.slice("fixture ".length)) as unknown;
        noise.push(line);
      }
    }

    const asked = operations.map((operation) => [operation, (...args: unknown[]) => ask(operation, args)]);
    const end = () => {
      channel.end();
      client.end();
      return Promise.resolve();
    };
    return { ...Object.fromEntries(asked), end } as ServerFixture;
  },
};
