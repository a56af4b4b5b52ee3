/** The TypeScript types of `aegir:servers`, without zod, from the schema with which the provider checks the value. */
import { join } from "node:path";
import { z } from "zod";
import { ServersSchema } from "../../provider/aegir/ServerConfiguration";

export const SERVER_TYPES = join(__dirname, "..", "..", "provider", "aegir", "serverTypes.ts");

interface Schema {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | false;
  items?: Schema;
  anyOf?: Schema[];
}

export function serverTypes(): string {
  const servers = z.toJSONSchema(ServersSchema, { target: "draft-7", io: "input" }) as Schema;
  const types = new Map<string, string>();
  const record = typeOf(servers, types);
  return [
    "/** Written by `npm run schema` from the schema in ServerConfiguration.ts: the value of `aegir:servers`. */",
    "",
    `/** ${servers.description} */`,
    `export type Servers = ${record};`,
    ...types.values(),
    "",
  ].join("\n");
}

/** @param types the interface of each map, by its name, to which it is added */
function typeOf(schema: Schema, types: Map<string, string>): string {
  const { type = "unknown", title = "", properties, items, anyOf, additionalProperties } = schema;
  if (anyOf) return anyOf.map((each) => typeOf(each, types)).join(" | ");
  if (items) return `${typeOf(items, types)}[]`;
  if (additionalProperties) return `Record<string, ${typeOf(additionalProperties, types)}>`;
  if (!properties) return type === "integer" ? "number" : type;
  const name = title === "Server" ? title : `Server${title}`;
  if (!types.has(name)) {
    types.set(name, "");
    types.set(name, interfaceOf(name, schema, types));
  }
  return name;
}

function interfaceOf(name: string, { properties = {}, required = [] }: Schema, types: Map<string, string>): string {
  const fields = Object.entries(properties).flatMap(([key, field]) => [
    `  /** ${field.description}${isScalar(field.default) ? ` The default is \`${field.default}\`.` : ""} */`,
    `  ${key}${required.includes(key) ? "" : "?"}: ${typeOf(field, types)};`,
  ]);
  return ["", `export interface ${name} {`, ...fields, "}"].join("\n");
}

function isScalar(value: unknown): value is string | number {
  return typeof value === "number" || (typeof value === "string" && value !== "");
}
