/**
 * Hands a site from one client to another. A handover is done only when the new owner's access is effective and the old
 * owner's is gone (docs/aegir.md#site-links).
 */
import { decideOwner, isEffective, mayRelease, type RecordedOwner } from "../decisions/siteOwner";
import { plural } from "../text/Phrase";
import {
  type CertificateLeft,
  type ClientReference,
  type SiteFacts,
  SiteStatus,
  type TaskFacts,
  TaskStatus,
} from "../worker/facts";
import { details } from "../worker/protocol";
import { SessionBroken } from "../worker/SessionBroken";
import { WorkerRefusal } from "../worker/WorkerRefusal";
import { AegirError } from "./AegirError";
import { clientChange, otherClient } from "./ClientNumber";
import type { DrushWorker } from "./DrushWorker";
import { requireSite } from "./findSite";
import { type HandoverProgress, NotApplied } from "./NotApplied";
import { ownerRefused } from "./ownerRefused";
import { retryUntilCertain } from "./retryUntilCertain";
import { pendingInstall, runningTask, supersedes } from "./siteTasks";
import type { TaskWatcher } from "./TaskWatcher";
import type { WaitFor } from "./WaitFor";
import { noClient } from "./workerRefusals";

/**
 * A task that started before the write may restore the old owner (docs/aegir.md#running-tasks). That is repaired at most
 * this often.
 */
const MAXIMUM_VERIFIES = 4;

export interface HandoverRequest {
  site: string;
  /** Internal name of the client that becomes the owner; null for the server's default owner. */
  to: string | null;
  /** The node of that client, if it is known: another client of the same name is refused. */
  toNid?: number | undefined;
  waitFor: WaitFor;
  /** Who may lose the site. Decided again after every race, and always before a write. */
  from: TakeFrom;
}

/**
 * `declared`: `decideOwner` decides who may lose the site, and the handover is refused for others. `released`: only the
 * owner that the state records may lose it; a site with another owner stays as it is.
 */
export type TakeFrom =
  | { kind: "declared"; takeOverFrom: string | undefined; recorded: RecordedOwner | undefined }
  | { kind: "released"; recorded: RecordedOwner };

export interface HandoverResult extends HandoverProgress {
  site: SiteFacts;
  warnings: string[];
}

type Step = { kind: "finished"; result: HandoverResult } | { kind: "verify"; task: TaskFacts } | { kind: "again" };

/** One handover. It observes the site, makes the write that is missing and waits for it, until nothing is missing. */
export class Handover implements HandoverProgress {
  previousOwner: ClientReference | null | undefined;
  verifyTask: number | undefined;
  /** As last seen. */
  #site: SiteFacts | undefined;
  #certificateLeft: CertificateLeft | null = null;
  /** Server time of the first write; a verify that started earlier proves nothing. */
  #writtenAt: number | undefined;

  constructor(
    private readonly worker: DrushWorker,
    private readonly tasks: TaskWatcher,
    private readonly request: HandoverRequest,
  ) {}

  /** @throws NotApplied for whatever goes wrong after the owner was written */
  async run(): Promise<HandoverResult> {
    try {
      return await this.#runSteps();
    } catch (error) {
      // A NotApplied is complete, and a refusal after the write means that another person or stack has written since.
      const isFinal = error instanceof AegirError && !["waitExpired", "cancelled", "serverFailed"].includes(error.code);
      const isUnknown = error instanceof SessionBroken && error.outcome === "unknown";
      if (!this.#site || isFinal || !(this.#writtenAt !== undefined || isUnknown)) throw error;
      throw this.#notApplied(this.#site, error, this.#writtenAt === undefined ? "unknown" : "done");
    }
  }

  async #runSteps(): Promise<HandoverResult> {
    const { site, to } = this.request;
    for (let verifies = 0; verifies < MAXIMUM_VERIFIES;) {
      const step = await retryUntilCertain(this.worker.label, `handing over ${site}`, () => this.#step());
      if (step.kind === "finished") return step.result;
      if (step.kind === "verify") {
        verifies++;
        await this.#waitForVerify(step.task);
      }
    }
    const wanted = to ?? "the default owner";
    const why = `after ${MAXIMUM_VERIFIES} verifies it is still not effective for ${wanted}`;
    throw this.#notApplied(await requireSite(this.worker, site), why);
  }

  /** Observes, decides, and makes the one write that is missing. */
  async #step(): Promise<Step> {
    const site = (this.#site = await requireSite(this.worker, this.request.site));
    const target = await this.#target();
    if (site.ownerNid === target.nid) return this.#stepOfOwner(site);
    if (!(await this.#mayTake(site, target))) return this.#finished(site);
    const blocking = runningTask(site) ?? pendingInstall(site);
    if (blocking) return this.#waitForTask(site, blocking);
    if (site.status === SiteStatus.queued) {
      throw this.#refuse(
        `${site.site} is not installed and no install task is waiting`,
        "Retry its install task in the panel, then run the same command again",
      );
    }
    return this.#setOwner(site, target);
  }

  /** The owner is right: makes sure that it is effective. */
  async #stepOfOwner(site: SiteFacts): Promise<Step> {
    if (this.request.waitFor === "recorded") return this.#finished(site);
    const unseen = this.#unseenTask(site);
    if (unseen) return this.#waitForTask(site, unseen);
    if (isEffective(site)) return this.#finished(site);
    const running = runningTask(site);
    if (running) {
      const isFresh = running.type === "verify" && this.#startedAfterWrite(running);
      if (!isFresh) return this.#waitForTask(site, running);
      if (this.#writtenAt !== undefined) {
        // A person has retried the verify that failed.
        this.verifyTask = running.nid;
        return { kind: "verify", task: running };
      }
    }
    if (this.verifyTask !== undefined && site.lastVerify && this.#startedAfterWrite(site.lastVerify)) {
      const { status } = site.lastVerify;
      if (status === TaskStatus.success || status === TaskStatus.warning) throw await this.#wronglyLinked(site);
    }
    const { now, result } = await this.worker.call("queueVerify", { nid: site.nid });
    this.#writtenAt ??= now;
    this.verifyTask = result.task.nid;
    return { kind: "verify", task: result.task };
  }

  async #setOwner(site: SiteFacts, target: ClientReference): Promise<Step> {
    const before = this.previousOwner;
    // Recorded ahead of the write: if its answer is lost, the next look cannot find out whose site it was.
    this.previousOwner ??= site.owner;
    try {
      const to = { to: this.request.to, toNid: target.nid };
      const { now, result } = await this.worker.call("setOwner", { nid: site.nid, from: site.ownerNid, ...to });
      this.#site = result.site;
      this.#certificateLeft = result.certificateLeft;
      this.#writtenAt = now;
      this.verifyTask = result.task.nid;
      return this.request.waitFor === "recorded" ? this.#finished(result.site) : { kind: "verify", task: result.task };
    } catch (error) {
      if (error instanceof WorkerRefusal) {
        this.previousOwner = before;
        // A task started between the look and the write.
        const busy = error.code === "busy" ? details.busy.safeParse(error.detail).data : undefined;
        if (busy) return this.#waitForTask(site, busy.task);
      }
      throw error;
    }
  }

  async #target(): Promise<ClientReference> {
    const { to, toNid } = this.request;
    if (to === null) {
      const { defaultClient } = await this.worker.server();
      if (defaultClient) return defaultClient;
      throw this.#refuse(
        "the server's variable hosting_default_client names no client",
        "Set the default client in the panel, or name a client that the site goes to",
      );
    }
    const { result } = await this.worker.call("clientReference", { internalName: to });
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

  /** @throws AegirError if an owner would lose the site that may not */
  async #mayTake(site: SiteFacts, target: ClientReference): Promise<boolean> {
    const { from } = this.request;
    if (from.kind === "released") return mayRelease(from.recorded, site);
    const { takeOverFrom, recorded } = from;
    const declared = { client: target.internalName, clientNid: target.nid, takeOverFrom };
    const { defaultClient } = await this.worker.server();
    const decision = decideOwner(declared, site, recorded, defaultClient?.nid);
    if (decision.action !== "refuse") return true;
    throw ownerRefused(decision.why, site, declared.client, recorded ?? {}, this.worker.label);
  }

  async #waitForTask(site: SiteFacts, task: TaskFacts): Promise<Step> {
    const outcome = this.#writtenAt === undefined ? "notDone" : "done";
    await this.tasks.ended(task.nid, `the ${task.type} task of ${site.site}`, outcome);
    return { kind: "again" };
  }

  /** Waits for the verify; a failed or cancelled one is an error unless a newer verify has taken its place. */
  async #waitForVerify(task: TaskFacts): Promise<void> {
    const { site } = this.request;
    const ended = await this.tasks.ended(task.nid, `the verify of ${site}`, "done");
    if (ended && this.#startedAfterWrite(ended) && ended.status !== TaskStatus.error) return;
    const facts = await requireSite(this.worker, site);
    // BOA's retry makes a new node; upstream's a new revision. Either way the newest verify counts.
    if ((facts.lastVerify && supersedes(facts.lastVerify, task)) || isEffective(facts)) return;
    if (ended?.status === TaskStatus.error) {
      const log = ended.log.map(({ message }) => message).join(" | ");
      throw this.#notApplied(facts, `its verify (task ${task.nid}) failed${log ? `: ${log}` : ""}`);
    }
    if (ended && ended.executed === null) {
      throw this.#notApplied(facts, `its verify (task ${task.nid}) was cancelled`);
    }
    // It ran before the write, or no longer exists: the next step queues another one.
  }

  /** The verify succeeded, and the links are still wrong. */
  async #wronglyLinked(site: SiteFacts): Promise<NotApplied> {
    if (site.links.length === 0) {
      const why = "the verify succeeded, but the owner's directory in clients/ has no link to the site";
      return this.#notApplied(site, why);
    }
    const { clientsDirectory } = await this.worker.server();
    const stale = site.links.filter((directory) => directory !== site.owner?.internalName);
    const paths = stale.map((directory) => `${clientsDirectory}/${directory}/${site.site}`);
    const cause = new AegirError({
      code: "notApplied",
      what: `the verify succeeded, but clients/ links it under ${site.links.join(", ")}`,
      server: this.worker.label,
      outcome: "done",
      // A verify that finds the new link looks for no old one, and else removes only the first.
      next: `Remove ${paths.join(" and ")} by hand, because no verify does; then run the same command again`,
    });
    return this.#notApplied(site, cause);
  }

  #finished(site: SiteFacts): Step {
    const { previousOwner, verifyTask } = this;
    const warnings: string[] = [];
    if (site.status === SiteStatus.disabled) {
      warnings.push(`${site.site} is disabled: visitors cannot see it.`);
    }
    if (this.#certificateLeft) warnings.push(certificateStays(this.#certificateLeft));
    return { kind: "finished", result: { site, previousOwner, verifyTask, warnings } };
  }

  #startedAfterWrite({ executed }: TaskFacts): boolean {
    return executed !== null && (this.#writtenAt === undefined || executed >= this.#writtenAt);
  }

  /**
   * A task that loaded the site before the owner was written, but was marked as running only afterwards. When it ends, it
   * restores the old owner, whatever a verify has done by then.
   */
  #unseenTask(site: SiteFacts): TaskFacts | undefined {
    const writtenAt = this.#writtenAt;
    if (this.previousOwner === undefined || writtenAt === undefined) return undefined;
    return site.tasks.find(
      ({ status, executed }) => status === TaskStatus.processing && executed !== null && executed <= writtenAt,
    );
  }

  #notApplied(site: SiteFacts, cause: unknown, outcome?: "done" | "unknown"): NotApplied {
    const { previousOwner, verifyTask } = this;
    return new NotApplied(this.worker.label, site, { previousOwner, verifyTask }, cause, outcome);
  }

  #refuse(what: string, next: string): AegirError {
    return new AegirError({ code: "refused", what, server: this.worker.label, outcome: "notDone", next });
  }
}

/** What follows from it: the panel's site form accepts only certificates whose record names the site's client. */
function certificateStays({ name, owner, otherSites }: CertificateLeft): string {
  const why =
    otherSites > 0
      ? `, because ${plural(otherSites, "site")} of other clients ${otherSites === 1 ? "uses" : "use"} it`
      : "";
  return `its SSL certificate ${name} stays with ${owner?.internalName ?? "no client"}${why}. Until that changes, the panel does not save the site's form with it: see handing-over-a-site.md.`;
}
