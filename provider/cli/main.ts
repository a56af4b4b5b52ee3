#!/usr/bin/env node
/** The program `aegir-access`: finds the command, reads its options, prints its result, sets the exit code. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { closest } from "../manifest/closest";
import { jsonText } from "../text/jsonText";
import { OneLineError } from "../text/OneLineError";
import { printable } from "../text/printable";
import { styleFor } from "../text/Style";
import { type Command, UsageError } from "./Command";
import { commands } from "./commands";
import { ExitCode } from "./ExitCode";
import { commandHelp, COMMON_OPTIONS, PROGRAM, programHelp } from "./help";
import { CHOOSE_SERVER } from "./serverOptions";
import { terminalOf } from "./terminal";

async function main(commandLine: string[]): Promise<ExitCode> {
  const [name, ...rest] = commandLine;
  if (name === undefined) {
    complain(programHelp(commands, styleFor(process.stderr)));
    return ExitCode.usage;
  }
  if (name === "--help" || name === "-h") return say(programHelp(commands, styleFor(process.stdout)));
  if (name === "--version") return say(version());
  const command = commands.find((each) => each.name === name);
  if (command === undefined) {
    const meant = closest(
      name,
      commands.map((each) => each.name),
    );
    complain(`Unknown command "${printable(name, 60)}".${meant ? ` Did you mean "${meant}"?` : ""}`, PROGRAM);
    return ExitCode.usage;
  }
  return run(command, rest);
}

async function run(command: Command, commandLine: string[]): Promise<ExitCode> {
  let json = commandLine.includes("--json");
  try {
    const { values, positionals } = parsed(command, commandLine);
    json = values["json"] === true;
    if (values["debug"]) process.env["AEGIR_LOG"] = "debug";
    if (values["help"]) return say(commandHelp(command, styleFor(process.stdout)));
    const { least, most } = command.operands ?? { least: 0, most: 0 };
    if (positionals.length < least || positionals.length > most) {
      const hint = "host" in command.options ? ` ${CHOOSE_SERVER}` : "";
      throw new UsageError(`Expected arguments: ${command.operands?.usage ?? "none"}.${hint}`);
    }
    const { exitCode, facts, text } = await command.run(
      { values, operands: positionals },
      {
        environment: process.env,
        directory: process.cwd(),
        progress,
        warn: (text) => complain(text),
        terminal: terminalOf(process.stdin, process.stderr),
      },
    );
    say(json ? jsonText(facts) : text(styleFor(process.stdout)));
    return exitCode;
  } catch (error) {
    // Any other error is a bug in this package; its stack shows where.
    const message = error instanceof OneLineError ? error.message : stackOf(error);
    if (json) say(jsonText({ error: message, ...(error instanceof OneLineError && { code: error.code }) }));
    complain(message, error instanceof UsageError ? `${PROGRAM} ${command.name}` : undefined);
    return error instanceof UsageError ? ExitCode.usage : ExitCode.failed;
  }
}

function parsed(command: Command, args: string[]) {
  try {
    return parseArgs({ args, options: { ...command.options, ...COMMON_OPTIONS }, allowPositionals: true });
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

// A reader may close the pipe early (`| head`).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
void main(process.argv.slice(2)).then((exitCode) => (process.exitCode = exitCode));
