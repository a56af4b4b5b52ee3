/** The manifest's JSON Schema for editors; run as a program it prints `access.schema.json`. */
import { z } from "zod";
import { AccessSchema } from "./AccessSchema";

/** Draft 7, which the common YAML language server understands best. */
export function manifestJsonSchema(): unknown {
  return z.toJSONSchema(AccessSchema, { target: "draft-7", io: "input" });
}

if (require.main === module) console.log(JSON.stringify(manifestJsonSchema(), undefined, 2));
