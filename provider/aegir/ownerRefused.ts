import {
  anotherSite,
  otherBearer,
  type OwnerDecision,
  ownerName,
  type RecordedOwner,
  takenBack,
} from "../decisions/siteOwner";
import type { SiteFacts } from "../worker/facts";
import { AegirError } from "./AegirError";

type Reason = Extract<OwnerDecision, { action: "refuse" }>["why"];

/**
 * The error for a site that is not taken from its owner.
 * @param client internal name of the declared client
 */
export function ownerRefused(
  reason: Reason,
  site: SiteFacts,
  client: string,
  recorded: RecordedOwner,
  server: string,
): AegirError {
  const owner = ownerName(site);
  return new AegirError({
    code: reason === "otherClient" ? "refused" : "changedMeanwhile",
    server,
    outcome: "notDone",
    ...explanations[reason](site, owner, client, recorded),
  });
}

interface Explanation {
  what: string;
  next: string;
  detail: Record<string, unknown>;
}

const explanations: Record<
  Reason,
  (site: SiteFacts, owner: string, client: string, recorded: RecordedOwner) => Explanation
> = {
  takenBack: ({ site }, owner) => ({
    what: `${site} ${takenBack(owner)}`,
    next:
      `Declare ${owner} as its client, or remove this resource, to let ${owner} keep it. To take it again, make sure that ` +
      "no other stack declares it, remove takeOverFrom and run `pulumi up --refresh`",
    detail: { site, owner },
  }),

  otherSite: (site, owner, _, recorded) => ({
    what: `${site.site} ${anotherSite(recorded, { nid: site.nid, owner })}`,
    next: keepOrTake(owner),
    detail: identities(site, owner, recorded),
  }),

  otherBearer: (site, owner, _, recorded) => ({
    what: `${site.site} ${otherBearer(recorded, site)}`,
    next: keepOrTake(owner),
    detail: identities(site, owner, recorded),
  }),

  changed: ({ site }, owner, _, { client: expected }) => ({
    what:
      `the owner of ${site} changed since this stack last saw it: ` +
      `expected ${expected || "no client"}, found ${owner || "no client"}`,
    next: "Run `pulumi up --refresh` to see the change before it is overwritten",
    detail: { expected, found: owner },
  }),

  otherClient: (site, owner, client) => ({
    what: `${site.site} belongs to another client, ${owner} ("${site.owner?.name}"), and is declared for ${client}`,
    next: take(owner),
    detail: { site: site.site, owner },
  }),
};

function keepOrTake(owner: string): string {
  if (owner === "") return "Give the site an owner in the panel, then run the same command again";
  return `Declare ${owner} as its client to let ${owner} keep it. ${take(owner)}`;
}

const take = (owner: string): string => `Write takeOverFrom: "${owner}" to take it from ${owner}`;

function identities(site: SiteFacts, owner: string, { nid, client, ownerNid }: RecordedOwner): Record<string, unknown> {
  return { expected: { nid, client, ownerNid }, found: { nid: site.nid, owner, ownerNid: site.ownerNid } };
}
