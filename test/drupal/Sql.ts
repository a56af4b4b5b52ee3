import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

export type Row = Record<string, string | number | null>;

/** An error that the database answered with; `number` as MySQL counts them (1213 is a deadlock). */
export class SqlError extends Error {
  constructor(
    readonly number: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * A connection to the database of a front end past everything that is tested: reads tables, holds locks and transactions
 * open, and is killed. Statements are carried out in the order in which they are given.
 */
export class Sql {
  readonly #answers: AsyncIterator<string>;

  private constructor(
    private readonly process: ChildProcessWithoutNullStreams,
    /** Its number in the database (`CONNECTION_ID()`). */
    readonly id: number,
    answers: AsyncIterator<string>,
  ) {
    this.#answers = answers;
  }

  static async connect(socket: string): Promise<Sql> {
    const child = spawn("php", [join(__dirname, "php", "sql.php"), socket]);
    child.stdin.on("error", () => undefined);
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const [row] = await new Sql(child, 0, answers).rows("SELECT CONNECTION_ID() AS id");
    return new Sql(child, Number(row?.["id"]), answers);
  }

  /** @throws SqlError */
  async rows(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    this.process.stdin.write(`${JSON.stringify({ sql, parameters })}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the process that holds connection ${this.id} has ended: ${sql}`);
    const answer = JSON.parse(value) as { rows?: Row[]; error?: number; message?: string };
    if (answer.rows) return answer.rows;
    throw new SqlError(answer.error ?? 0, `${answer.message} (${sql})`);
  }

  /** The first column of the first row; undefined if there is none. */
  async value(sql: string, parameters: unknown[] = []): Promise<string | number | null | undefined> {
    const [row] = await this.rows(sql, parameters);
    return row && Object.values(row)[0];
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const exited = once(this.process, "exit");
    this.process.stdin.end();
    await exited;
  }
}
