/** Run by `npm run schema`, after every change of the manifest, of access tests, of the servers or of the arguments of a resource. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { serversJsonSchema } from "../../provider/aegir/serversJsonSchema";
import { accessTestsJsonSchema } from "../../provider/answers/AccessTestsSchema";
import { manifestJsonSchema } from "../../provider/manifest/jsonSchema";
import { provider } from "./resourceDefinitions";
import { RESOURCES_SCHEMA, resourcesJsonSchema } from "./resourcesJsonSchema";
import { SERVER_TYPES, serverTypes } from "./serverTypes";

for (const [file, schema] of [
  [join(provider, "manifest", "access.schema.json"), manifestJsonSchema()],
  [join(provider, "answers", "access.test.schema.json"), accessTestsJsonSchema()],
  [join(provider, "aegir", "servers.schema.json"), serversJsonSchema()],
  [RESOURCES_SCHEMA, resourcesJsonSchema()],
] as const) {
  writeFileSync(file, `${JSON.stringify(schema, undefined, 2)}\n`);
}
writeFileSync(SERVER_TYPES, serverTypes());
