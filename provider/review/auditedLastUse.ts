/** When people last used the panel, as an audit prints it for a review that does not ask the server. */
import { z } from "zod";
import { dayProblems } from "../naming/Day";
import { personByName } from "./EffectiveAccess";
import { type LastUse, lastUseOf, type PanelTimes } from "./lastUse";

/** As an audit prints it, under `lastUse`. Names are as the server has them. */
export interface AuditedLastUse {
  /** The configured server; null if it has no name. */
  server: string | null;
  asOf: string;
  users: ({ name: string } & Omit<LastUse, "asOf">)[];
}

const Day = z.string().refine((day) => dayProblems(day).length === 0, "must be a day");

const User = z.object({ name: z.string().min(1).max(255), day: Day.nullable(), created: Day.nullable() });

const Audit = z.object({
  lastUse: z.object({ server: z.string().nullable(), asOf: Day, users: z.array(z.unknown()) }),
});

/** What `audit` prints of the last use of a server's panel, for `readLastUses`. */
export function lastUsesOf(
  users: readonly ({ readonly name: string } & PanelTimes)[],
  asOf: string,
  server: string | undefined,
): AuditedLastUse {
  const known = users.flatMap((user) => {
    const lastUse = lastUseOf(user, asOf);
    return lastUse === undefined ? [] : [{ name: user.name, day: lastUse.day, created: lastUse.created }];
  });
  return { server: server ?? null, asOf, users: known };
}

/** The text is not what `audit --unused DAYS --json` prints. */
export class UnreadableLastUses extends Error {
  override readonly name = "UnreadableLastUses";
  readonly code = "unreadableLastUses";
}

/**
 * @param text what `audit --unused DAYS --json` has printed
 * @returns `of`: by key of the person; `server`: the configured server, if it has a name
 * @throws UnreadableLastUses
 */
export function readLastUses(text: string): { server: string | undefined; of: Map<string, LastUse> } {
  const { server, asOf, users } = checked(Audit, parsed(text)).lastUse;
  // One by one, because a problem of each would take a hundred times the memory of the text.
  const of = users.map((user, index) => {
    const { name, day, created } = checked(User, user, ["lastUse", "users", index]);
    return [personByName(name).key, { day, created, asOf }] as const;
  });
  return { server: server ?? undefined, of: new Map(of) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UnreadableLastUses((error as Error).message);
  }
}

/** @param at where the value is */
function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, at: PropertyKey[] = []): z.output<Schema> {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  const [{ path, message }] = error.issues as [z.core.$ZodIssue];
  throw new UnreadableLastUses(`${[...at, ...path].join(".")}: ${message}`);
}
