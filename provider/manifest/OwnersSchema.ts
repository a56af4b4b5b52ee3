/** The shape of what a file says of itself: who owns it, and what it may declare. */
import { z } from "zod";
import { text } from "./fieldTypes";

export const Owners = z.array(text("a code owner, for example @acme/web or it@acme.example"), {
  error: "must be a list of code owners, for example [@acme/web, it@acme.example]",
});

export const Scope = z
  .strictObject(
    {
      clients: z
        .array(text("a pattern of internal names, for example agency_*"), {
          error: "must be a list of patterns, for example [acme, agency_*]",
        })
        .optional()
        .meta({
          description:
            "Patterns of internal names, in which * stands for any characters. Only such clients may be in the file.",
        }),
      sites: z
        .array(text("a pattern of domains, for example *.acme.example"), {
          error: 'must be a list of patterns, for example ["*.acme.example"]',
        })
        .optional()
        .meta({
          description:
            "Patterns of domains, in which * stands for any characters. Only such sites may be in the file. " +
            "`*.acme.example` does not match `acme.example` itself.",
        }),
    },
    { error: 'must be a map such as { sites: ["*.acme.example"] }' },
  )
  .meta({ title: "scope map" });
