import type { parseArgs } from "node:util";
import { OneLineError } from "../text/OneLineError";
import type { Style } from "../text/Style";
import type { ExitCode } from "./ExitCode";

/** An option as node's parseArgs takes it, and as the help shows it. */
export interface CommandOption {
  type: "string" | "boolean";
  short?: string;
  /** May be given several times; its value is a list then. */
  multiple?: boolean;
  /** The placeholder for the value in the help, for example `NAME`. */
  value?: string;
  help: string;
}

export type CommandOptions = Record<string, CommandOption>;

type Values<Options extends CommandOptions> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true }>
>["values"];

/** The result of a command: the same facts for people and for programs. */
export interface CommandResult {
  exitCode: ExitCode;
  /** What `--json` prints. */
  facts: unknown;
  /** What is printed without it; no line feed at its end. */
  text: (style: Style) => string;
}

/** Where a command runs. */
export interface CommandContext {
  environment: NodeJS.ProcessEnv;
  /** The directory in which the command was called. */
  directory: string;
  /** Prints on standard error what takes its time; silent unless that is a terminal. */
  progress: (text: string) => void;
  /** Prints on standard error what must be known before it happens. */
  warn: (text: string) => void;
  /** The person at the terminal; undefined if the command runs without one. */
  terminal: Terminal | undefined;
}

/** Asks the person at a terminal. */
export interface Terminal {
  style: Style;
  print(text: string): void;
  /**
   * @param suggested what an empty answer means; shown with the question
   * @param problemOf why an answer cannot be used; the question is asked again then
   * @returns the answer without spaces around it
   * @throws UsageError if the input ends instead
   */
  ask(question: string, suggested?: string, problemOf?: (answer: string) => string | undefined): Promise<string>;
}

/** One command of `aegir-access`; its help is made of this. */
export interface Command<Options extends CommandOptions = CommandOptions> {
  name: string;
  /** What it does, as a clause without a full stop. */
  summary: string;
  /** Paragraphs. */
  description: string[];
  /** The arguments besides options: how the help shows them, and how many there may be. None if absent. */
  operands?: { usage: string; least: number; most: number };
  options: Options;
  /** What exit code 1 means for this command, and other codes that it can explain better than EXIT_CODES. */
  exitCodes: Partial<Record<ExitCode, string>>;
  /** Command lines without `aegir-access`, each with what it is for. */
  examples: [commandLine: string, purpose: string][];
  /**
   * @throws UsageError if the command line makes no sense
   * @throws OneLineError, which is shown as it is, if the work could not be done
   */
  run(input: { values: Values<Options>; operands: string[] }, context: CommandContext): Promise<CommandResult>;
}

/** Keeps the types of the options for `run`. */
export function defineCommand<const Options extends CommandOptions>(command: Command<Options>): Command {
  return command;
}

/** The command line, or a file that it names, cannot be understood: reported on standard error, exit code 2. */
export class UsageError extends OneLineError {
  readonly code = "usage";
}
