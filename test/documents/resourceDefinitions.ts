/** The definitions of the four resources, as data: read from their source, since the comments in it describe them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";

export const provider = join(__dirname, "..", "..", "provider");

export const RESOURCE_TYPES = ["AegirClient", "SiteOwnership", "ClientUserBinding", "ShellAccount"] as const;
export type ResourceType = (typeof RESOURCE_TYPES)[number];

/** An argument or an output. */
export interface Definition {
  name: string;
  isOptional: boolean;
  description: string;
  /** What holds where the argument is absent, as its comment says it; undefined if it says nothing. */
  fallback?: string;
  kind: Kind;
}

/** What values an argument or an output takes: `string(...)`, `choice("a", "b")`, ... */
export type Kind =
  | { name: "string" | "boolean" | "positiveInteger" | "listOfStrings" }
  | { name: "choice" | "choiceOrClient"; choices: string[] }
  | { name: "object"; of: string; fields: Definition[] }
  | { name: "stringOr"; other: Kind }
  | { name: "output"; type: string; secret: boolean };

export interface Resource {
  description: string;
  arguments: Definition[];
  outputs: Definition[];
}

export function readResource(type: ResourceType): Resource {
  const text = readFileSync(join(provider, "resources", `${type}.ts`), "utf8");
  const source = ts.createSourceFile(`${type}.ts`, text, ts.ScriptTarget.Latest, true);
  const literals = new Map(
    source.statements
      .filter(ts.isVariableStatement)
      .flatMap(({ declarationList }) => declarationList.declarations)
      .flatMap(({ name, initializer }) =>
        initializer && ts.isObjectLiteralExpression(initializer) ? [[name.getText(), initializer] as const] : [],
      ),
  );
  const definitions = (literal: string): Definition[] =>
    literals.get(literal)!.properties.filter(ts.isPropertyAssignment).map(definition);

  function definition(property: ts.PropertyAssignment): Definition {
    const tag = ts.getJSDocTags(property).find(({ tagName }) => tagName.text === "default");
    const fallback = tag && ts.getTextOfJSDocComment(tag.comment);
    return {
      name: property.name.getText(),
      isOptional: /^(optional|filledIn)\(|^serverName/.test(property.initializer.getText()),
      description: commentOf(property),
      ...(fallback === undefined ? {} : { fallback }),
      kind: kindOf(property.initializer),
    };
  }

  function kindOf(expression: ts.Expression): Kind {
    if (!ts.isCallExpression(expression)) return { name: "string" };
    const name = expression.expression.getText();
    const [first] = expression.arguments;
    switch (name) {
      case "required":
      case "optional":
      case "filledIn":
        return kindOf(first!);
      case "output":
      case "secretOutput":
        return { name: "output", type: expression.typeArguments![0]!.getText(), secret: name === "secretOutput" };
      case "choice":
      case "choiceOrClient":
        return { name, choices: expression.arguments.filter(ts.isStringLiteral).map(({ text }) => text) };
      case "object":
        return { name, of: first!.getText(), fields: definitions(first!.getText()) };
      case "stringOr":
        return { name, other: kindOf(first!) };
      case "internalName":
        return { name: "string" };
      case "string":
      case "boolean":
      case "positiveInteger":
      case "listOfStrings":
        return { name };
      default:
        throw new Error(`resourceDefinitions.ts does not know the kind ${name}`);
    }
  }

  return {
    description: commentOf(source.statements.find(ts.isClassDeclaration)!),
    arguments: definitions("properties"),
    outputs: definitions("outputs"),
  };
}

function commentOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node);
  return comment && ts.isJSDoc(comment) ? (ts.getTextOfJSDocComment(comment.comment) ?? "") : "";
}

/** What a comment says in several lines, in one. */
export function inline(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}

/** The description of a class; its example is for editors. */
export function withoutExample(description: string): string {
  return description.replace(/\n+```ts\n.*?^```$/ms, "");
}
