/** `npm run index`: writes the pages that are made of tests and of the schema. */
import { writeFileSync } from "node:fs";
import { FAULT_INDEX, faultIndex, unwitnessedRows } from "./faultIndex";
import { MANIFEST_REFERENCE, manifestReference } from "./manifestReference";
import { allTitles } from "./titles";
import { TRAP_INDEX, trapIndex, unwitnessed } from "./trapIndex";

const titles = allTitles();
writeFileSync(TRAP_INDEX, trapIndex(titles));
writeFileSync(FAULT_INDEX, faultIndex(titles));
writeFileSync(MANIFEST_REFERENCE, manifestReference());
const missing = unwitnessed(titles);
if (missing.length > 0) console.log(`No test ends its title with the number of trap ${missing.join(", ")}.`);
const rows = unwitnessedRows(titles);
if (rows.length > 0) console.log(`No test begins its title with the number of row ${rows.join(", ")}.`);
