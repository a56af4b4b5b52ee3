/** The shape of a file of access tests. The JSON Schema for editors is generated from it. */
import { z } from "zod";
import type { FileFormat } from "../manifest/AccessSchema";
import { text } from "../manifest/fieldTypes";

const names = (what: string, example: string) =>
  z
    .array(text(`a string, for example ${example}`), { error: `must be a list of ${what}, for example [${example}]` })
    .meta({ minItems: 1 });

const Subjects = z
  .strictObject(
    {
      people: names("people", "alice")
        .optional()
        .meta({ description: "People, each by name, mail address, or fingerprint of a key (SHA256:...)." }),
      teams: names("teams", "web").optional().meta({ description: "Teams of the manifest: all people in them." }),
      sites: names("domains", "www.acme.example").meta({
        description: "Main domains of sites. A * stands for any characters: *.acme.example. It must match a site.",
      }),
    },
    { error: "must be a map with sites, and people or teams" },
  )
  .meta({ title: "map of people, teams and sites" });

const AccessTest = z
  .strictObject(
    {
      name: text("a short text, for example the agency never reaches the shop")
        .optional()
        .meta({ description: "What the test is for. It is shown when the test fails." }),
      can: Subjects.optional().meta({ description: "Each of them reaches each of the sites." }),
      cannot: Subjects.optional().meta({ description: "None of them reaches any of the sites." }),
      only: Subjects.optional().meta({ description: "No other person reaches any of the sites." }),
    },
    { error: "must be a map with can, cannot or only" },
  )
  .meta({ title: "access test" });

const AccessTestsSchema = z
  .strictObject(
    {
      version: z
        .literal(1, { error: "must be the number 1, the version of the format" })
        .meta({ description: "The version of this format: 1." }),
      tests: z
        .array(AccessTest, {
          error: "must be a list of access tests, each beginning with - can:, - cannot: or - only:",
        })
        .meta({ description: "What must be true of the access that the manifest declares." }),
    },
    { error: "must be a map with version and tests" },
  )
  .meta({
    title: "file of access tests",
    description: "What must be true of who reaches which site, as `aegir-access lint` and `review` check it.",
  });

export const ACCESS_TESTS: FileFormat = {
  schema: AccessTestsSchema,
  maps: new Map<string, z.ZodObject>([
    ["", AccessTestsSchema],
    ["tests", AccessTest],
    ["can", Subjects],
    ["cannot", Subjects],
    ["only", Subjects],
  ]),
};

export function accessTestsJsonSchema(): unknown {
  return z.toJSONSchema(AccessTestsSchema, { target: "draft-7", io: "input" });
}
