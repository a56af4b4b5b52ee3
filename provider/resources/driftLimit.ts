/**
 * A refresh may find that much of the access was changed by hand: a person moved twelve sites to a new client, or took
 * all access away for a reason. Undoing that in the night would be the mistake that the limits of a manifest are there
 * for. The program cannot see it, because Pulumi shows it nothing of the refreshed state; this provider process can, since
 * Pulumi reads all resources before it changes the first one.
 */
import { AegirError } from "../aegir/AegirError";
import type { AegirServer } from "../aegir/AegirServer";
import { utcDay } from "../naming/Day";

interface Looked {
  /** Ids of sites and bindings that were looked at. */
  seen: Set<string>;
  /** Those that were changed by hand, each with what was found, as a clause. */
  drifted: Map<string, string>;
}

/** By the configured name of the server. */
const looked = new Map<string, Looked>();

/** A deployment undoes this share of what it has looked at, or fewer changes than this: the default limits of a manifest. */
const MOST_PERCENT = 30;
const AT_LEAST = 10;

/** How many changes a refusal names. */
const NAMED = 5;

/** @param found what was changed by hand, as a clause; undefined if nothing was */
export function noteLook(server: AegirServer, id: string, found: string | undefined): void {
  const { seen, drifted } = lookedAt(server);
  seen.add(id);
  if (found === undefined) drifted.delete(id);
  else drifted.set(id, found);
}

/**
 * To be called before an operation that would undo what a refresh found of this id.
 * @throws AegirError `refused` if more than the default limits of a manifest was changed by hand, `changedMeanwhile` if
 *   another process found it, or none could look: a `pulumi up` without a refresh, or one whose configuration has changed
 *   since its refresh, for which Pulumi starts another provider process
 */
export function refuseUncountedRepair(server: AegirServer, id: string): void {
  if (!lookedAt(server).seen.has(id)) refuseUncounted(server);
  refuseMassRepair(server, id);
}

/**
 * The same of a new resource: no refresh that another process made has left a record of it.
 * @throws AegirError `refused` likewise
 */
export function refuseMassRepair(server: AegirServer, id: string): void {
  const { seen, drifted } = lookedAt(server);
  const isMass = drifted.size >= AT_LEAST && drifted.size * 100 > seen.size * MOST_PERCENT;
  if (!drifted.has(id) || !isMass || isMeant(server)) return;
  const named = [...drifted.values()].slice(0, NAMED).join(", ");
  const more = drifted.size > NAMED ? `, and ${drifted.size - NAMED} more` : "";
  throw new AegirError({
    code: "refused",
    what:
      `${drifted.size} of ${seen.size} sites and bindings were changed by hand ` +
      `(${named}${more}), which is more than a deployment undoes by itself`,
    server: server.label,
    outcome: "notDone",
    next: `Declare the current situation, or confirm that it is to be undone: ${confirmation(server)}`,
    detail: { drifted: [...drifted.keys()], of: seen.size },
  });
}

/** The same where it is not known how much was changed by hand besides this. */
export function refuseUncounted(server: AegirServer): void {
  if (isMeant(server)) return;
  throw new AegirError({
    code: "changedMeanwhile",
    what: "this was changed by hand, and no refresh in this run has counted what else was",
    server: server.label,
    outcome: "notDone",
    next:
      "Run `pulumi up --refresh` with the configuration of this run: it shows what was changed before it is undone. " +
      `Or confirm that all of it is to be undone: ${confirmation(server)}`,
  });
}

/** A person has confirmed that whatever was changed by hand is to be undone. */
function isMeant({ configuration: { undoDriftUntil } }: AegirServer): boolean {
  return undoDriftUntil !== undefined && undoDriftUntil >= utcDay();
}

const confirmation = ({ name }: AegirServer): string =>
  `\`pulumi config set --path 'aegir:servers.${name}.undoDriftUntil' ${utcDay()}\``;

function lookedAt({ name }: AegirServer): Looked {
  let found = looked.get(name);
  if (!found) looked.set(name, (found = { seen: new Set(), drifted: new Map() }));
  return found;
}

/** For tests that play several operations in one process. */
export function forgetLooks(): void {
  looked.clear();
}
