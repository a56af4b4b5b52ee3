/** Writes `access.schema.json` again; run by `npm run schema`, after every change of AccessSchema.ts. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { manifestJsonSchema } from "./jsonSchema";

writeFileSync(join(__dirname, "access.schema.json"), `${JSON.stringify(manifestJsonSchema(), undefined, 2)}\n`);
