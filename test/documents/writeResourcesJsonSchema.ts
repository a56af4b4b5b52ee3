/** Run by `npm run schema`, after every change of the arguments of a resource. */
import { writeFileSync } from "node:fs";
import { RESOURCES_SCHEMA, resourcesJsonSchema } from "./resourcesJsonSchema";

writeFileSync(RESOURCES_SCHEMA, `${JSON.stringify(resourcesJsonSchema(), undefined, 2)}\n`);
