/** Writes `servers.schema.json` again; run by `npm run schema`, after every change of the schema of the servers. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { serversJsonSchema } from "./serversJsonSchema";

writeFileSync(join(__dirname, "servers.schema.json"), `${JSON.stringify(serversJsonSchema(), undefined, 2)}\n`);
