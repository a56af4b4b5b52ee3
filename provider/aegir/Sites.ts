import type { SiteFacts } from "../worker/facts";
import type { DrushWorker } from "./DrushWorker";
import { findSite, requireSite } from "./findSite";
import { Handover, type HandoverRequest, type HandoverResult } from "./Handover";
import type { TaskWatcher } from "./TaskWatcher";

/** The sites of one server, as resources see them. */
export class Sites {
  constructor(
    private readonly worker: DrushWorker,
    private readonly tasks: TaskWatcher,
  ) {}

  /** As `findSite`. */
  find(site: string): Promise<SiteFacts | undefined> {
    return findSite(this.worker, site);
  }

  /** As `requireSite`. */
  require(site: string): Promise<SiteFacts> {
    return requireSite(this.worker, site);
  }

  /**
   * Hands a site over, or completes what an earlier, interrupted handover left. Idempotent.
   * @throws NotApplied for whatever goes wrong after the owner was written
   */
  handOver(request: HandoverRequest): Promise<HandoverResult> {
    return new Handover(this.worker, this.tasks, request).run();
  }
}
