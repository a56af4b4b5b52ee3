/**
 * The pages of the four resources. Between marks they say what the definitions say: a description, and a table of every
 * argument and output. The rest of a page is written by hand.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replacedPart } from "./replacedPart";
import {
  type Definition,
  inline,
  type Kind,
  provider,
  readResource,
  type ResourceType,
  withoutExample,
} from "./resourceDefinitions";

/** By type, the file of its page. */
export const RESOURCE_PAGES: Record<ResourceType, string> = {
  AegirClient: page("aegir-client.md"),
  SiteOwnership: page("site-ownership.md"),
  ClientUserBinding: page("client-user-binding.md"),
  ShellAccount: page("shell-account.md"),
};

function page(name: string): string {
  return join(provider, "docs", name);
}

/** The page of a resource, with its marked parts as they should be now. */
export function resourcePage(type: ResourceType): string {
  const resource = readResource(type);
  const parts = {
    description: withoutExample(resource.description),
    reference: [
      "## Arguments",
      "",
      ...table("Argument", resource.arguments),
      ...resource.arguments.flatMap(({ kind }) =>
        objectIn(kind).flatMap(({ of, fields }) => [`### ${of}`, "", ...table("Field", fields)]),
      ),
      "## Outputs",
      "",
      "Every argument is an output, too.",
      "",
      ...table("Output", resource.outputs),
    ]
      .join("\n")
      .trimEnd(),
  };
  return Object.entries(parts).reduce(
    (page, [part, made]) => replacedPart(page, part, made),
    readFileSync(RESOURCE_PAGES[type], "utf8"),
  );
}

function table(heading: string, definitions: Definition[]): string[] {
  const rows = definitions.map(({ name, isOptional, description, fallback, kind }) => {
    const meaning = [cell(description), ...(fallback === undefined ? [] : [`Default: ${cell(fallback)}.`])].join(" ");
    return `| \`${name}\`${isOptional ? " (optional)" : ""} | ${valueOf(kind)} | ${meaning} |`;
  });
  return [`| ${heading} | Value | Meaning |`, "|---|---|---|", ...rows, ""];
}

function objectIn(kind: Kind): Extract<Kind, { name: "object" }>[] {
  if (kind.name === "stringOr") return objectIn(kind.other);
  return kind.name === "object" ? [kind] : [];
}

function valueOf(kind: Kind): string {
  switch (kind.name) {
    case "string":
      return "string";
    case "boolean":
      return "`true` or `false`";
    case "positiveInteger":
      return "number";
    case "choice":
      return oneOf(kind.choices);
    case "choiceOrClient":
      return oneOf([...kind.choices, "client:<internalName>"]);
    case "object":
      return "object, see below";
    case "stringOr":
      return `${valueOf({ name: "string" })}, or ${valueOf(kind.other)}`;
    case "listOfStrings":
      return "list of strings";
    case "output":
      return `${code(kind.type)}${kind.secret ? ", secret" : ""}`;
  }
}

const oneOf = (texts: string[]): string => texts.map((text) => code(`"${text}"`)).join(" or ");
const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;
const cell = (text: string): string => inline(text).replaceAll("|", "\\|");
