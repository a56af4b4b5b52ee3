/** The fault matrix, which is written down in matrix.yaml. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const Effect = z.enum(["done", "notDone", "recorded", "unknown"]);
export type Effect = z.infer<typeof Effect>;

const Fault = z.strictObject({ what: z.string(), expected: z.string(), effects: z.array(Effect) });
export type Fault = z.infer<typeof Fault>;

const text = readFileSync(join(__dirname, "matrix.yaml"), "utf8");

/** By group, and in it by number. */
export const matrix = z.record(z.string(), z.record(z.string(), Fault)).parse(parse(text));

export const faults = Object.assign({}, ...Object.values(matrix)) as Readonly<Record<number, Fault>>;
