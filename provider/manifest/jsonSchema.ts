import { z } from "zod";
import { AccessSchema } from "./AccessSchema";

/** The manifest's JSON Schema for editors, in draft 7, which the common YAML language server understands best. */
export function manifestJsonSchema(): unknown {
  return z.toJSONSchema(AccessSchema, { target: "draft-7", io: "input" });
}
