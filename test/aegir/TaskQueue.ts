/**
 * The task queue and what its tasks do (contract 3.4 to 3.7). A task loads its site when it starts and saves that same
 * object when it ends: what was written in between is undone without a word.
 */
import type { Clock } from "./Clock";
import type { Drupal, SiteNode, TaskNode } from "./drupal";
import { QUEUE_LOCKS, type Faults, type VerifyOutcome } from "./Faults";
import type { Provision } from "./provision";

/** In seconds of the server's clock. BOA runs one task a minute; a plain Aegir five. */
export interface QueueSettings {
  everySeconds: number;
  /** How many tasks one run starts, at most one of a site. */
  items: number;
  taskSeconds: number;
}

/** Lock files that the front end's own user can see; root's are hidden from it. */
const VISIBLE_LOCKS = QUEUE_LOCKS.filter((file) => file.startsWith("/run/"));

/** From a task's last save of its site until its own status lands (contract 3.5: "a moment after"). */
const STATUS_SECONDS = 1;

export class TaskQueue {
  constructor(
    private readonly drupal: Drupal,
    private readonly provision: Provision,
    private readonly clock: Clock,
    private readonly faults: Faults,
    private readonly settings: QueueSettings,
    /** The owner that a site had before the one it has. */
    private readonly previousOwner: (site: number) => number | undefined,
    private readonly report: (line: string) => void,
  ) {}

  /** One dispatch: starts the oldest queued tasks, one of each site, unless the queue is disabled. */
  dispatch(): void {
    const enabled = this.isOn("hosting_dispatch_enabled", false) && this.isOn("hosting_queue_tasks_enabled", true);
    if (!enabled || QUEUE_LOCKS.some((file) => this.faults.lockFiles.has(file))) return;
    this.drupal.setVariable("hosting_queue_tasks_last_run", this.clock.now());
    for (const task of this.nextTasks().slice(0, this.settings.items)) {
      const finish = this.start(task);
      if (finish) {
        this.clock.after(this.settings.taskSeconds, () => {
          const settle = finish();
          this.clock.after(STATUS_SECONDS, settle);
        });
      }
    }
  }

  /** Runs everything that is queued to its end, now, whatever the clock says: `hosting-task` by hand. */
  runAll(): void {
    for (let tasks = this.nextTasks(); tasks.length > 0; tasks = this.nextTasks()) {
      for (const task of tasks) this.start(task)?.()();
    }
  }

  /** What keeps the queue from running, as far as Drupal's own user can see it. */
  obstacles(): string[] {
    return [
      ...(this.isOn("hosting_dispatch_enabled", false) ? [] : ["dispatching is disabled (hosting_dispatch_enabled)"]),
      ...(this.isOn("hosting_queue_tasks_enabled", true)
        ? []
        : ["the task queue is disabled (hosting_queue_tasks_enabled)"]),
      ...[...this.faults.lockFiles]
        .filter((file) => VISIBLE_LOCKS.includes(file))
        .map((file) => `BOA holds the queue (${file})`),
    ];
  }

  private isOn(variable: string, fallback: boolean): boolean {
    return Boolean(this.drupal.variable(variable, fallback));
  }

  /** `hosting_get_new_tasks`: one of each site, oldest change first. */
  private nextTasks(): TaskNode[] {
    const changed = (task: TaskNode) => this.drupal.database.node.get(task.nid ?? 0)?.changed ?? 0;
    const queued = this.drupal
      .tasks(({ task_status }) => task_status === 0)
      .sort((one, other) => changed(one) - changed(other) || one.nid - other.nid);
    return queued.filter((task, index) => queued.findIndex(({ rid }) => rid === task.rid) === index);
  }

  /** Starts a task; the answer ends its work, and the answer's answer gives it its status. */
  private start(task: TaskNode): (() => () => void) | undefined {
    const site = this.drupal.loadSite(task.rid);
    const name = site?.title ?? `node ${task.rid}`;
    const outcome = task.task_type === "verify" ? this.faults.takeVerify(name) : "success";
    if (outcome === "cancelled") {
      cancelTask(this.drupal, task);
      this.report(`${task.task_type} of ${name}: cancelled`);
      return undefined;
    }
    task.revision = true;
    task.task_status = -1;
    task.executed = this.clock.now();
    this.drupal.saveTask(task);
    this.report(`${task.task_type} of ${name}: started`);
    if (outcome === "stuck") return undefined;

    if (site && outcome === "oldOwner") site.client = this.previousOwner(task.rid) ?? site.client;
    const uname = this.drupal.loadClient(Number(site?.client))?.uname;
    return () => {
      if (site) this.drupal.database.transaction(() => this.work(task, site, uname, outcome));
      else this.drupal.log(task, "error", `There is no site ${task.rid}.`);
      return () => this.settle(task, name);
    };
  }

  /** `uname`: the client's when the task started; undefined if there was none. */
  private work(task: TaskNode, site: SiteNode, uname: string | undefined, outcome: VerifyOutcome): void {
    const { drupal, provision } = this;
    const root = this.platformRoot(site.platform);
    if (outcome === "failure") {
      drupal.log(task, "error", "Drupal installation or verification failed: settings.php is not writable.");
      drupal.log(task, "failed", "An error occurred at function: drush_provision_drupal_provision_verify");
      site.verified = 0;
    } else {
      // The worst line decides how a task has ended, whatever it has done.
      if (outcome === "errorLine") drupal.log(task, "error", "The list of updates cannot be fetched.");
      if (outcome === "warning") drupal.log(task, "warning", "Could not change permissions of sites/default.");
      switch (task.task_type) {
        case "install":
          provision.installSite(root, site.title);
          provision.createSymlink(root, site.title, uname);
          site.site_status = 1;
          site.verified = this.clock.now();
          break;
        case "verify":
          provision.createSymlink(root, site.title, uname);
          site.verified = this.clock.now();
          break;
        case "enable":
          site.site_status = 1;
          break;
        case "disable":
          site.site_status = -1;
          break;
        case "delete":
          provision.deleteSite(root, site.title, uname);
          site.site_status = -2;
          drupal.database.hosting_context.delete((row) => row.nid === site.nid);
          break;
        default:
          // login-reset and the like do nothing that matters here but save the site.
          break;
      }
      drupal.log(task, "success", "Command completed.");
    }
    // The node may be gone by now; then there is nothing to save it over.
    if (!drupal.loadSite(task.rid)) return;
    site.no_verify = true;
    drupal.saveSite(site);
  }

  /** `hosting_task_parse_log`: the worst line decides. */
  private settle(task: TaskNode, name: string): void {
    const current = this.drupal.loadTask(task.nid ?? 0);
    // Deleted while it ran.
    if (current === undefined) return;
    const types = new Set(this.drupal.database.hosting_task_log.having(task.vid).map(({ type }) => type));
    current.task_status = types.has("error") || types.has("failed") ? 2 : types.has("warning") ? 3 : 1;
    current.delta = this.clock.now() - (task.executed ?? 0);
    this.drupal.saveTask(current);
    this.report(
      `${task.task_type} of ${name}: ${{ 1: "success", 2: "failed", 3: "finished with warnings" }[current.task_status]}`,
    );
  }

  private platformRoot(platform: number): string {
    const row = this.drupal.database.hosting_platform.all(({ nid }) => nid === platform)[0];
    return row?.publish_path ?? `${this.provision.layout.aegirRoot}/platforms/unknown`;
  }
}

/** `hosting_task_cancel`: a warning in the log and status 3; when it ran, if ever, stays as it is (contract 3.5). */
export function cancelTask(drupal: Drupal, task: TaskNode): void {
  drupal.database.transaction(() => {
    drupal.log(task, "warning", "Task was cancelled.");
    task.task_status = 3;
    drupal.saveTask(task);
  });
}
