/**
 * The task queue and what its tasks do (docs/aegir.md#running-tasks). A task loads its site when it starts and saves
 * that same object when it ends: what was written in between is undone without a word.
 */
import type { Clock } from "./Clock";
import { type Faults, QUEUE_LOCKS, type VerifyOutcome } from "./Faults";
import type { FrontEnd, Site, Task } from "./FrontEnd";
import type { Provision } from "./Provision";

/** In seconds of the server's clock. BOA runs one task a minute. */
export interface QueueSettings {
  everySeconds: number;
  taskSeconds: number;
}

/** Lock files that the front end's own user can see; root's are hidden from it. */
const VISIBLE_LOCKS = QUEUE_LOCKS.filter((file) => file.startsWith("/run/"));

/** From a task's last save of its site until its own status lands (docs/aegir.md#task-outcome). */
const STATUS_SECONDS = 1;

/** The share of a disk above which BOA's crons do nothing. */
const FULL_PERCENT = 90;

/** After so many seconds without a process, a task that is processing is taken for dead. */
const STARTING_SECONDS = 60;

export class TaskQueue {
  /** Tasks whose process was killed: they count as running. */
  readonly #killed = new Set<number>();

  constructor(
    private readonly frontEnd: FrontEnd,
    private readonly provision: Provision,
    private readonly clock: Clock,
    private readonly faults: Faults,
    private readonly settings: QueueSettings,
    private readonly report: (line: string) => void,
  ) {}

  /** One run: starts the oldest queued task, unless something holds the queue up. */
  dispatch(): void {
    const places = this.frontEnd.flavour === "boa" ? 1 : 5;
    if (this.frontEnd.tables.tasks.filter((task) => this.#isKilled(task)).length >= places) return;
    if (this.#stops().length > 0 || QUEUE_LOCKS.some((file) => this.faults.lockFiles.has(file))) return;
    this.frontEnd.setVariable("hosting_queue_tasks_last_run", this.clock.now());
    const [task] = this.#queued();
    const finish = task && this.#start(task);
    if (finish === undefined) return;
    this.clock.after(this.settings.taskSeconds, () => {
      const settle = finish();
      this.clock.after(STATUS_SECONDS, settle);
    });
  }

  /** Runs everything that is queued to its end, now, whatever the clock says: `hosting-task` by hand. */
  runAll(): void {
    for (let [task] = this.#queued(); task !== undefined; [task] = this.#queued()) this.#start(task)?.()();
  }

  /** What keeps the queue from running, as far as Drupal's own user can see it, dead tasks included. */
  obstacles(): string[] {
    return [...this.#deadTasks(), ...this.#stops()];
  }

  disks(): { path: string; percent: number }[] {
    return [{ path: "/", percent: this.faults.diskPercent }];
  }

  #isKilled({ nid, status }: Task): boolean {
    return status === -1 && this.#killed.has(nid);
  }

  #deadTasks(): string[] {
    const now = this.clock.now();
    return this.frontEnd.tables.tasks.flatMap((task) => {
      const seconds = now - (task.executed ?? now);
      if (!this.#isKilled(task) || seconds <= STARTING_SECONDS) return [];
      const what = `${task.type} of ${this.frontEnd.loadSite(task.rid)?.title ?? ""}`;
      return [
        `task ${task.nid} (${what}) has been processing for ${Math.ceil(seconds / 60)} min, and no process runs it: it holds ` +
          `the queue until its node is deleted in the panel (node/${task.nid}/delete)`,
      ];
    });
  }

  /** What stops all of it. */
  #stops(): string[] {
    const isOn = (variable: string, fallback: boolean) => this.frontEnd.variable(variable, fallback);
    const locks = VISIBLE_LOCKS.filter((file) => this.faults.lockFiles.has(file));
    const percent = this.faults.diskPercent;
    const full = this.frontEnd.flavour === "boa" && percent > FULL_PERCENT;
    return [
      ...(full
        ? [`the disk of / is ${percent} % full, and BOA runs no tasks and no account cron above 90 %: free some of it`]
        : []),
      ...(isOn("hosting_dispatch_enabled", false) ? [] : ["dispatching is disabled (hosting_dispatch_enabled)"]),
      ...(isOn("hosting_queue_tasks_enabled", true)
        ? []
        : ["the task queue is disabled (hosting_queue_tasks_enabled)"]),
      ...locks.map((file) => `BOA holds the queue (${file})`),
    ];
  }

  /** Oldest change first. */
  #queued(): Task[] {
    return this.frontEnd.tables.tasks
      .filter(({ status }) => status === 0)
      .sort((one, other) => one.changed - other.changed || one.nid - other.nid);
  }

  /** Starts a task; the answer ends its work, and the answer's answer gives it its status. */
  #start({ nid, rid, type }: Task): (() => () => void) | undefined {
    const { frontEnd } = this;
    const site = frontEnd.loadSite(rid);
    const name = site?.title ?? `node ${rid}`;
    const outcome = type === "verify" ? this.faults.takeVerify(name) : "success";
    if (outcome === "cancelled") {
      cancelTask(frontEnd, nid);
      this.report(`${type} of ${name}: cancelled`);
      return undefined;
    }
    // A new revision, with a log of its own.
    frontEnd.updateTask(nid, { status: -1, executed: this.clock.now(), log: [] });
    this.report(`${type} of ${name}: started`);

    if (outcome === "killed") {
      this.#killed.add(nid);
      return undefined;
    }
    if (site && outcome === "oldOwner") site.client = this.#previousOwner(site);
    const uname = site && frontEnd.client(site.client)?.uname;
    return () => {
      const log = site
        ? this.#work(type, site, uname, outcome)
        : [{ type: "error", message: `There is no site ${rid}.` }];
      frontEnd.updateTask(nid, { log });
      return () => this.#settle(nid, `${type} of ${name}`);
    };
  }

  /** The owner that the site had before the one it has. */
  #previousOwner({ nid, client }: Site): number {
    return (
      this.frontEnd.ownerHistory.findLast((state) => state.nid === nid && state.ownerNid !== client)?.ownerNid ?? client
    );
  }

  /** Answers the log. `uname`: the client's when the task started; undefined if there was none. */
  #work(type: string, site: Site, uname: string | undefined, outcome: VerifyOutcome): Task["log"] {
    const { frontEnd, provision } = this;
    const root = frontEnd.tables.platforms.find(({ nid }) => nid === site.platform)?.path ?? "";
    const log: Task["log"] = [];
    if (outcome === "failure") {
      log.push(
        { type: "error", message: "Drupal installation or verification failed: settings.php is not writable." },
        { type: "failed", message: "An error occurred at function: drush_provision_drupal_provision_verify" },
      );
      site.verified = 0;
    } else {
      // The worst line decides how a task has ended, whatever it has done.
      if (outcome === "errorLine") log.push({ type: "error", message: "The list of updates cannot be fetched." });
      if (outcome === "warning") {
        log.push({ type: "warning", message: "Could not change permissions of sites/default." });
      }
      if (type === "install") provision.installSite(root, site.title);
      if (type === "install" || type === "verify") {
        provision.createSymlink(root, site.title, uname);
        site.verified = this.clock.now();
      }
      if (type === "delete") provision.deleteSite(root, site.title, uname);
      const status = ({ install: 1, enable: 1, disable: -1, delete: -2 } as const)[type];
      if (status !== undefined) site.status = status;
      log.push({ type: "success", message: "Command completed." });
    }
    frontEnd.saveSite(site, { verify: false });
    return log;
  }

  /** `hosting_task_parse_log`: the worst line decides. */
  #settle(nid: number, name: string): void {
    const task = this.frontEnd.task(nid);
    // Deleted while it ran.
    if (task === undefined) return;
    const types = task.log.map(({ type }) => type);
    const status = types.includes("error") || types.includes("failed") ? 2 : types.includes("warning") ? 3 : 1;
    this.frontEnd.updateTask(nid, { status });
    this.report(`${name}: ${{ 1: "success", 2: "failed", 3: "finished with warnings" }[status]}`);
  }
}

/**
 * `hosting_task_cancel`: a warning in the log and status 3; when it ran, if ever, stays as it is
 * (docs/aegir.md#task-outcome).
 */
export function cancelTask(frontEnd: FrontEnd, nid: number): void {
  const log = [...(frontEnd.task(nid)?.log ?? []), { type: "warning", message: "Task was cancelled." }];
  frontEnd.updateTask(nid, { status: 3, log });
}
