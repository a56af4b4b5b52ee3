#!/usr/bin/env node
/** The `aegir-access` command: finds the verb, reads its options, prints what it has to say, sets the exit code. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { closest } from "../manifest/closest";
import { printable } from "../text/printable";
import { OneLineError } from "../text/OneLineError";
import { ExitCode } from "./ExitCode";
import { COMMAND, commandHelp, COMMON_OPTIONS, verbHelp } from "./help";
import { jsonText } from "../text/jsonText";
import { styleFor } from "../text/Style";
import { UsageError, type Verb } from "./Verb";
import { verbs } from "./verbs";

async function main(commandLine: string[]): Promise<ExitCode> {
  const [name, ...rest] = commandLine;
  if (name === undefined) {
    complain(commandHelp(verbs, styleFor(process.stderr)));
    return ExitCode.usage;
  }
  if (name === "--help" || name === "-h") return say(commandHelp(verbs, styleFor(process.stdout)));
  if (name === "--version") return say(version());
  const verb = verbs.find((each) => each.name === name);
  if (verb === undefined) {
    const meant = closest(
      name,
      verbs.map((each) => each.name),
    );
    complain(`Unknown command "${printable(name, 60)}".${meant ? ` Did you mean "${meant}"?` : ""}`, COMMAND);
    return ExitCode.usage;
  }
  return runVerb(verb, rest);
}

async function runVerb(verb: Verb, commandLine: string[]): Promise<ExitCode> {
  let json = commandLine.includes("--json");
  try {
    const { values, positionals } = parsed(verb, commandLine);
    json = values["json"] === true;
    if (values["debug"]) process.env["AEGIR_LOG"] = "debug";
    if (values["help"]) return say(verbHelp(verb, styleFor(process.stdout)));
    const { least, most } = verb.operands ?? { least: 0, most: 0 };
    if (positionals.length < least || positionals.length > most) {
      const hint =
        "host" in verb.options ? " Use --host for a server, --stack for a stack, and --config for a file." : "";
      throw new UsageError(`Expected arguments: ${verb.operands?.usage ?? "none"}.${hint}`);
    }
    const { exitCode, facts, text } = await verb.run(
      { values, operands: positionals },
      { environment: process.env, directory: process.cwd(), progress },
    );
    say(json ? jsonText(facts) : text(styleFor(process.stdout)));
    return exitCode;
  } catch (error) {
    // What is not said in one line is a mistake of ours, and its stack tells where.
    const message = error instanceof OneLineError ? error.message : stackOf(error);
    if (json) say(jsonText({ error: message, ...(error instanceof OneLineError && { code: error.code }) }));
    complain(message, error instanceof UsageError ? `${COMMAND} ${verb.name}` : undefined);
    return error instanceof UsageError ? ExitCode.usage : ExitCode.failed;
  }
}

function parsed(verb: Verb, args: string[]) {
  try {
    return parseArgs({ args, options: { ...verb.options, ...COMMON_OPTIONS }, allowPositionals: true });
  } catch (error) {
    throw new UsageError(printable((error as Error).message));
  }
}

/** It may quote what a server sent. */
function stackOf(error: unknown): string {
  const lines = String((error as Error).stack ?? error).split("\n");
  return lines.map((line) => printable(line, 2000)).join("\n");
}

function say(text: string): ExitCode {
  process.stdout.write(`${text}\n`);
  return ExitCode.ok;
}

/** @param helpful the command whose help explains more */
function complain(text: string, helpful?: string): void {
  process.stderr.write(`${text}\n${helpful === undefined ? "" : `See \`${helpful} --help\`.\n`}`);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text}\n`);
}

function version(): string {
  const packageFile = readFileSync(join(__dirname, "..", "..", "package.json"), "utf8");
  return (JSON.parse(packageFile) as { version: string }).version;
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
void main(process.argv.slice(2)).then((exitCode) => (process.exitCode = exitCode));
