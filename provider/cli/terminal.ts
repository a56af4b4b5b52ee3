/** The terminal at which a command asks its questions. */
import { createInterface } from "node:readline/promises";
import { styleFor } from "../text/Style";
import { type Terminal, UsageError } from "./Command";

/** Undefined unless both are a terminal, so that questions are read and answered by the same person. */
export function terminalOf(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Terminal | undefined {
  if (!input.isTTY || !output.isTTY) return undefined;
  const print = (text: string) => void output.write(`${text}\n`);
  return {
    style: styleFor(output),
    print,
    async ask(question, suggested = "", problemOf = () => undefined) {
      for (;;) {
        const answer = (await line(`${question}${suggested && ` [${suggested}]`}: `, input, output)) || suggested;
        const problem = problemOf(answer);
        if (problem === undefined) return answer;
        print(problem);
      }
    },
  };
}

async function line(prompt: string, input: NodeJS.ReadStream, output: NodeJS.WriteStream): Promise<string> {
  const lines = createInterface({ input, output });
  // After Ctrl-D, and on some versions of Node after Ctrl-C, the question itself never ends.
  const closed = new Promise<never>((_, reject) => lines.once("close", () => reject(new Error("closed"))));
  try {
    return (await Promise.race([lines.question(prompt), closed])).trim();
  } catch {
    throw new UsageError("Stopped before the last answer. Nothing was written.");
  } finally {
    closed.catch(() => undefined);
    lines.close();
  }
}
