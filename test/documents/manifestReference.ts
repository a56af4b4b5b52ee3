/** The page that explains every field of a manifest, from the JSON Schema that editors read. */
import { join } from "node:path";
import { manifestJsonSchema } from "../../provider/manifest/jsonSchema";

export const MANIFEST_REFERENCE = join(__dirname, "..", "..", "provider", "docs", "manifest.md");

interface Schema {
  type?: string;
  title?: string;
  description?: string;
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
}

export function manifestReference(): string {
  return `${HEADING}\n${sections(manifestJsonSchema() as Schema).join("\n")}`;
}

/** A map, and after it the maps that stand in it, each once. */
function sections(map: Schema): string[] {
  const fields = Object.entries(map.properties ?? {});
  const rows = fields.map(([name, field]) => {
    const optional = map.required?.includes(name) ? "" : " (optional)";
    return `| \`${name}\`${optional} | ${valueOf(field)} | ${description(field)} |`;
  });
  const table = ["| Field | Value | Meaning |", "|---|---|---|", ...rows, ""];
  return [
    [`## ${heading(map)}`, "", ...table].join("\n"),
    ...fields.flatMap(([, field]) => mapsIn(field).flatMap(sections)),
  ];
}

function mapsIn({ properties, items, anyOf, ...rest }: Schema): Schema[] {
  if (properties) return [{ properties, ...rest }];
  return [...(anyOf ?? []), ...(items ? [items] : [])].flatMap(mapsIn);
}

function heading({ title = "" }: Schema): string {
  return title.charAt(0).toUpperCase() + title.slice(1);
}

function description({ description: text = "", items, anyOf }: Schema): string {
  const inner = items ?? anyOf?.find((each) => each.description !== undefined);
  return (text || (inner ? description(inner) : "")).replaceAll("|", "\\|");
}

function valueOf(schema: Schema): string {
  const { type, items, anyOf, properties, pattern, format, minimum = 1, maximum } = schema;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(" or ");
  if (anyOf) return anyOf.map(valueOf).join(", or ");
  if (items) return `a list: ${valueOf(items)}`;
  if (properties) return `a map ([${schema.title}](#${heading(schema).toLowerCase().replaceAll(" ", "-")}))`;
  if (type === "boolean") return "`true` or `false`";
  if (type === "integer")
    return maximum !== undefined && maximum <= 100 ? `${minimum} to ${maximum}` : `from ${minimum} on`;
  if (format === "email") return "mail address";
  if (pattern?.includes("\\d{4}")) return "day, `YYYY-MM-DD`";
  return pattern === undefined ? "string" : `string, \`${pattern}\``;
}

function code(value: unknown): string {
  return `\`${String(value)}\``;
}

const HEADING = `# The manifest, field by field

This page is generated from the schema for editors (\`access.schema.json\`). To check a manifest, run \`aegir-access lint\`: it also checks
rules between entries, and shows problems with file, line and caret.

\`\`\`yaml
version: 1
clients:
  - name: Acme Corp
    internalName: acme
    sites:
      - www.acme.example
      - { site: shop.acme.example, takeOverFrom: beta }
    users:
      - alice
      - { name: bob, expires: 2027-01-31, reason: relaunch, createUser: { email: bob@acme.example, welcomeMail: true } }
    shellAccount: { rotation: "2026-07" }
\`\`\`
`;
