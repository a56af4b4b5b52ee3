/**
 * Sites as resources see them: found by their main domain, handed from one client to another, and handed over only when
 * the new owner's access is effective and the old owner's is gone (docs/aegir.md#site-links).
 */
import {
  anotherSite,
  decideOwner,
  isEffective,
  mayRelease,
  otherBearer,
  ownerName,
  takenBack,
  type OwnerDecision,
  type RecordedOwner,
} from "../decisions/siteOwner";
import {
  details,
  SiteStatus,
  TaskStatus,
  type ClientReference,
  type SiteFacts,
  type TaskFacts,
} from "../worker/protocol";
import { AegirError, type AegirErrorParts, type Outcome } from "./AegirError";
import { clientChange, otherClient } from "./ClientNumber";
import type { TaskWatcher } from "./TaskWatcher";
import type { WaitFor } from "./WaitFor";
import { noClient } from "./workerRefusals";
import type { DrushWorker } from "./DrushWorker";
import { retryUntilCertain } from "./retryUntilCertain";
import { SftpRefusal } from "../ssh/SftpRefusal";
import { SshError } from "../ssh/SshError";
import { SessionBroken } from "../worker/SessionBroken";
import { WorkerRefusal } from "../worker/WorkerRefusal";

/**
 * A task that started before the write may put the old owner back (docs/aegir.md#running-tasks); so often is that
 * repaired.
 */
const MAXIMUM_VERIFIES = 4;

export interface HandoverRequest {
  site: string;
  /** Internal name of the client that is to own it; null for the server's default owner. */
  to: string | null;
  /** The node of that client, where it is known: another one of its name is refused. */
  toNid?: number | undefined;
  waitFor: WaitFor;
  /** Whom it may be taken from. Judged again after every race, and always before a write. */
  from: TakeFrom;
}

/**
 * `declared`: from whom `decideOwner` says, else it is refused. `released`: only from whom the state knows as its owner,
 * else it is left alone.
 */
export type TakeFrom =
  | { kind: "declared"; takeOverFrom: string | undefined; recorded: RecordedOwner | undefined }
  | { kind: "released"; recorded: RecordedOwner };

export interface Handover extends HandoverProgress {
  site: SiteFacts;
  warnings: string[];
}

/** What a handover has done so far. */
export interface HandoverProgress {
  /** The owner that was replaced; undefined if none was. */
  previousOwner: ClientReference | null | undefined;
  /** The verify that makes it effective. */
  verifyTask: number | undefined;
}

/** The owner is recorded, or may be (`outcome`), but files or panel do not agree yet. `site`: as last seen. */
export class NotApplied extends AegirError {
  constructor(
    readonly site: SiteFacts,
    readonly progress: HandoverProgress,
    parts: Pick<AegirErrorParts, "what" | "server" | "outcome" | "next">,
  ) {
    super({ code: "notApplied", ...parts, detail: { site: site.site } });
  }
}

export class Sites {
  constructor(
    private readonly worker: DrushWorker,
    private readonly tasks: TaskWatcher,
  ) {}

  /** The one live site with this main domain, the front end's own included; undefined if there is none. */
  async find(site: string): Promise<SiteFacts | undefined> {
    return (await this.#look(site)).found;
  }

  /**
   * The one live site with this main domain.
   * @throws AegirError `missing`, saying whether only an alias or a deleted site has this name; `refused` for the
   * front end's own site and for a server with several live sites of this name
   */
  async require(site: string): Promise<SiteFacts> {
    const { found, deleted, aliasOf } = await this.#look(site);
    if (!found) {
      const instead = aliasOf
        ? `it is an alias of ${aliasOf}`
        : deleted > 0
          ? "only a deleted site had this name"
          : "no site has this name";
      throw new AegirError({
        code: "missing",
        what: `there is no site ${site}: ${instead}`,
        server: this.worker.label,
        outcome: "notDone",
        next: aliasOf ? `Declare the main domain: site: "${aliasOf}"` : "Install the site first, or correct its name",
        detail: { site, aliasOf, deleted },
      });
    }
    if (found.hostmaster) {
      throw this.#refuse(
        `${site} is Aegir's own front end`,
        "Remove this resource: that site is never given to a client",
      );
    }
    return found;
  }

  async #look(site: string): Promise<{ found: SiteFacts | undefined; deleted: number; aliasOf: string | null }> {
    const { result } = await this.worker.call("site", { site });
    const { sites, deleted, aliasOf } = result;
    if (sites.length > 1) {
      throw this.#refuse(
        `${sites.length} live sites are called ${site} (nodes ${sites.map(({ nid }) => nid).join(", ")})`,
        "Delete or rename all but one in the panel",
      );
    }
    return { found: sites[0], deleted, aliasOf };
  }

  /**
   * Hands a site over, or completes what an earlier, interrupted handover left. Idempotent.
   * @throws NotApplied for whatever goes wrong after the owner was written
   */
  async handOver(request: HandoverRequest): Promise<Handover> {
    const run: HandoverRun = {
      site: undefined,
      previousOwner: undefined,
      verifyTask: undefined,
      writtenAt: undefined,
    };
    try {
      return await this.#rounds(request, run);
    } catch (error) {
      // Not applied is said already, and a refusal after the write means that somebody else has written since.
      const said = error instanceof AegirError && !["waitExpired", "cancelled", "serverFailed"].includes(error.code);
      const unknown = error instanceof SessionBroken && error.outcome === "unknown";
      if (!run.site || said || !(run.writtenAt !== undefined || unknown)) throw error;
      throw this.#notApplied(run.site, run, error, run.writtenAt === undefined ? "unknown" : "done");
    }
  }

  async #rounds(request: HandoverRequest, run: HandoverRun): Promise<Handover> {
    for (let verifies = 0; verifies < MAXIMUM_VERIFIES;) {
      const step = await retryUntilCertain(this.worker.label, `handing over ${request.site}`, () =>
        this.#write(request, run),
      );
      if (step.kind === "finished") return step.handover;
      if (step.kind === "verify") {
        verifies++;
        await this.#verified(request.site, step.task, run);
      }
    }
    const site = await this.require(request.site);
    const wanted = request.to ?? "the default owner";
    throw this.#notApplied(site, run, `${MAXIMUM_VERIFIES} verifies did not make it so for ${wanted}`);
  }

  /** Observes, decides, and makes the one write that is missing. */
  async #write(request: HandoverRequest, run: HandoverRun): Promise<HandoverStep> {
    const site = (run.site = await this.require(request.site));
    const target = await this.#target(request);
    if (site.ownerNid === target.nid) {
      if (request.waitFor === "recorded") return finished(site, run);
      const unseen = unseenTask(site, run);
      if (unseen) return this.#waitOut(site, unseen, run);
      if (isEffective(site)) return finished(site, run);
      const running = runningTask(site);
      if (running) {
        const fresh = running.type === "verify" && startedAfter(running, run.writtenAt);
        if (!fresh) return this.#waitOut(site, running, run);
        if (run.writtenAt !== undefined) {
          // A person has retried the verify that failed.
          run.verifyTask = running.nid;
          return { kind: "verify", task: running };
        }
      }
      if (run.verifyTask !== undefined && site.lastVerify && startedAfter(site.lastVerify, run.writtenAt)) {
        const verified = site.lastVerify.status === TaskStatus.success || site.lastVerify.status === TaskStatus.warning;
        if (verified) throw await this.#wronglyLinked(site, run);
      }
      const { now, result } = await this.worker.call("queueVerify", { nid: site.nid });
      run.writtenAt ??= now;
      run.verifyTask = result.task.nid;
      return { kind: "verify", task: result.task };
    }
    if (!(await this.#mayTake(request, site, target))) return finished(site, run);
    const blocking = runningTask(site) ?? pendingInstall(site);
    if (blocking) return this.#waitOut(site, blocking, run);
    if (site.status === SiteStatus.queued) {
      throw this.#refuse(
        `${site.site} is not installed and no install task is waiting`,
        "Retry its install task in the panel, then run the same command again",
      );
    }
    const before = run.previousOwner;
    // Noted ahead of the write: if its answer is lost, the next look can no longer tell whose site it was.
    run.previousOwner ??= site.owner;
    try {
      const to = { to: request.to, toNid: target.nid };
      const written = await this.worker.call("setOwner", { nid: site.nid, from: site.ownerNid, ...to });
      run.site = written.result.site;
      run.writtenAt = written.now;
      run.verifyTask = written.result.task.nid;
      return request.waitFor === "recorded"
        ? finished(written.result.site, run)
        : { kind: "verify", task: written.result.task };
    } catch (error) {
      if (error instanceof WorkerRefusal) {
        run.previousOwner = before;
        // A task started between the look and the write.
        const busy = error.code === "busy" ? details.busy.safeParse(error.detail).data : undefined;
        if (busy) return this.#waitOut(site, busy.task, run);
      }
      throw error;
    }
  }

  async #target({ to, toNid }: HandoverRequest): Promise<ClientReference> {
    if (to === null) {
      const { defaultClient } = await this.worker.server();
      if (defaultClient) return defaultClient;
      throw this.#refuse(
        "the server's variable hosting_default_client names no client",
        "Repair it in the panel, or name a client to hand the site to",
      );
    }
    const { result } = await this.worker.call("client", { internalName: to });
    if (toNid !== undefined && result.client?.nid !== toNid) {
      const known = { internalName: to, nid: toNid };
      const { clients } = (await this.worker.call("inventory", {})).result;
      const found = clientChange(known, clients);
      if (found) throw otherClient(this.worker.label, known, found);
    }
    if (result.client) return result.client;
    throw new AegirError({
      ...noClient(to),
      server: this.worker.label,
      outcome: "notDone",
      detail: { client: to },
    });
  }

  async #waitOut(site: SiteFacts, task: TaskFacts, run: HandoverRun): Promise<HandoverStep> {
    const outcome = run.writtenAt === undefined ? "notDone" : "done";
    await this.tasks.ended(task.nid, `the ${task.type} task of ${site.site}`, outcome);
    return { kind: "again" };
  }

  /** Waits for the verify; a failed or cancelled one is an error unless a newer verify has taken its place. */
  async #verified(site: string, task: TaskFacts, run: HandoverRun): Promise<void> {
    const ended = await this.tasks.ended(task.nid, `the verify of ${site}`, "done");
    if (ended && startedAfter(ended, run.writtenAt) && ended.status !== TaskStatus.error) return;
    const facts = await this.require(site);
    // BOA's retry makes a new node; upstream's a new revision. Either way the newest verify speaks.
    if ((facts.lastVerify && supersedes(facts.lastVerify, task)) || isEffective(facts)) return;
    if (ended?.status === TaskStatus.error) {
      const log = ended.log.map(({ message }) => message).join(" | ");
      throw this.#notApplied(facts, run, `its verify (task ${task.nid}) failed${log ? `: ${log}` : ""}`);
    }
    if (ended && ended.executed === null) {
      throw this.#notApplied(facts, run, `its verify (task ${task.nid}) was cancelled`);
    }
    // It ran before the write, or is gone: the next round queues another one.
  }

  /** The verify has done what a verify does, and the links are not what they should be. */
  async #wronglyLinked(site: SiteFacts, run: HandoverRun): Promise<NotApplied> {
    if (site.links.length === 0) {
      return this.#notApplied(
        site,
        run,
        "the verify succeeded, but the owner's directory below clients/ has no link of it",
      );
    }
    const { clientsDirectory } = await this.worker.server();
    const stale = site.links.filter((directory) => directory !== site.owner?.internalName);
    const paths = stale.map((directory) => `${clientsDirectory}/${directory}/${site.site}`);
    return this.#notApplied(
      site,
      run,
      new AegirError({
        code: "notApplied",
        what: `the verify succeeded, but clients/ links it under ${site.links.join(", ")}`,
        server: this.worker.label,
        outcome: "done",
        // Contract 3.7: an old link is looked for only when the new one is not there, and only the first is removed.
        next: `Remove ${paths.join(" and ")} by hand, which no verify does, then run the same command again`,
      }),
    );
  }

  /** @throws AegirError if somebody would lose the site who was not named */
  async #mayTake({ from }: HandoverRequest, site: SiteFacts, target: ClientReference): Promise<boolean> {
    if (from.kind === "released") return mayRelease(from.recorded, site);
    const { takeOverFrom, recorded } = from;
    const declared = { client: target.internalName, clientNid: target.nid, takeOverFrom };
    const { defaultClient } = await this.worker.server();
    const decision = decideOwner(declared, site, recorded, defaultClient?.nid);
    if (decision.action === "refuse") throw this.#ownerRefused(decision.why, site, declared.client, recorded ?? {});
    return true;
  }

  #ownerRefused(
    why: Extract<OwnerDecision, { action: "refuse" }>["why"],
    site: SiteFacts,
    client: string,
    recorded: RecordedOwner,
  ): AegirError {
    const owner = ownerName(site);
    const found = { nid: site.nid, owner };
    const { nid, client: expected, ownerNid } = recorded;
    const detail = { expected: { nid, client: expected, ownerNid }, found: { ...found, ownerNid: site.ownerNid } };
    const eitherWay = `If ${owner || "nobody"} is to own it, declare that; if ${owner || "nobody"} is to lose it, write takeOverFrom: "${owner}"`;
    const refused = (
      code: "refused" | "changedMeanwhile",
      what: string,
      next: string,
      detail: Record<string, unknown>,
    ) => new AegirError({ code, what, server: this.worker.label, outcome: "notDone", next, detail });
    switch (why) {
      case "takenBack":
        return refused(
          "changedMeanwhile",
          `${site.site} ${takenBack(owner)}`,
          `If ${owner} is to keep it, declare that or remove this resource; if ${owner} is to lose it again, see that nothing else declares it, remove takeOverFrom and run \`pulumi up --refresh\``,
          { site: site.site, owner },
        );
      case "otherSite":
        return refused("changedMeanwhile", `${site.site} ${anotherSite(recorded, found)}`, eitherWay, detail);
      case "otherBearer":
        return refused("changedMeanwhile", `${site.site} ${otherBearer(recorded, site)}`, eitherWay, detail);
      case "changed":
        return refused(
          "changedMeanwhile",
          `the owner of ${site.site} changed since this stack last saw it: expected ${expected || "nobody"}, found ${owner || "nobody"}`,
          "Run `pulumi up --refresh` to see the change before it is overwritten",
          { expected, found: owner },
        );
      case "otherClient":
        return refused(
          "refused",
          `${site.site} belongs to another client, ${owner} ("${site.owner?.name}"), and is declared for ${client}`,
          `If ${owner} is to lose it, write takeOverFrom: "${owner}"`,
          { site: site.site, owner },
        );
    }
  }

  #notApplied(site: SiteFacts, run: HandoverRun, why: unknown, outcome: Outcome = "done"): NotApplied {
    const old = site.links.filter((directory) => directory !== site.owner?.internalName);
    const access = old.length > 0 ? `; ${old.join(", ")} can still reach its files` : "";
    const cause = causeText(why);
    const what =
      outcome === "unknown"
        ? `the owner of ${site.site} was to change, and the answer was lost: ${cause}`
        : `${site.site} is recorded as owned by ${site.owner?.internalName ?? "nobody"}, but that is not effective: ${cause}${access}`;
    const advised = why instanceof AegirError || why instanceof SshError ? why.next : "";
    const next = advised || "Fix the cause, then run the same command again: it looks first and does what is missing";
    const { previousOwner, verifyTask } = run;
    return new NotApplied(site, { previousOwner, verifyTask }, { what, server: this.worker.label, outcome, next });
  }

  #refuse(what: string, next: string): AegirError {
    return new AegirError({ code: "refused", what, server: this.worker.label, outcome: "notDone", next });
  }
}

/** What one handover remembers between its rounds. */
interface HandoverRun extends HandoverProgress {
  /** The site as last seen. */
  site: SiteFacts | undefined;
  /** Server time of the first write; a verify that started earlier says nothing. */
  writtenAt: number | undefined;
}

type HandoverStep = { kind: "finished"; handover: Handover } | { kind: "verify"; task: TaskFacts } | { kind: "again" };

function finished(site: SiteFacts, run: HandoverRun): HandoverStep {
  const warnings: string[] = [];
  if (site.status === SiteStatus.disabled) {
    warnings.push(`${site.site} is disabled: its owner is changed, and visitors still see nothing.`);
  }
  const { previousOwner, verifyTask } = run;
  return { kind: "finished", handover: { site, previousOwner, verifyTask, warnings } };
}

function runningTask(site: SiteFacts): TaskFacts | undefined {
  return site.tasks.find((task) => task.status === TaskStatus.processing);
}

/**
 * A task whose process had loaded the site before the owner was written, and said only afterwards that it runs: at its
 * end it puts the old owner back, whatever a verify has done by then.
 */
function unseenTask(site: SiteFacts, { previousOwner, writtenAt }: HandoverRun): TaskFacts | undefined {
  if (previousOwner === undefined || writtenAt === undefined) return undefined;
  return site.tasks.find(
    ({ status, executed }) => status === TaskStatus.processing && executed !== null && executed <= writtenAt,
  );
}

/** Whether another verify, or another run of this one, is to be waited for instead. */
function supersedes(newest: TaskFacts, task: TaskFacts): boolean {
  if (newest.nid > task.nid) return newest.status !== TaskStatus.error;
  const outstanding = newest.status === TaskStatus.queued || newest.status === TaskStatus.processing;
  return newest.nid === task.nid && outstanding;
}

/** Only for a site that is not installed: its install would put back the owner that it loaded when it started. */
function pendingInstall(site: SiteFacts): TaskFacts | undefined {
  return site.status === SiteStatus.queued ? site.tasks.find((task) => task.type === "install") : undefined;
}

function startedAfter(task: TaskFacts, writtenAt: number | undefined): boolean {
  return task.executed !== null && (writtenAt === undefined || task.executed >= writtenAt);
}

/** What happened, without what an error itself says of what is now the case and of what to do. */
function causeText(why: unknown): string {
  if (why instanceof AegirError) return why.what;
  if (why instanceof SshError || why instanceof WorkerRefusal || why instanceof SftpRefusal) return why.reason;
  return why instanceof Error ? why.message : String(why);
}
