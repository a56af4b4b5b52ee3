/** `npm run index`: writes the pages that are made of tests, of the schema and of the resources. */
import { writeFileSync } from "node:fs";
import { unwitnessed } from "../support/TestTitle";
import { FAULT_INDEX, faultIndex } from "./faultIndex";
import { MANIFEST_REFERENCE, manifestReference } from "./manifestReference";
import { RESOURCE_TYPES } from "./resourceDefinitions";
import { RESOURCE_PAGES, resourcePage } from "./resourceReference";
import { SERVERS_PAGE, serversPage } from "./serversReference";
import { allTitles } from "./titles";
import { TRAP_INDEX, trapIndex } from "./trapIndex";

const titles = allTitles();
writeFileSync(TRAP_INDEX, trapIndex(titles));
writeFileSync(FAULT_INDEX, faultIndex(titles));
writeFileSync(MANIFEST_REFERENCE, manifestReference());
writeFileSync(SERVERS_PAGE, serversPage());
for (const type of RESOURCE_TYPES) writeFileSync(RESOURCE_PAGES[type], resourcePage(type));
const missing = unwitnessed("trap", titles);
if (missing.length > 0) console.log(`No test ends its title with the number of trap ${missing.join(", ")}.`);
const rows = unwitnessed("row", titles);
if (rows.length > 0) console.log(`No test begins its title with the number of row ${rows.join(", ")}.`);
