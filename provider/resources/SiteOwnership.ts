import * as pulumi from "@pulumi/pulumi";
import { clientChange, partedClient, type ClientChange, type KnownClient } from "../aegir/ClientNumber";
import { serverFor } from "../aegir/servers";
import { NotApplied, type HandoverProgress } from "../aegir/Sites";
import type { WaitFor } from "../aegir/WaitFor";
import {
  anotherSite,
  given,
  givenBy,
  identityOf,
  isEffective,
  isTakenBack,
  ownerName,
  reinstalled,
  takenBack,
  type RecordedOwner,
} from "../decisions/siteOwner";
import { quoted } from "../text/quoted";
import { normalizeDomain, siteDomainProblems } from "../naming/SiteDomain";
import type { SiteFacts } from "../worker/protocol";
import { AegirResource, typeToken } from "./AegirResource";
import { say } from "./consequences";
import {
  clientNidOf,
  expectedClientNid,
  isDeclared,
  isRefresh,
  noteDeclared,
  notePartedClient,
  noteRead,
} from "./declared";
import { noteLook, refuseUncountedRepair } from "./driftLimit";
import { claim } from "./register";
import { CLIENT_ID, InputRules, receiver, withoutNulls } from "./InputRules";
import {
  differing,
  isKnown,
  PartialFailure,
  pick,
  same,
  STATE_VERSION,
  text,
  without,
  type CheckResult,
  type CreateResult,
  type DiffResult,
  type Lifecycle,
  type ReadResult,
} from "./Lifecycle";

export interface SiteOwnershipArgs {
  /** The site's main domain, not an alias. A change replaces the resource. */
  site: pulumi.Input<string>;
  /** Internal name of the client that owns the site; take it from `AegirClient.internalName`. */
  client: pulumi.Input<string>;
  /**
   * Internal name of the client that may lose the site. Without it a site of another client is never taken, so that a
   * reviewer reads who loses what. The server's default owner and this stack's own last owner need no mention.
   */
  takeOverFrom?: pulumi.Input<string>;
  /**
   * `effective`: wait until the site is verified and the files are linked for the owner and nobody else. `recorded`:
   * be content with the panel's database; until the verify has run, the old client keeps reaching the files.
   * @default "effective"
   */
  waitFor?: pulumi.Input<WaitFor>;
  /**
   * Who owns the site when this resource is destroyed: the server's default owner, `client:<internalName>`, or whoever
   * owns it by then (`leave`). If somebody else owns it by then, it is left alone in any case.
   * @default "default-owner"
   */
  onDestroy?: pulumi.Input<"default-owner" | "leave" | `client:${string}`>;
  /** One of the configured servers; may be left out where there is only one. A change replaces the resource. */
  server?: pulumi.Input<string>;
}

interface Inputs {
  site: string;
  client: string;
  takeOverFrom?: string;
  waitFor?: WaitFor;
  onDestroy?: string;
  server: string;
}

/** Outputs repeat the inputs, because delete and refresh see outputs only. */
interface Outputs extends Inputs {
  stateVersion: number;
  nid: number;
  previousOwner: string | null;
  verifyTask: number | null;
  applied: boolean;
  /** The client that this stack gave the site to, if a refresh found another owner since: a removal leaves it with that one. */
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

const replacing = ["site", "server"] as const;
const changing = ["client", "takeOverFrom", "waitFor", "onDestroy"] as const;
const inputKeys = [...replacing, ...changing];

/**
 * That a site is owned by a client: exactly one client owns a site, and whoever is bound to it, or holds its
 * shell login, reaches the site and no other.
 *
 * Applying changes the owner if it is not right yet, has Aegir verify the site, and waits until the files are linked
 * for the new owner and for nobody else. Destroying hands the site to the default owner; it is never without one.
 * Id: `site:<domain>`.
 *
 * ```ts
 * new SiteOwnership("site:www.acme.example", { site: "www.acme.example", client: acme.internalName });
 * ```
 */
export class SiteOwnership extends AegirResource {
  /** @internal the token by which policies recognise the class */
  static readonly __pulumiType = typeToken("SiteOwnership");

  /** Node id of the site. */
  declare readonly nid: pulumi.Output<number>;
  declare readonly site: pulumi.Output<string>;
  /** Internal name of the owner; link a ShellAccount through it, so that it waits for the ownership. */
  declare readonly client: pulumi.Output<string>;
  /** Internal name of the client that owned the site before this resource changed it; null if it never did. */
  declare readonly previousOwner: pulumi.Output<string | null>;
  /** Node id of the verify task that made the last change effective; null if there was none. */
  declare readonly verifyTask: pulumi.Output<number | null>;
  /** True if the files are linked for the owner and for nobody else. */
  declare readonly applied: pulumi.Output<boolean>;
  declare readonly server: pulumi.Output<string>;

  constructor(name: string, args: SiteOwnershipArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "SiteOwnership",
      name,
      claimed(name, args),
      ["nid", "previousOwner", "verifyTask", "applied", "server"],
      options,
    );
  }

  /** Looks up the ownership of a site that this stack does not manage. `id` is `site:<domain>`. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): SiteOwnership {
    return new SiteOwnership(name, {} as SiteOwnershipArgs, { ...options, id });
  }
}

function claimed(name: string, args: SiteOwnershipArgs): Record<string, unknown> {
  if (args.site === undefined) return { ...args };
  const site = claim(name, args.server, args.site, (value) => {
    const domain = normalizeDomain(`${value}`);
    return [{ identity: siteId(domain), what: `the owner of the site ${domain}` }];
  });
  return { ...args, site };
}

const siteId = (domain: string): string => `site:${domain}`;

export const siteOwnership: Lifecycle<Inputs, Outputs> = {
  check(_olds, news): CheckResult {
    const inputs = withoutNulls(news);
    const rules = new InputRules(inputs);
    const server = rules.drushServer();
    if (server) inputs.server = server.name;
    rules.text("site", siteDomainProblems);
    rules.text("client", rules.internalName(server));
    rules.optionalText("takeOverFrom", (value) =>
      /^[\w.-]{1,255}$/.test(value) ? [] : [`takeOverFrom is the internal name of a client, not ${quoted(value)}.`],
    );
    if (typeof inputs.takeOverFrom === "string" && same(inputs.takeOverFrom, inputs.client)) {
      rules.fail(
        "takeOverFrom",
        `takeOverFrom names the new owner itself, ${quoted(inputs.takeOverFrom)}. Name the client that loses the site, or remove it.`,
      );
    }
    rules.choice("waitFor", ["effective", "recorded"]);
    rules.choice("onDestroy", ["default-owner", "leave", "client:<internalName>"], (value) => CLIENT_ID.test(value));
    if (typeof inputs.site === "string" && isKnown(inputs.site) && siteDomainProblems(inputs.site).length === 0) {
      inputs.site = normalizeDomain(inputs.site);
      if (server) noteDeclared(server.name, siteId(inputs.site));
    }
    return { inputs: { ...inputs }, failures: rules.failures };
  },

  diff(id, olds, news): DiffResult {
    if (olds.ownerChange) notePartedClient(olds.server, ownerOf(olds)!);
    const replaces = differing(replacing, olds, news, { site: text(normalizeDomain) });
    const changed = differing(changing, olds, news);
    const unfinished = olds.applied === false && news.waitFor !== "recorded";
    // Declared for whom the refresh found: from now on it is this stack that gives the site to them.
    const accepted = (olds.givenTo ?? olds.remade ?? olds.ownerChange) !== undefined;
    const declared = givenBy(olds) === news.client ? ownerOf(given(olds)) : undefined;
    const adopted = clientNidOf(news.server, news.client);
    const follows = declared !== undefined && adopted !== undefined && adopted !== declared.nid;
    const loser = olds.client || "nobody";
    const gainer = isKnown(news.client) ? news.client : "a client not known yet";
    if (replaces.includes("server")) {
      say(
        id,
        `is no longer declared on server ${olds.server}, but on ${isKnown(news.server) ? news.server : "another"}: the site of the old one goes where onDestroy says.`,
      );
    } else if (replaces.includes("site")) {
      const onDestroy = olds.onDestroy ?? "default-owner";
      const receiver = onDestroy === "leave" ? `stays with ${loser}` : `goes from ${loser} to ${onDestroy}`;
      say(id, `is no longer declared here, another site is: this one ${receiver}.`);
    } else if (olds.remade && news.client !== olds.remade.owner && news.takeOverFrom !== olds.remade.owner) {
      say(id, `${anotherSite(olds, olds.remade)}: the update will refuse to take it.`);
    } else if (follows) {
      say(id, `follows the client ${news.client} from node ${declared.nid} to node ${adopted}.`);
    } else if (olds.ownerChange && declared) {
      say(id, `its owner ${news.client} ${partedClient(declared, olds.ownerChange)}: the update will refuse to guess.`);
    } else if (isTakenBack(olds.client, news, olds)) {
      say(id, `${takenBack(olds.client)}: the update will refuse to take it a second time.`);
    } else if (changed.includes("client") && isRefresh(olds.server, id)) {
      say(id, `was moved by hand: it belongs to ${loser} now, and this stack gave it to ${gainer}.`);
    } else if (changed.includes("client")) {
      say(
        id,
        `moves from ${loser} to ${gainer}: users bound to ${loser} and its shell login lose the site, those of ${gainer} gain it.`,
      );
    } else if (unfinished) {
      say(id, `is recorded for ${loser}, but its files are not linked so: it will be verified again.`);
    }
    return { changes: replaces.length + changed.length > 0 || unfinished || accepted || follows, replaces };
  },

  async create(inputs): Promise<CreateResult<Outputs>> {
    const id = siteId(inputs.site);
    return { id, outs: await own(id, inputs, undefined) };
  },

  async read(id, props): Promise<ReadResult<Outputs>> {
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
      // Whose site it is now is for a person to say, and until then nothing is written.
      const remade = { nid: found.nid, owner: ownerName(found) };
      const kept = { ...props, site: domain, server: server.name };
      return { id: siteId(domain), props: { ...(kept as Outputs), remade }, inputs: pick(kept, inputKeys) };
    }
    const owner = ownerOf(given(props));
    const ownerChange = owner && clientChange(owner, clients);
    if (ownerChange && (identity === "same" || identity === "otherBearer")) {
      // Which client is meant is for a person to say, and until then nothing is written.
      notePartedClient(server.name, owner);
      const recorded = without(props, "givenTo", "givenToNid");
      const called = { client: owner.internalName, ownerNid: owner.nid };
      const kept = { ...recorded, ...called, site: domain, server: server.name, ownerChange };
      return { id: siteId(domain), props: kept as Outputs, inputs: pick(kept, inputKeys) };
    }
    if (identity === "reinstalled") say(id, reinstalled(props, found));
    const drifted = givenTo !== undefined && givenTo !== live.client;
    noteLook(
      server,
      siteId(domain),
      drifted ? `${domain} from ${givenTo || "nobody"} to ${live.client || "nobody"}` : undefined,
    );
    return {
      id: siteId(domain),
      props: {
        ...outputs(found, live, props),
        ...(drifted && { givenTo, ...(owner && { givenToNid: owner.nid }) }),
      },
      inputs: pick(live, inputKeys),
    };
  },

  async update(id, olds, news): Promise<{ outs: Outputs }> {
    if (news.client === olds.givenTo) refuseUncountedRepair(serverFor(news.server), id);
    return { outs: await own(id, news, olds) };
  },

  async delete(id, props): Promise<void> {
    const server = serverFor(props.server);
    if (isDeclared(server.name, id)) {
      say(id, "is still declared by this program: only this entry of the state is forgotten.");
      return;
    }
    const onDestroy = props.onDestroy ?? "default-owner";
    if (onDestroy === "leave" || !(await server.sites.find(props.site))) return;
    const { site, previousOwner } = await server.sites.handOver({
      site: props.site,
      to: receiver(onDestroy),
      waitFor: props.waitFor ?? "effective",
      from: { kind: "released", recorded: props },
    });
    if (previousOwner === undefined && identityOf(given(props), site) === "otherSite") {
      say(id, `${anotherSite(props, { nid: site.nid, owner: ownerName(site) })}: it is left where it is.`);
      return;
    }
    const until = isEffective(site)
      ? ""
      : `, but until the server has verified it, ${site.links.join(", ")} can reach its files`;
    say(id, `now belongs to ${ownerName(site) || "nobody"}${until}.`);
  },
};

/** Hands the site to the declared client. A change that is recorded but not effective is a partial failure. */
async function own(id: string, inputs: Inputs, olds: Outputs | undefined): Promise<Outputs> {
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
    for (const warning of handover.warnings) say(id, warning);
    if (olds?.nid !== undefined && olds.nid !== handover.site.nid) say(id, reinstalled(olds, handover.site));
    const took = handover.previousOwner?.internalName ?? (givenBy(olds ?? {}) === inputs.client ? olds?.tookFrom : "");
    const tookFrom = inputs.takeOverFrom !== undefined && took === inputs.takeOverFrom ? took : undefined;
    return outputs(handover.site, inputs, { ...remembered(handover, olds), tookFrom });
  } catch (error) {
    if (!(error instanceof NotApplied)) throw error;
    // Where the answer was lost the declared owner is recorded: if it is so, a removal takes it back, and if not, leaves it.
    const client = error.outcome === "unknown" ? inputs.client : ownerName(error.site);
    const recorded = outputs(error.site, { ...inputs, client }, remembered(error.progress, olds));
    if (error.outcome === "unknown") {
      // The number that was seen is that of the owner before.
      delete recorded.ownerNid;
      Object.assign(recorded, { verifyTask: null }, toNid !== undefined && { ownerNid: toNid });
    }
    throw new PartialFailure(id, { ...recorded, applied: false }, error);
  }
}

/** Which node the declared client is, as its AegirClient or the state knows it; undefined if the name alone says it. */
function expectedOwnerNid({ server, client }: Inputs, olds: Outputs | undefined): number | undefined {
  const recorded = olds && [given(olds), olds].find((each) => each.client === client);
  return recorded ? (clientNidOf(server, client) ?? recorded.ownerNid) : expectedClientNid(server, client);
}

/** The recorded owner; undefined where only its name is recorded, or there is none. */
function ownerOf({ client, ownerNid }: RecordedOwner): KnownClient | undefined {
  return client === undefined || ownerNid === undefined ? undefined : { internalName: client, nid: ownerNid };
}

function remembered(
  handover: HandoverProgress,
  olds: Partial<Outputs> | undefined,
): Pick<Outputs, "previousOwner" | "verifyTask"> {
  return {
    previousOwner:
      handover.previousOwner === undefined
        ? (olds?.previousOwner ?? null)
        : (handover.previousOwner?.internalName ?? ""),
    verifyTask: handover.verifyTask ?? olds?.verifyTask ?? null,
  };
}

function outputs(site: SiteFacts, inputs: Partial<Inputs>, remembers: Partial<Outputs>): Outputs {
  return {
    ...(pick(inputs, inputKeys) as unknown as Outputs),
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
