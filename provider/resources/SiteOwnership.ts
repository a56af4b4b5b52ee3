import type * as pulumi from "@pulumi/pulumi";
import { type ClientChange, clientChange, type KnownClient, partedClient } from "../aegir/ClientNumber";
import { type HandoverProgress, NotApplied } from "../aegir/NotApplied";
import { serverFor } from "../aegir/servers";
import type { WaitFor } from "../aegir/WaitFor";
import {
  anotherSite,
  given,
  givenBy,
  identityOf,
  isEffective,
  isTakenBack,
  ownerName,
  type RecordedOwner,
  reinstalled,
  takenBack,
} from "../decisions/siteOwner";
import { normalizeDomain, siteDomainProblems } from "../naming/SiteDomain";
import { quoted } from "../text/quoted";
import type { SiteFacts } from "../worker/facts";
import { checkProperties } from "./checkProperties";
import { noteLook, refuseUncountedRepair } from "./driftLimit";
import { clientNidOf, expectedClientNid, isRefresh, notePartedClient, noteRead } from "./knownNumbers";
import { noteOwnership } from "./loginOrder";
import { PartialFailure } from "./PartialFailure";
import {
  type ArgsOf,
  changedProperties,
  choice,
  choiceOrClient,
  declaredOf,
  type InputsOf,
  internalName,
  optional,
  receiver,
  required,
  serverName,
  string,
} from "./properties";
import { report } from "./report";
import { output, type OutputsOf, resourceClass, type StateOf } from "./resourceClass";
import {
  type CheckResult,
  type CreateResult,
  type DiffResult,
  type ReadResult,
  type ResourceHandlers,
  STATE_VERSION,
} from "./ResourceHandlers";
import { isDeclared, noteDeclared, registerIdentities } from "./uniqueIdentities";
import { isKnown, same, without } from "./values";

const properties = {
  /** The site's main domain, not an alias. A change replaces the resource. */
  site: required(string(siteDomainProblems), { replaces: true, compared: normalizeDomain }),
  /** Internal name of the client that owns the site. Take it from `AegirClient.internalName`. */
  client: required(internalName()),
  /**
   * Internal name of the client that may lose the site. Without it, a site of another client is never taken, so a
   * reviewer sees who loses it. Not needed for the server's default owner, nor for the owner that this stack set last.
   */
  takeOverFrom: optional(
    string((value) =>
      /^[\w.-]{1,255}$/.test(value) ? [] : [`takeOverFrom is the internal name of a client, not ${quoted(value)}.`],
    ),
  ),
  /**
   * `effective`: wait until the site is verified and its files are linked for the owner only. `recorded`: wait for the
   * panel's database only; until the verify has run, the old client can still reach the files.
   * @default "effective"
   */
  waitFor: optional(choice<WaitFor>("effective", "recorded")),
  /**
   * Who owns the site after this resource is destroyed: the server's default owner, `client:<internalName>`, or the owner
   * that it has (`leave`). If another client owns it by then, it is left alone.
   * @default "default-owner"
   */
  onDestroy: optional(choiceOrClient("default-owner", "leave")),
  /** The configured server. Optional if there is only one. A change replaces the resource. */
  server: serverName,
};

const outputs = {
  /** Node id of the site. */
  nid: output<number>(),
  /** Internal name of the client that owned the site before this resource changed it; null if it never did. */
  previousOwner: output<string | null>(),
  /** Node id of the verify task that made the last change effective; null if there was none. */
  verifyTask: output<number | null>(),
  /** True if the files are linked for the owner and for no other client. */
  applied: output<boolean>(),
};

export type SiteOwnershipArgs = { [Name in keyof ArgsOf<typeof properties>]: ArgsOf<typeof properties>[Name] };
type Inputs = InputsOf<typeof properties>;

/** What the state holds. It repeats the inputs, because a delete and a refresh see outputs only. */
interface Recorded extends Inputs, StateOf<typeof outputs> {
  stateVersion: number;
  /** The client that this stack gave the site to, if a refresh has found another owner. A removal leaves the site with that owner. */
  givenTo?: string;
  /** Node id of that client. */
  givenToNid?: number;
  /** Node id of the owner; not in the states of earlier releases. */
  ownerNid?: number;
  /** Whom this stack took the site from as `takeOverFrom` says: it does so once. */
  tookFrom?: string;
  /** What a refresh found if another site has the name now, and another owner: nothing else of it is recorded. */
  remade?: { nid: number; owner: string };
  /** What a refresh found if the owner's recorded internal name and node no longer belong together. */
  ownerChange?: ClientChange;
}

/**
 * The owner of a site. Exactly one client owns a site. The users who are bound to that client, and its shell login, can
 * reach the site.
 *
 * A deployment changes the owner if necessary, has Aegir verify the site, and waits until the files are linked for the
 * new owner only. A destroy hands the site to the default owner, because a site is never without an owner.
 * Id: `site:<domain>`.
 *
 * ```ts
 * new SiteOwnership("site:www.acme.example", { site: "www.acme.example", client: acme.internalName });
 * ```
 */
export class SiteOwnership extends resourceClass<SiteOwnershipArgs, OutputsOf<typeof properties, typeof outputs>>(
  "SiteOwnership",
  properties,
  outputs,
  registered,
) {
  constructor(name: string, args: SiteOwnershipArgs, options?: pulumi.CustomResourceOptions) {
    super(name, args, options);
    noteOwnership(args.client, this);
  }
}

function registered(name: string, args: SiteOwnershipArgs): object {
  if (args.site === undefined) return args;
  const site = registerIdentities(name, args.server, args.site, (value) => {
    const domain = normalizeDomain(`${value}`);
    return [{ identity: siteId(domain), what: `the owner of the site ${domain}` }];
  });
  return { ...args, site };
}

const siteId = (domain: string): string => `site:${domain}`;

export const siteOwnership: ResourceHandlers<Inputs, Recorded> = {
  check(_olds, news): CheckResult {
    const { inputs, server, failures } = checkProperties(properties, news);
    if (typeof inputs.takeOverFrom === "string" && same(inputs.takeOverFrom, inputs.client)) {
      failures.push({
        property: "takeOverFrom",
        reason: `takeOverFrom names the new owner itself, ${quoted(inputs.takeOverFrom)}. Name the client that loses the site, or remove it.`,
      });
    }
    if (typeof inputs.site === "string" && isKnown(inputs.site) && siteDomainProblems(inputs.site).length === 0) {
      inputs.site = normalizeDomain(inputs.site);
      if (server) noteDeclared(server.name, siteId(inputs.site));
    }
    return { inputs, failures };
  },

  diff(id, olds, news): DiffResult {
    if (olds.ownerChange) notePartedClient(olds.server, ownerOf(olds)!);
    const { replaces, changed } = changedProperties(properties, olds, news);
    const unfinished = olds.applied === false && news.waitFor !== "recorded";
    // Declared for the owner that the refresh found: from now on this stack gives the site to that client.
    const accepted = (olds.givenTo ?? olds.remade ?? olds.ownerChange) !== undefined;
    const declared = givenBy(olds) === news.client ? ownerOf(given(olds)) : undefined;
    const adopted = clientNidOf(news.server, news.client);
    const follows = declared !== undefined && adopted !== undefined && adopted !== declared.nid;
    const loser = olds.client || "nobody";
    const gainer = isKnown(news.client) ? news.client : "a client not known yet";
    if (replaces.includes("server")) {
      report(
        id,
        `is no longer declared on server ${olds.server}, but on ${isKnown(news.server) ? news.server : "another"}: the site of the old one goes where onDestroy says.`,
      );
    } else if (replaces.includes("site")) {
      const onDestroy = olds.onDestroy ?? "default-owner";
      const receiver = onDestroy === "leave" ? `stays with ${loser}` : `goes from ${loser} to ${onDestroy}`;
      report(id, `is no longer declared here, another site is: this one ${receiver}.`);
    } else if (olds.remade && news.client !== olds.remade.owner && news.takeOverFrom !== olds.remade.owner) {
      report(id, `${anotherSite(olds, olds.remade)}: the update will refuse to take it.`);
    } else if (follows) {
      report(id, `follows the client ${news.client} from node ${declared.nid} to node ${adopted}.`);
    } else if (olds.ownerChange && declared) {
      report(
        id,
        `its owner ${news.client} ${partedClient(declared, olds.ownerChange)}: the update will refuse to guess.`,
      );
    } else if (isTakenBack(olds.client, news, olds)) {
      report(id, `${takenBack(olds.client)}: the update will refuse to take it a second time.`);
    } else if (changed.includes("client") && isRefresh(olds.server, id)) {
      report(id, `was moved by hand: it belongs to ${loser} now, and this stack gave it to ${gainer}.`);
    } else if (changed.includes("client")) {
      report(
        id,
        `moves from ${loser} to ${gainer}: users bound to ${loser} and its shell login lose the site, those of ${gainer} gain it.`,
      );
    } else if (unfinished) {
      report(id, `is recorded for ${loser}, but its files are not linked so: it will be verified again.`);
    }
    return { changes: replaces.length + changed.length > 0 || unfinished || accepted || follows, replaces };
  },

  async create(inputs): Promise<CreateResult<Recorded>> {
    const id = siteId(inputs.site);
    return { id, outs: await own(id, inputs, undefined) };
  },

  async read(id, props): Promise<ReadResult<Recorded>> {
    const server = serverFor(props.server);
    const domain = props.site ?? id.slice("site:".length);
    const { sites, clients } = await server.inventory();
    const found = sites.find((candidate) => normalizeDomain(candidate.site) === domain && !candidate.hostmaster);
    if (!found) return {};
    noteRead(server.name, siteId(domain));
    const live = { ...props, site: domain, client: ownerName(found), server: server.name };
    const givenTo = givenBy(props);
    const identity = identityOf(given(props), found);
    if (identity === "otherSite") {
      // A person has to say whose site it is now, and until then nothing is written.
      const remade = { nid: found.nid, owner: ownerName(found) };
      const kept = { ...props, site: domain, server: server.name };
      return { id: siteId(domain), props: { ...(kept as Recorded), remade }, inputs: declaredOf(properties, kept) };
    }
    const owner = ownerOf(given(props));
    const ownerChange = owner && clientChange(owner, clients);
    if (ownerChange && (identity === "same" || identity === "otherBearer")) {
      // A person has to say which client is meant, and until then nothing is written.
      notePartedClient(server.name, owner);
      const recorded = without(props, "givenTo", "givenToNid");
      const called = { client: owner.internalName, ownerNid: owner.nid };
      const kept = { ...recorded, ...called, site: domain, server: server.name, ownerChange };
      return { id: siteId(domain), props: kept as Recorded, inputs: declaredOf(properties, kept) };
    }
    if (identity === "reinstalled") report(id, reinstalled(props, found));
    const drifted = givenTo !== undefined && givenTo !== live.client;
    noteLook(
      server,
      siteId(domain),
      drifted ? `${domain} from ${givenTo || "nobody"} to ${live.client || "nobody"}` : undefined,
    );
    return {
      id: siteId(domain),
      props: {
        ...recordOf(found, live, props),
        ...(drifted && { givenTo, ...(owner && { givenToNid: owner.nid }) }),
      },
      inputs: declaredOf(properties, live),
    };
  },

  async update(id, olds, news): Promise<{ outs: Recorded }> {
    if (news.client === olds.givenTo) refuseUncountedRepair(serverFor(news.server), id);
    return { outs: await own(id, news, olds) };
  },

  async delete(id, props): Promise<void> {
    const server = serverFor(props.server);
    if (isDeclared(server.name, id)) {
      report(id, "is still declared by this program: only this entry of the state is forgotten.");
      return;
    }
    const onDestroy = props.onDestroy ?? "default-owner";
    if (onDestroy === "leave" || !(await server.sites.find(props.site))) return;
    const { site, previousOwner, warnings } = await server.sites.handOver({
      site: props.site,
      to: receiver(onDestroy),
      waitFor: props.waitFor ?? "effective",
      from: { kind: "released", recorded: props },
    });
    if (previousOwner === undefined && identityOf(given(props), site) === "otherSite") {
      report(id, `${anotherSite(props, { nid: site.nid, owner: ownerName(site) })}: it is left where it is.`);
      return;
    }
    for (const warning of warnings) report(id, warning);
    const until = isEffective(site)
      ? ""
      : `, but until the server has verified it, ${site.links.join(", ")} can reach its files`;
    report(id, `now belongs to ${ownerName(site) || "nobody"}${until}.`);
  },
};

/** Hands the site to the declared client. A change that is recorded but not effective is a partial failure. */
async function own(id: string, inputs: Inputs, olds: Recorded | undefined): Promise<Recorded> {
  const server = serverFor(inputs.server);
  const toNid = expectedOwnerNid(inputs, olds);
  try {
    const handover = await server.sites.handOver({
      site: inputs.site,
      to: inputs.client,
      toNid,
      waitFor: inputs.waitFor ?? "effective",
      from: { kind: "declared", takeOverFrom: inputs.takeOverFrom, recorded: olds },
    });
    for (const warning of handover.warnings) report(id, warning);
    if (olds?.nid !== undefined && olds.nid !== handover.site.nid) report(id, reinstalled(olds, handover.site));
    const took = handover.previousOwner?.internalName ?? (givenBy(olds ?? {}) === inputs.client ? olds?.tookFrom : "");
    const tookFrom = inputs.takeOverFrom !== undefined && took === inputs.takeOverFrom ? took : undefined;
    return recordOf(handover.site, inputs, { ...remembered(handover, olds), tookFrom });
  } catch (error) {
    if (!(error instanceof NotApplied)) throw error;
    // Where the answer was lost the declared owner is recorded: if it is so, a removal takes it back, and if not, leaves it.
    const client = error.outcome === "unknown" ? inputs.client : ownerName(error.site);
    const recorded = recordOf(error.site, { ...inputs, client }, remembered(error.progress, olds));
    if (error.outcome === "unknown") {
      // The number that was seen is that of the owner before.
      delete recorded.ownerNid;
      Object.assign(recorded, { verifyTask: null }, toNid !== undefined && { ownerNid: toNid });
    }
    throw new PartialFailure(id, { ...recorded, applied: false }, error);
  }
}

/** Which node the declared client is, as its AegirClient or the state knows it; undefined if the name alone says it. */
function expectedOwnerNid({ server, client }: Inputs, olds: Recorded | undefined): number | undefined {
  const recorded = olds && [given(olds), olds].find((each) => each.client === client);
  return recorded ? (clientNidOf(server, client) ?? recorded.ownerNid) : expectedClientNid(server, client);
}

/** The recorded owner; undefined where only its name is recorded, or there is none. */
function ownerOf({ client, ownerNid }: RecordedOwner): KnownClient | undefined {
  return client === undefined || ownerNid === undefined ? undefined : { internalName: client, nid: ownerNid };
}

function remembered(
  handover: HandoverProgress,
  olds: Partial<Recorded> | undefined,
): Pick<Recorded, "previousOwner" | "verifyTask"> {
  return {
    previousOwner:
      handover.previousOwner === undefined
        ? (olds?.previousOwner ?? null)
        : (handover.previousOwner?.internalName ?? ""),
    verifyTask: handover.verifyTask ?? olds?.verifyTask ?? null,
  };
}

function recordOf(site: SiteFacts, inputs: Partial<Inputs>, remembers: Partial<Recorded>): Recorded {
  return {
    ...declaredOf(properties, inputs),
    stateVersion: STATE_VERSION,
    nid: site.nid,
    ...(site.owner && { ownerNid: site.ownerNid }),
    ...(remembers.tookFrom !== undefined && { tookFrom: remembers.tookFrom }),
    // Null, because Pulumi takes an output that is absent for one that no preview can know.
    previousOwner: remembers.previousOwner ?? null,
    verifyTask: remembers.verifyTask ?? null,
    applied: isEffective(site),
  };
}
