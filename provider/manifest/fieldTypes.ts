/** The types of single fields of a manifest. The `error` of a type continues a sentence that begins with the field's name. */
import { z } from "zod";
import { DAY_PATTERN } from "../naming/Day";
import { INTERNAL_NAME_PATTERN } from "../naming/InternalName";

export const text = (error: string) => z.string({ error: `must be ${error}` });

// Patterns are hints for editors: zod ignores them, and rules/ reports what does not match.
export const internalNamePattern = { pattern: INTERNAL_NAME_PATTERN.source };

export const SPELLED_OUT =
  "Write a character that could be mistaken for another as its code point, as in `<U+0430>lice`.";

export const domain = (description: string) =>
  text("a domain, for example www.acme.example").meta({ description, minLength: 1 });

export const day = (description: string) =>
  text("a day in UTC, for example 2026-12-31").meta({ description, pattern: DAY_PATTERN.source });

export const flag = (description: string) =>
  z.boolean({ error: "must be true or false" }).optional().meta({ description });

export const choice = <Choice extends string>(...choices: Choice[]) =>
  z.enum(choices, { error: `must be ${choices.join(" or ")}` }).optional();

export const email = (description: string) =>
  text("a mail address, for example it@acme.example").meta({ description, format: "email" });

export const userName = (description: string) =>
  text("the name of a panel user, for example alice").meta({
    description: `${description} ${SPELLED_OUT}`,
    minLength: 1,
  });

/** The error of a number that counts something. */
export const count = (example: string) => `must be a whole number from 1 on, for example ${example}`;
export const wholeNumber = (least: number, most: number, error: string) =>
  z.number({ error }).int({ error }).min(least, { error }).max(most, { error }).optional();

const uidError = "must be the number of a panel user, for example 9";
export const uid = (description: string) =>
  z.number({ error: uidError }).int({ error: uidError }).min(1, { error: uidError }).meta({ description });

export const keys = (description: string) =>
  z
    .array(text("the line of a .pub file, for example ssh-ed25519 AAAA... alice@laptop"), {
      error: "must be a list of public keys, for example [ssh-ed25519 AAAA... alice@laptop]",
    })
    .meta({ description });
