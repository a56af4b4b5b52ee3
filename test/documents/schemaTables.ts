/** Tables of what a JSON Schema describes: one for each map, with a row for each field. */

export interface Schema {
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
  additionalProperties?: Schema | boolean;
  default?: unknown;
  anyOf?: Schema[];
}

/**
 * A map, and after it the maps that stand in it, each once.
 * @param level of the headings, as in `##`
 */
export function sections(map: Schema, level = "##", seen = new Set<string>()): string[] {
  if (seen.has(heading(map))) return [];
  seen.add(heading(map));
  const fields = Object.entries(map.properties ?? {});
  const rows = fields.map(([name, field]) => {
    const optional = map.required?.includes(name) ? "" : " (optional)";
    return `| \`${name}\`${optional} | ${valueOf(field)} | ${description(field)}${standard(field)} |`;
  });
  const table = ["| Field | Value | Meaning |", "|---|---|---|", ...rows, ""];
  return [
    [`${level} ${heading(map)}`, "", ...table].join("\n"),
    ...fields.flatMap(([, field]) => mapsIn(field).flatMap((inner) => sections(inner, level, seen))),
  ];
}

function mapsIn({ properties, items, anyOf, ...rest }: Schema): Schema[] {
  // A secret of the configuration is no map to write.
  if (properties && rest.title !== undefined) return [{ properties, ...rest }];
  const named = rest.additionalProperties;
  return [...(anyOf ?? []), ...(items ? [items] : []), ...(typeof named === "object" ? [named] : [])].flatMap(mapsIn);
}

function heading({ title = "" }: Schema): string {
  return title.charAt(0).toUpperCase() + title.slice(1);
}

function description({ description: text = "", items, anyOf }: Schema): string {
  const inner = items ?? anyOf?.find((each) => each.description !== undefined);
  return (text || (inner ? description(inner) : "")).replaceAll("|", "\\|");
}

function valueOf(schema: Schema): string {
  const { type, items, anyOf, properties, additionalProperties, pattern, format, minimum = 1, maximum } = schema;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(" or ");
  if (anyOf?.some((each) => each.properties?.["secure"])) return "string, may be encrypted";
  if (anyOf) return anyOf.map(valueOf).join(", or ");
  if (items) return `a list: ${valueOf(items)}`;
  if (properties) return `a map ([${schema.title}](#${heading(schema).toLowerCase().replaceAll(" ", "-")}))`;
  if (typeof additionalProperties === "object") return `by name: ${valueOf(additionalProperties)}`;
  if (type === "number") return "number";
  if (type === "boolean") return "`true` or `false`";
  if (type === "integer") {
    return maximum !== undefined && maximum <= 100 ? `${minimum} to ${maximum}` : `from ${minimum} on`;
  }
  if (format === "email") return "mail address";
  if (pattern?.includes("\\d{4}")) return "day, `YYYY-MM-DD`";
  return pattern === undefined ? "string" : `string, \`${pattern}\``;
}

function code(value: unknown): string {
  return `\`${String(value)}\``;
}

/** What holds where nothing is written, as the end of a description. */
function standard(schema: Schema): string {
  const value = schema.default;
  return value === undefined || value === "" || typeof value === "object" ? "" : ` Default: ${code(value)}.`;
}
