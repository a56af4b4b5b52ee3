import type { parseArgs } from "node:util";
import { OneLineError } from "../text/OneLineError";
import type { ExitCode } from "./ExitCode";
import type { Style } from "../text/Style";

/** An option as node's parseArgs takes it, and as the help shows it. */
export interface VerbOption {
  type: "string" | "boolean";
  short?: string;
  /** May be given several times; its value is a list then. */
  multiple?: boolean;
  /** What stands for the value in the help, for example `NAME`. */
  value?: string;
  help: string;
}

export type VerbOptions = Record<string, VerbOption>;

type Values<Options extends VerbOptions> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true }>
>["values"];

/** What a verb has to say: once for people and once for programs, the same facts. */
export interface Outcome {
  exitCode: ExitCode;
  /** What `--json` prints. */
  facts: unknown;
  /** What is printed else; without a line feed at its end. */
  text: (style: Style) => string;
}

/** Where a verb runs. */
export interface Surroundings {
  environment: NodeJS.ProcessEnv;
  /** The directory in which the command was called. */
  directory: string;
  /** Says on standard error what takes its time; silent unless that is a terminal. */
  progress: (text: string) => void;
}

/** One verb of the command; its help is made of this. */
export interface Verb<Options extends VerbOptions = VerbOptions> {
  name: string;
  /** What it does, as a clause without a full stop. */
  summary: string;
  /** Paragraphs. */
  description: string[];
  /** What follows the verb besides options: how the help shows it, and how many there may be. None if absent. */
  operands?: { usage: string; least: number; most: number };
  options: Options;
  /** What exit code 1 says of this verb, and whatever else it says more exactly than EXIT_CODES. */
  exitCodes: Partial<Record<ExitCode, string>>;
  /** Command lines without `aegir-access`, each with what it is for. */
  examples: [commandLine: string, purpose: string][];
  /**
   * @throws UsageError if the command line makes no sense
   * @throws OneLineError, which is shown as it is, if the work could not be done
   */
  run(given: { values: Values<Options>; operands: string[] }, surroundings: Surroundings): Promise<Outcome>;
}

/** Keeps the types of the options for `run`. */
export function defineVerb<const Options extends VerbOptions>(verb: Verb<Options>): Verb {
  return verb;
}

/** The command line, or a file that it names, cannot be understood: said on standard error, exit code 2. */
export class UsageError extends OneLineError {
  readonly code = "usage";
}
