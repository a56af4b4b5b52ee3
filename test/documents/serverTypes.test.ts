/** What is generated from the schema of the servers, for programs and for editors. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serversJsonSchema } from "../../provider/aegir/serversJsonSchema";
import { SERVER_TYPES, serverTypes } from "./serverTypes";

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | false;
  required?: string[];
  anyOf?: Schema[];
}

describe("The schema of aegir:servers", () => {
  const file = join(__dirname, "../../provider/aegir/servers.schema.json");
  const schema = JSON.parse(readFileSync(file, "utf8")) as Schema;
  const servers = schema.properties!["config"]!.properties!["aegir:servers"]!;
  const { connection } = (servers.additionalProperties as Schema).properties as { connection: Schema };

  it("servers.schema.json and the types of the servers: are what `npm run schema` writes", () => {
    assert.deepEqual(schema, JSON.parse(JSON.stringify(serversJsonSchema())));
    assert.equal(readFileSync(SERVER_TYPES, "utf8"), serverTypes());
  });

  it("servers.schema.json: describes every field", () => {
    const undescribed: string[] = [];
    const visit = ({ properties = {}, additionalProperties }: Schema, path: string): void => {
      if (additionalProperties) visit(additionalProperties, `${path}.*`);
      for (const [key, field] of Object.entries(properties)) {
        if (field.description === undefined) undescribed.push(`${path}.${key}`);
        visit(field, `${path}.${key}`);
      }
    };
    visit(servers, "servers");
    assert.deepEqual(undescribed, []);
  });

  it("servers.schema.json: accepts what `pulumi config set --secret` writes, and a user in the host", () => {
    for (const secret of ["password", "privateKey", "privateKeyPassword"]) {
      const { anyOf = [] } = connection.properties![secret]!;
      assert.ok(
        anyOf.some(({ properties }) => properties?.["secure"]),
        secret,
      );
    }
    assert.deepEqual(connection.required, ["host", "hostKey"]);
  });
});
