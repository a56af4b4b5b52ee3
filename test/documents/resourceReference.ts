/** The page that lists every argument and output of the four resources, from their definitions. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";

const provider = join(__dirname, "..", "..", "provider");
const TYPES = ["AegirClient", "SiteOwnership", "ClientUserBinding", "ShellAccount"];

export const RESOURCE_REFERENCE = join(provider, "docs", "resources.md");

export function resourceReference(): string {
  return [HEADING, ...TYPES.map((type) => section(type))].join("\n");
}

function section(type: string): string {
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
  const resource = source.statements.find(ts.isClassDeclaration)!;
  const nested = [...definitions].filter(([name]) => text.includes(`object(${name})`));
  return [
    `## ${type}`,
    "",
    commentOf(resource),
    "",
    ...table("Argument", definitions.get("properties")!),
    ...nested.flatMap(([name, fields]) => [`### ${name} of ${type}`, "", ...table("Field", fields)]),
    `### Outputs of ${type}`,
    "",
    "Every argument is an output, too.",
    "",
    ...table("Output", definitions.get("outputs")!),
  ].join("\n");
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

const HEADING = `# The four resources

Every argument and output, from the definitions that the provider itself uses. The README explains
what a deployment, a refresh and a destroy do with them.
`;
