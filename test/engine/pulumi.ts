/**
 * `pulumi stack init NAME` and `pulumi up` on the in-process engine, for scripts that call the command: in the directory of
 * the project, with the CLI's own options, configuration files and environment variables.
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { InProcessEngine } from "./InProcessEngine";

async function main(): Promise<boolean> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      stack: { type: "string" },
      refresh: { type: "boolean" },
      "continue-on-error": { type: "boolean" },
      // These change only what a terminal shows.
      yes: { type: "boolean" },
      "non-interactive": { type: "boolean" },
      color: { type: "string" },
    },
  });
  const [command, ...operands] = positionals;
  if (command === "stack" && operands[0] === "init" && operands[1] !== undefined) {
    await open(operands[1]);
    return true;
  }
  if (command !== "up" || operands.length > 0) throw new Error(`unknown command "${positionals.join(" ")}"`);
  const stack = await open(values.stack ?? onlyStack());
  const { ok } = await stack.up({
    refresh: values.refresh,
    continueOnError: values["continue-on-error"],
    onOutput: (text) => process.stdout.write(text),
  });
  return ok;
}

function open(stack: string) {
  const { config } = parse(readFileSync(`Pulumi.${stack}.yaml`, "utf8")) as { config: Record<string, unknown> };
  const stateDirectory = fileURLToPath(process.env["PULUMI_BACKEND_URL"]!);
  mkdirSync(stateDirectory, { recursive: true });
  return new InProcessEngine().open({
    projectDirectory: ".",
    stack,
    stateDirectory,
    passphrase: process.env["PULUMI_CONFIG_PASSPHRASE"]!,
    config: Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    ),
  });
}

function onlyStack(): string {
  const stacks = readdirSync(".").flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
  if (stacks.length !== 1) throw new Error(`--stack is needed: there are ${stacks.length} stacks`);
  return stacks[0]!;
}

void main().then(
  (ok) => (process.exitCode = ok ? 0 : 255),
  (error: Error) => {
    console.error(`error: ${error.message}`);
    process.exitCode = 255;
  },
);
