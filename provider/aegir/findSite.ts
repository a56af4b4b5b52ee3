/** Finds sites by their main domain. */
import type { SiteFacts } from "../worker/facts";
import { AegirError } from "./AegirError";
import type { DrushWorker } from "./DrushWorker";

/** The one live site with this main domain, the front end's own included; undefined if there is none. */
export async function findSite(worker: DrushWorker, site: string): Promise<SiteFacts | undefined> {
  return (await look(worker, site)).found;
}

/**
 * The one live site with this main domain.
 * @throws AegirError `missing`, saying whether only an alias or a deleted site has this name; `refused` for the
 * front end's own site and for a server with several live sites of this name
 */
export async function requireSite(worker: DrushWorker, site: string): Promise<SiteFacts> {
  const { found, deleted, aliasOf } = await look(worker, site);
  if (!found) {
    const instead = aliasOf
      ? `it is an alias of ${aliasOf}`
      : deleted > 0
        ? "only a deleted site had this name"
        : "no site has this name";
    throw new AegirError({
      code: "missing",
      what: `there is no site ${site}: ${instead}`,
      server: worker.label,
      outcome: "notDone",
      next: aliasOf ? `Declare the main domain: site: "${aliasOf}"` : "Install the site first, or correct its name",
      detail: { site, aliasOf, deleted },
    });
  }
  if (found.hostmaster) {
    throw new AegirError({
      code: "refused",
      what: `${site} is Aegir's own front end`,
      server: worker.label,
      outcome: "notDone",
      next: "Remove this resource: the front end's site is never given to a client",
    });
  }
  return found;
}

async function look(
  worker: DrushWorker,
  site: string,
): Promise<{ found: SiteFacts | undefined; deleted: number; aliasOf: string | null }> {
  const { result } = await worker.call("site", { site });
  const { sites, deleted, aliasOf } = result;
  if (sites.length > 1) {
    throw new AegirError({
      code: "refused",
      what: `${sites.length} live sites have the name ${site} (nodes ${sites.map(({ nid }) => nid).join(", ")})`,
      server: worker.label,
      outcome: "notDone",
      next: "Delete or rename all but one in the panel",
    });
  }
  return { found: sites[0], deleted, aliasOf };
}
