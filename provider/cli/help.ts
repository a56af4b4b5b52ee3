import type { Style } from "../text/Style";
import { twoColumns } from "../text/twoColumns";
import { wrap } from "../text/wrap";
import type { Command, CommandOption, CommandOptions } from "./Command";
import { EXIT_CODES, type ExitCode } from "./ExitCode";

export const PROGRAM = "aegir-access";
const WIDTH = 100;

/** The options that every command has. */
export const COMMON_OPTIONS = {
  json: { type: "boolean", help: "prints the result as one JSON document on standard output" },
  debug: {
    type: "boolean",
    help: "writes to standard error what goes to a server and how long it takes, without contents; AEGIR_LOG=debug in the environment does the same",
  },
  help: { type: "boolean", short: "h", help: "shows this help" },
} as const satisfies CommandOptions;

/** What `aegir-access --help` shows. */
export function programHelp(commands: readonly Command[], style: Style): string {
  return [
    `${style.bold(PROGRAM)}: who may reach which Drupal site on an Aegir server`,
    section("Usage", [`${PROGRAM} COMMAND [options]`, `${PROGRAM} COMMAND --help`, `${PROGRAM} --version`], style),
    section("Commands", table(commands.map(({ name, summary }) => [name, summary])), style),
    section("Exit codes", table(Object.entries(EXIT_CODES)), style),
    "Results go to standard output, everything else to standard error. Colors appear in terminals only. NO_COLOR turns them off.",
  ].join("\n\n");
}

/** What `aegir-access COMMAND --help` shows. */
export function commandHelp(command: Command, style: Style): string {
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  const codes = Object.entries({ ...EXIT_CODES, ...command.exitCodes }).filter(
    ([code]) => Number(code) < 4 || (Number(code) as ExitCode) in command.exitCodes,
  );
  return [
    `${style.bold(`${PROGRAM} ${command.name}`)}: ${command.summary}`,
    section("Usage", [[PROGRAM, command.name, "[options]", command.operands?.usage].filter(Boolean).join(" ")], style),
    ...command.description.map((paragraph) => wrap(paragraph, WIDTH).join("\n")),
    section("Options", table(options.map(([name, option]) => [optionName(name, option), option.help])), style),
    section("Exit codes", table(codes), style),
    section(
      "Examples",
      command.examples.flatMap(([line, purpose]) => [`${PROGRAM} ${line}`, style.dim(`    ${purpose}`)]),
      style,
    ),
  ].join("\n\n");
}

function optionName(name: string, { short, value }: CommandOption): string {
  return `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
}

function section(title: string, lines: string[], style: Style): string {
  return [style.bold(`${title}:`), ...lines.map((line) => `  ${line}`)].join("\n");
}

function table(rows: [string, string][]): string[] {
  return twoColumns(rows, WIDTH - 2);
}
