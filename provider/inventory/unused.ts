/** People who may reach sites through the panel, and have not used it for a long time. */
import type { ServerInventory } from "../aegir/AegirServer";
import { daysBetween } from "../naming/Day";
import { seesEverySite } from "../review/fromInventory";
import { dayOf, lastUseOf, lastUseText } from "../review/lastUse";
import { name, type Phrase, phrase, plural } from "../text/Phrase";

export interface UnusedAccess {
  uid: number;
  /** The same at every look, so that a manifest can name it. */
  finding: string;
  /** A clause about the user. */
  remark: string;
  says: Phrase;
  /** Internal names of the clients that the user may act for. */
  clients: string[];
}

/** Begins the id of every such finding. */
export const UNUSED = "unused-";

/** Drush and Aegir act as this user, which is the author of everything in the panel and cannot be blocked there. */
const FIRST_USER = 1;

/**
 * A user who was created less than so many days ago is new. Blocked users and users without a client reach nothing. Both are
 * left out.
 *
 * @param days in UTC, counted up to the day that the server's clock showed
 */
export function unusedAccess(inventory: ServerInventory, days: number): UnusedAccess[] {
  const asOf = dayOf(inventory.takenAt);
  const own = inventory.sites.filter(({ hostmaster }) => !hostmaster);
  const sitesOf = new Map(inventory.clients.map(({ internalName, sites }) => [internalName, sites.length]));
  return inventory.users.flatMap((user): UnusedAccess[] => {
    const { uid, name: called, clients } = user;
    const lastUse = lastUseOf(user, asOf);
    const administers = seesEverySite(user, inventory);
    const reachesSites = user.active && uid !== FIRST_USER && (administers || clients.length > 0);
    if (!reachesSites || lastUse === undefined) return [];
    const since = lastUse.day ?? lastUse.created;
    const unusedDays = since === null ? Infinity : daysBetween(since, asOf);
    if (unusedDays < days) return [];
    const sites = clients.reduce((sum, client) => sum + (sitesOf.get(client) ?? 0), 0);
    const reach = administers
      ? phrase`is an administrator, who sees ${plural(own.length, "site")}`
      : phrase`may act for ${plural(clients.length, "client")} with ${plural(sites, "site")}`;
    const remark = lastUseText(lastUse);
    const ago = lastUse.day === null ? "" : `, ${plural(unusedDays, "day")} ago`;
    return [
      {
        uid,
        finding: `${UNUSED}${administers ? "administrator" : "user"}:${called}`,
        remark,
        says: phrase`${name(called)} ${remark}${ago}, and ${reach}${clients.length > 0 ? ":" : "."}`,
        clients,
      },
    ];
  });
}
