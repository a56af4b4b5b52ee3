/** `npm run index`: writes the pages that name the tests. */
import { writeFileSync } from "node:fs";
import { allTitles } from "./titles";
import { TRAP_INDEX, trapIndex, unwitnessed } from "./trapIndex";

const titles = allTitles();
writeFileSync(TRAP_INDEX, trapIndex(titles));
const missing = unwitnessed(titles);
if (missing.length > 0) console.log(`No test ends its title with the number of trap ${missing.join(", ")}.`);
