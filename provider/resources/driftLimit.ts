/**
 * A refresh may find that much of the access was changed by hand: a person moved twelve sites to a new client, or took
 * everybody's access for a reason. Undoing that in the night would be the mistake that the limits of a manifest are there
 * for. The program cannot see it, because Pulumi shows it nothing of the refreshed state; this provider process can, since
 * Pulumi reads all resources before it changes the first one.
 */
import { AegirError } from "../aegir/AegirError";
import type { AegirServer } from "../aegir/AegirServer";
import { utcDay } from "../naming/Day";

interface Looked {
  /** Ids of sites and bindings that were looked at. */
  seen: Set<string>;
  /** Those that somebody has changed by hand, each with what was found, as a clause. */
  drifted: Map<string, string>;
}

/** By the configured name of the server. */
const looked = new Map<string, Looked>();

/** A deployment undoes this share of what it has looked at, or fewer changes than this: the default limits of a manifest. */
const MOST_PERCENT = 30;
const AT_LEAST = 10;

/** How many changes a refusal names. */
const NAMED = 5;

/** @param found what somebody has changed by hand, as a clause; undefined if nothing was */
export function noteLook(server: AegirServer, id: string, found: string | undefined): void {
  const { seen, drifted } = lookedAt(server);
  seen.add(id);
  if (found === undefined) drifted.delete(id);
  else drifted.set(id, found);
}

/**
 * To be called before an operation that would undo what `noteLook` has noted of this id.
 * @throws AegirError `refused` if more than the default limits of a manifest was changed by hand
 */
export function refuseMassRepair(server: AegirServer, id: string): void {
  const { seen, drifted } = lookedAt(server);
  const isMass = drifted.size >= AT_LEAST && drifted.size * 100 > seen.size * MOST_PERCENT;
  const { undoDriftUntil } = server.configuration;
  const isMeant = undoDriftUntil !== undefined && undoDriftUntil >= utcDay();
  if (!drifted.has(id) || !isMass || isMeant) return;
  const named = [...drifted.values()].slice(0, NAMED).join(", ");
  const more = drifted.size > NAMED ? `, and ${drifted.size - NAMED} more` : "";
  throw new AegirError({
    code: "refused",
    what:
      `${drifted.size} of ${seen.size} sites and bindings were changed by hand ` +
      `(${named}${more}), which is more than a deployment undoes by itself`,
    server: server.label,
    outcome: "notDone",
    next:
      "Declare what is so now, or confirm that it is to be undone: " +
      `\`pulumi config set --path 'aegir:servers.${server.name}.undoDriftUntil' ${utcDay()}\``,
    detail: { drifted: [...drifted.keys()], of: seen.size },
  });
}

function lookedAt({ name }: AegirServer): Looked {
  let found = looked.get(name);
  if (!found) looked.set(name, (found = { seen: new Set(), drifted: new Map() }));
  return found;
}

/** For tests that play several operations in one process. */
export function forgetLooks(): void {
  looked.clear();
}
