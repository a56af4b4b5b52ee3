import { z } from "zod";
import { SERVERS_KEY, ServersSchema } from "./ServerConfiguration";

/** What a value of the configuration looks like after `pulumi config set --secret`. */
const ENCRYPTED = {
  type: "object",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

/**
 * The JSON Schema of a stack's file, `Pulumi.<stack>.yaml`, as far as it is about servers. In draft 7, which the common
 * YAML language server understands best.
 */
export function serversJsonSchema(): object {
  const { $schema, ...servers } = z.toJSONSchema(ServersSchema, {
    target: "draft-7",
    io: "input",
    override({ jsonSchema }) {
      // `deploy@aegir.example.com` names the user as well.
      if (jsonSchema.properties?.["hostKey"]) {
        jsonSchema.required = jsonSchema.required?.filter((property) => property !== "user");
      }
      if (!jsonSchema["secret"]) return;
      delete jsonSchema["secret"];
      delete jsonSchema.type;
      jsonSchema.anyOf = [{ type: "string" }, ENCRYPTED as z.core.JSONSchema.BaseSchema];
    },
  });
  const config = { type: "object", properties: { [SERVERS_KEY]: servers } };
  return { $schema, title: "Pulumi.<stack>.yaml", type: "object", properties: { config } };
}
