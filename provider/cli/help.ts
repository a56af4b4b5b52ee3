import { EXIT_CODES, type ExitCode } from "./ExitCode";
import { wrap } from "../text/wrap";
import type { Style } from "../text/Style";
import type { Verb, VerbOption, VerbOptions } from "./Verb";

export const COMMAND = "aegir-access";
const WIDTH = 100;

/** The options that every verb has. */
export const COMMON_OPTIONS = {
  json: { type: "boolean", help: "prints the result as one JSON document on standard output" },
  debug: {
    type: "boolean",
    help: "writes to standard error what goes to a server and how long it takes, without contents; AEGIR_LOG=debug in the environment does the same",
  },
  help: { type: "boolean", short: "h", help: "shows this help" },
} as const satisfies VerbOptions;

/** What `aegir-access --help` shows. */
export function commandHelp(verbs: readonly Verb[], style: Style): string {
  return [
    `${style.bold(COMMAND)}: who may reach which Drupal site on an Aegir server`,
    section("Usage", [`${COMMAND} COMMAND [options]`, `${COMMAND} COMMAND --help`, `${COMMAND} --version`], style),
    section("Commands", table(verbs.map(({ name, summary }) => [name, summary])), style),
    section("Exit codes", table(Object.entries(EXIT_CODES)), style),
    "Results go to standard output, everything else to standard error. Colors appear in terminals only. NO_COLOR turns them off.",
  ].join("\n\n");
}

/** What `aegir-access VERB --help` shows. */
export function verbHelp(verb: Verb, style: Style): string {
  const options = Object.entries({ ...verb.options, ...COMMON_OPTIONS });
  const codes = Object.entries({ ...EXIT_CODES, ...verb.exitCodes }).filter(
    ([code]) => Number(code) < 4 || (Number(code) as ExitCode) in verb.exitCodes,
  );
  return [
    `${style.bold(`${COMMAND} ${verb.name}`)}: ${verb.summary}`,
    section("Usage", [[COMMAND, verb.name, "[options]", verb.operands?.usage].filter(Boolean).join(" ")], style),
    ...verb.description.map((paragraph) => wrap(paragraph, WIDTH).join("\n")),
    section("Options", table(options.map(([name, option]) => [optionName(name, option), option.help])), style),
    section("Exit codes", table(codes), style),
    section(
      "Examples",
      verb.examples.flatMap(([line, purpose]) => [`${COMMAND} ${line}`, style.dim(`    ${purpose}`)]),
      style,
    ),
  ].join("\n\n");
}

function optionName(name: string, { short, value }: VerbOption): string {
  return `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
}

function section(title: string, lines: string[], style: Style): string {
  return [style.bold(`${title}:`), ...lines.map((line) => `  ${line}`)].join("\n");
}

/** Two columns, the second one wrapped. */
function table(rows: [string, string][]): string[] {
  const first = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.flatMap(([name, text]) =>
    wrap(text, WIDTH - 2 - first).map((line, index) => (index === 0 ? name : "").padEnd(first) + line),
  );
}
