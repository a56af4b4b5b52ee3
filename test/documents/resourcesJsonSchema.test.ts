/** What is generated from the definitions of the resources, for editors and other tools. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { check, configure, stacks } from "../resources/offline";
import { RESOURCE_TYPES } from "./resourceDefinitions";
import { RESOURCES_SCHEMA, resourcesJsonSchema, type Schema } from "./resourcesJsonSchema";

describe("The schema of the resources", () => {
  const schema = JSON.parse(readFileSync(RESOURCES_SCHEMA, "utf8")) as ReturnType<typeof resourcesJsonSchema>;

  it("resources.schema.json: is what `npm run schema` writes", () => {
    assert.deepEqual(schema, JSON.parse(JSON.stringify(resourcesJsonSchema())));
  });

  it("resources.schema.json: describes every argument", () => {
    const undescribed: string[] = [];
    const visit = ({ properties = {} }: Schema, path: string): void => {
      for (const [name, field] of Object.entries(properties)) {
        if (!field.description) undescribed.push(`${path}.${name}`);
        visit(field, `${path}.${name}`);
      }
    };
    for (const [type, definition] of Object.entries(schema.definitions)) visit(definition, type);
    assert.deepEqual(undescribed, []);
  });

  it("resources.schema.json: requires, offers and types what the checks of the resources do", () => {
    configure(stacks.oneServer);
    assert.deepEqual(Object.keys(schema.definitions), RESOURCE_TYPES);
    for (const [type, definition] of Object.entries(schema.definitions)) {
      const problems = (values: object) => check(type, { ...values }).failures.map(({ property }) => property);
      assert.deepEqual(problems({}), definition["required"], type);
      assertHolds(definition, (values, path) => {
        const found = check(type, values).failures.map(({ reason }) => reason);
        return found.some((reason) => reason.startsWith(`${path} is `) || reason.startsWith(`${path} must be `));
      });
    }
  });
});

/** @param isRefused whether the check refuses the value at this path for its own sake */
function assertHolds(
  { properties = {} }: Schema,
  isRefused: (values: Record<string, unknown>, path: string) => boolean,
): void {
  for (const [name, field] of Object.entries(properties)) {
    // The check chooses the server itself.
    if (name === "server") continue;
    const refused = (value: unknown) => isRefused({ [name]: value }, name);
    if (field.properties) {
      assert.ok(refused("text"), name);
      assertHolds(field, (values, path) => isRefused({ [name]: values }, `${name}.${path}`));
      continue;
    }
    const { enum: values = [], type } = (field["anyOf"] as Schema[] | undefined)?.[0] ?? field;
    for (const value of values as unknown[]) assert.ok(!refused(value), `${name}: ${String(value)}`);
    if (field["anyOf"]) assert.ok(!refused("client:acme"), name);
    assert.ok(refused(type === "string" ? 7 : "something else"), name);
    if (type === "boolean") assert.ok(!refused(true), name);
    if (type === "integer") assert.ok(!refused(1) && refused(0), name);
  }
}
