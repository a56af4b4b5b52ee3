/**
 * Follows tasks of the queue until they end. Many resources wait at the same time and share one request per check, so
 * waiting for 200 verifies costs the server no more than waiting for one.
 *
 * The time limit of a wait starts again whenever the queue or the task has advanced: BOA runs about one task a minute
 * (docs/aegir.md#queue), and a long queue is not a failure.
 */
import { isCancelled, pause } from "../ssh/cancellation";
import { plural } from "../text/Phrase";
import { type QueueFacts, type TaskFacts, TaskStatus } from "../worker/facts";
import { AegirError, type Outcome, waitCancelled } from "./AegirError";
import type { DrushWorker } from "./DrushWorker";
import { StallTimeout } from "./StallTimeout";
import { stillWaiting, WaitReport } from "./WaitReport";

/** A verify may take one second, and its place in the queue an hour: checks begin early and become rarer, up to `pollSeconds`. */
const FIRST_LOOK_SECONDS = 0.5;
const LOOK_GROWTH = 1.5;

/** A report names this many tasks, and counts the others. */
const REPORTED_TASKS = 3;

interface Watched {
  waitReport: WaitReport;
  /** As last seen, for example `task 71 has 3 tasks ahead of it`. */
  place: string;
  stallTimeout: StallTimeout;
  /** The outcome if the wait fails: `done` if it followed a change, `notDone` if it preceded one. */
  outcome: Outcome;
  /** The best place in the queue so far; a queue that grows ahead of it is not progress. */
  fewestAhead: number;
  /** For messages: `the verify of www.example.com`. */
  what: string;
  /** The obstacles that were reported; null before the first check. */
  said: string | null;
  resolve: (task: TaskFacts | undefined) => void;
  reject: (error: unknown) => void;
}

export class TaskWatcher {
  readonly #watched = new Map<number, Watched[]>();
  #running = false;
  #lookSeconds = FIRST_LOOK_SECONDS;

  constructor(
    private readonly worker: DrushWorker,
    private readonly waits: { pollSeconds: number; taskMinutes: number },
    /** Prints what holds a wait up when that is first seen, and what is still awaited. */
    private readonly report: (line: string) => void = () => undefined,
    /** Milliseconds. */
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /**
   * The task's facts when it has ended, or undefined if it is gone from the server.
   * @param what names the task in messages, for example `the verify of www.example.com`
   * @param outcome the outcome if the wait fails
   * @throws AegirError `cancelled`, or `waitExpired`, with the likely reasons
   */
  ended(nid: number, what: string, outcome: Outcome): Promise<TaskFacts | undefined> {
    return new Promise((resolve, reject) => {
      const watched: Watched = {
        waitReport: new WaitReport(this.clock),
        place: "",
        stallTimeout: new StallTimeout(this.waits.taskMinutes, this.clock),
        outcome,
        fewestAhead: Infinity,
        what,
        said: null,
        resolve,
        reject,
      };
      this.#watched.set(nid, [...(this.#watched.get(nid) ?? []), watched]);
      this.#lookSeconds = FIRST_LOOK_SECONDS;
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#watched.size > 0) {
      await pause(Math.min(this.#lookSeconds, this.waits.pollSeconds));
      this.#lookSeconds = Math.min(this.#lookSeconds * LOOK_GROWTH, this.waits.pollSeconds);
      if (isCancelled()) {
        this.#cancel();
        break;
      }
      try {
        const nids = [...this.#watched.keys()];
        const { result } = await this.worker.call("tasks", { nids });
        const tasks = new Map(result.tasks.map((task) => [task.nid, task]));
        for (const nid of nids) this.#look(nid, tasks.get(nid), result.queue);
        this.#reportWaits();
      } catch (error) {
        const waiting = [...this.#watched.values()].flat();
        this.#watched.clear();
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#running = false;
  }

  #cancel(): void {
    const waiting = [...this.#watched].flatMap(([nid, each]) => each.map((watched) => ({ nid, ...watched })));
    this.#watched.clear();
    for (const { nid, what, outcome, reject } of waiting) {
      reject(waitCancelled(`${what} (task ${nid})`, this.worker.label, outcome));
    }
  }

  #look(nid: number, task: TaskFacts | undefined, queue: QueueFacts): void {
    const waiting = this.#watched.get(nid) ?? [];
    const ended = !task || (task.status !== TaskStatus.queued && task.status !== TaskStatus.processing);
    if (ended) {
      this.#watched.delete(nid);
      for (const { resolve } of waiting) resolve(task);
      return;
    }
    this.#announce(waiting, queue.obstacles);
    for (const watched of waiting) watched.place = placeOf(task);
    const stalled = waiting.filter((watched) => {
      watched.fewestAhead = Math.min(watched.fewestAhead, task.ahead ?? 0);
      return watched.stallTimeout.expired(`${task.status} ${watched.fewestAhead}`);
    });
    if (stalled.length === 0) return;
    const rest = waiting.filter((watched) => !stalled.includes(watched));
    if (rest.length > 0) this.#watched.set(nid, rest);
    else this.#watched.delete(nid);
    for (const watched of stalled) watched.reject(this.#expired(watched, task, queue));
  }

  /** Reports what holds up a wait at the first check, not only when its time is over; and again if the reason changes. */
  #announce(waiting: Watched[], obstacles: string[]): void {
    const held = obstacles.join(", ");
    // How long a task has been dead rises with every check, and is not news.
    const reason = held.replace(/\d+ (min|s)\b/g, "");
    for (const watched of waiting) {
      if (held !== "" && reason !== watched.said) this.report(`${watched.what} is held up: ${held}`);
      watched.said = reason;
    }
  }

  /** Prints one line for all waits that are due, so that 200 of them do not print 200 lines. */
  #reportWaits(): void {
    const due = [...this.#watched.values()].flat().filter(({ waitReport }) => waitReport.isDue());
    if (due.length === 0) return;
    const named = due.slice(0, REPORTED_TASKS).map(({ what, place }) => `${place} (${what})`);
    const more = due.length > named.length ? [`${due.length - named.length} more`] : [];
    const longest = Math.max(...due.map(({ waitReport }) => waitReport.seconds));
    this.report(stillWaiting(longest, [...named, ...more].join(", ")));
  }

  #expired({ what, stallTimeout, outcome }: Watched, task: TaskFacts, queue: QueueFacts): AegirError {
    const state =
      task.status === TaskStatus.processing
        ? "it has not finished; its process may have been killed"
        : `it is still queued with ${task.ahead ?? 0} tasks ahead of it, and the queue has not advanced`;
    const reasons = queue.obstacles.join(", ");
    return new AegirError({
      code: "waitExpired",
      what: `waited ${stallTimeout.minutes} min without progress for ${what} (task ${task.nid}): ${state}${reasons ? ` (${reasons})` : ""}`,
      server: this.worker.label,
      outcome,
      next:
        reasons === ""
          ? "Check the task queue of the server (is it paused? does its cron run?), then run the same command again"
          : "Remove what holds up the queue, then run the same command again",
      detail: { task: task.nid, status: task.status, ahead: task.ahead, obstacles: queue.obstacles },
    });
  }
}

/** Comes first in a report, whose end Pulumi cuts off at the width of a terminal (docs/pulumi.md#messages). */
function placeOf({ nid, status, ahead }: TaskFacts): string {
  if (status === TaskStatus.processing) return `task ${nid} is running`;
  if (!ahead) return `task ${nid} is next in the queue`;
  return `task ${nid} has ${plural(ahead, "task")} ahead of it`;
}
