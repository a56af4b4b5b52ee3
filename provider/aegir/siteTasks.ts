/** What the tasks of a site mean for a handover. */
import { type SiteFacts, SiteStatus, type TaskFacts, TaskStatus } from "../worker/facts";

export function runningTask(site: SiteFacts): TaskFacts | undefined {
  return site.tasks.find((task) => task.status === TaskStatus.processing);
}

/** Whether to wait for another verify, or for another run of this one, instead. */
export function supersedes(newest: TaskFacts, task: TaskFacts): boolean {
  if (newest.nid > task.nid) return newest.status !== TaskStatus.error;
  const outstanding = newest.status === TaskStatus.queued || newest.status === TaskStatus.processing;
  return newest.nid === task.nid && outstanding;
}

/** Only for a site that is not installed: its install would restore the owner that it loaded when it started. */
export function pendingInstall(site: SiteFacts): TaskFacts | undefined {
  return site.status === SiteStatus.queued ? site.tasks.find((task) => task.type === "install") : undefined;
}
