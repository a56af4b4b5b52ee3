/** The JSON Schema of the arguments of the four resources, from their definitions. In draft 7, like the others. */
import { join } from "node:path";
import { CLIENT_REFERENCE } from "../../provider/resources/properties";
import {
  type Definition,
  inline,
  type Kind,
  provider,
  readResource,
  RESOURCE_TYPES,
  withoutExample,
} from "./resourceDefinitions";

export const RESOURCES_SCHEMA = join(provider, "resources", "resources.schema.json");

export interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  [keyword: string]: unknown;
}

export function resourcesJsonSchema(): { title: string; definitions: Record<string, Schema> } & Schema {
  const resources = RESOURCE_TYPES.map((type) => {
    const { description, arguments: definitions } = readResource(type);
    return [type, { description: withoutExample(description), ...objectSchema(definitions) }] as const;
  });
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Arguments of the resources of pulumi-aegir",
    definitions: Object.fromEntries(resources),
  };
}

function objectSchema(definitions: Definition[]): Schema {
  return {
    type: "object",
    properties: Object.fromEntries(definitions.map((definition) => [definition.name, propertySchema(definition)])),
    required: definitions.filter(({ isOptional }) => !isOptional).map(({ name }) => name),
    additionalProperties: false,
  };
}

function propertySchema({ description, fallback, kind }: Definition): Schema {
  // A value as JSON, or words.
  const value = /^(true|false|".*")$/.exec(fallback ?? "");
  const words = fallback !== undefined && !value ? `\nDefault: ${fallback}.` : "";
  return {
    description: inline(`${description}${words}`),
    ...kindSchema(kind),
    ...(value && { default: JSON.parse(value[0]) as unknown }),
  };
}

function kindSchema(kind: Kind): Schema {
  switch (kind.name) {
    case "string":
    case "boolean":
      return { type: kind.name };
    case "positiveInteger":
      return { type: "integer", minimum: 1 };
    case "choice":
      return { enum: kind.choices };
    case "choiceOrClient":
      return { anyOf: [{ enum: kind.choices }, { type: "string", pattern: CLIENT_REFERENCE.source }] };
    case "object":
      return objectSchema(kind.fields);
    case "stringOr":
      return { anyOf: [{ type: "string" }, kindSchema(kind.other)] };
    case "listOfStrings":
      return { type: "array", items: { type: "string" } };
    case "output":
      throw new Error("An output is not an argument");
  }
}
