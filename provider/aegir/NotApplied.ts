import { SftpRefusal } from "../ssh/SftpRefusal";
import { SshError } from "../ssh/SshError";
import type { ClientReference, SiteFacts } from "../worker/facts";
import { WorkerRefusal } from "../worker/WorkerRefusal";
import { AegirError, type Outcome } from "./AegirError";

/** What a handover has done so far. */
export interface HandoverProgress {
  /** The owner that was replaced; undefined if none was. */
  previousOwner: ClientReference | null | undefined;
  /** The verify that makes it effective. */
  verifyTask: number | undefined;
}

/** The new owner is recorded, or may be (`outcome`), but files and panel do not agree yet. */
export class NotApplied extends AegirError {
  constructor(
    server: string,
    /** As last seen. */
    readonly site: SiteFacts,
    readonly progress: HandoverProgress,
    cause: unknown,
    outcome: Outcome = "done",
  ) {
    const { site: domain, owner, links } = site;
    const formerClients = links.filter((directory) => directory !== owner?.internalName);
    const access = formerClients.length > 0 ? `; ${formerClients.join(", ")} can still reach its files` : "";
    const why = reasonOf(cause);
    const what =
      outcome === "unknown"
        ? `the answer to the change of the owner of ${domain} was lost: ${why}`
        : `${domain} is recorded as owned by ${owner?.internalName ?? "no client"}, but that is not effective: ${why}${access}`;
    const advice = cause instanceof AegirError || cause instanceof SshError ? cause.next : "";
    const next = advice || "Fix the cause, then run the same command again: it looks first and does what is missing";
    super({ code: "notApplied", what, server, outcome, next, detail: { site: domain } });
  }
}

/** What happened, without the effect and the advice that an error adds to it. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AegirError) return cause.what;
  if (cause instanceof SshError || cause instanceof WorkerRefusal || cause instanceof SftpRefusal) return cause.reason;
  return cause instanceof Error ? cause.message : String(cause);
}
