/**
 * The pages of the four resources. Between marks they say what the definitions say: a description, and a table of every
 * argument and output. The rest of a page is written by hand.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";

const provider = join(__dirname, "..", "..", "provider");

/** By type, the file of its page. */
export const RESOURCE_PAGES = {
  AegirClient: page("aegir-client.md"),
  SiteOwnership: page("site-ownership.md"),
  ClientUserBinding: page("client-user-binding.md"),
  ShellAccount: page("shell-account.md"),
};
export type ResourceType = keyof typeof RESOURCE_PAGES;
export const RESOURCE_TYPES = Object.keys(RESOURCE_PAGES) as ResourceType[];

function page(name: string): string {
  return join(provider, "docs", name);
}

/** The page of a resource, with its marked parts as they should be now. */
export function resourcePage(type: ResourceType): string {
  const text = readFileSync(join(provider, "resources", `${type}.ts`), "utf8");
  const source = ts.createSourceFile(`${type}.ts`, text, ts.ScriptTarget.Latest, true);
  const definitions = new Map(
    source.statements
      .filter(ts.isVariableStatement)
      .flatMap(({ declarationList }) => declarationList.declarations)
      .flatMap(({ name, initializer }) =>
        initializer && ts.isObjectLiteralExpression(initializer) ? [[name.getText(), initializer] as const] : [],
      ),
  );
  const nested = [...definitions].filter(([name]) => text.includes(`object(${name})`));
  const parts = {
    // Its example is for editors; the page has longer ones.
    description: commentOf(source.statements.find(ts.isClassDeclaration)!).replace(/\n+```ts\n.*?^```$/ms, ""),
    reference: [
      "## Arguments",
      "",
      ...table("Argument", definitions.get("properties")!),
      ...nested.flatMap(([name, fields]) => [`### ${name}`, "", ...table("Field", fields)]),
      "## Outputs",
      "",
      "Every argument is an output, too.",
      "",
      ...table("Output", definitions.get("outputs")!),
    ]
      .join("\n")
      .trimEnd(),
  };
  return Object.entries(parts).reduce(
    (page, [part, made]) => replaced(page, part, made),
    readFileSync(RESOURCE_PAGES[type], "utf8"),
  );
}

function replaced(page: string, part: string, made: string): string {
  const [begin, end] = [`<!-- ${part}: written by npm run index -->`, `<!-- end of the ${part} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The page has no part between ${begin} and ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${made}\n\n${page.slice(to)}`;
}

function table(heading: string, definition: ts.ObjectLiteralExpression): string[] {
  const rows = definition.properties.filter(ts.isPropertyAssignment).map((property) => {
    const presence = /^(optional|filledIn)\(|^serverName/.test(property.initializer.getText()) ? " (optional)" : "";
    const fallback = ts.getJSDocTags(property).find(({ tagName }) => tagName.text === "default");
    const meaning = [
      inline(commentOf(property)),
      ...(fallback ? [`Default: ${inline(ts.getTextOfJSDocComment(fallback.comment) ?? "")}.`] : []),
    ].join(" ");
    return `| \`${property.name.getText()}\`${presence} | ${valueOf(property.initializer)} | ${meaning} |`;
  });
  return [`| ${heading} | Value | Meaning |`, "|---|---|---|", ...rows, ""];
}

/** What `string(...)`, `choice("a", "b")` and their like take. */
function valueOf(definition: ts.Expression): string {
  if (!ts.isCallExpression(definition)) return "string";
  const name = definition.expression.getText();
  const texts = definition.arguments.filter(ts.isStringLiteral).map(({ text }) => text);
  switch (name) {
    case "required":
    case "optional":
    case "filledIn":
      return valueOf(definition.arguments[0]!);
    case "output":
      return code(definition.typeArguments![0]!.getText());
    case "secretOutput":
      return `${code(definition.typeArguments![0]!.getText())}, secret`;
    case "boolean":
      return "`true` or `false`";
    case "positiveInteger":
      return "number";
    case "choice":
      return texts.map((text) => code(`"${text}"`)).join(" or ");
    case "choiceOrClient":
      return [...texts, "client:<internalName>"].map((text) => code(`"${text}"`)).join(" or ");
    case "object":
      return "object, see below";
    case "string":
    case "internalName":
      return "string";
    default:
      throw new Error(`resourceReference.ts does not know the kind ${name}`);
  }
}

const code = (text: string): string => `\`${text.replaceAll("|", "\\|")}\``;
const inline = (text: string): string => text.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|");

function commentOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node);
  return comment && ts.isJSDoc(comment) ? (ts.getTextOfJSDocComment(comment.comment) ?? "") : "";
}
