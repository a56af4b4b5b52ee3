/** Run by `npm run schema`, after every change of the schema of the servers. */
import { writeFileSync } from "node:fs";
import { SERVER_TYPES, serverTypes } from "./serverTypes";

writeFileSync(SERVER_TYPES, serverTypes());
