/** What a person sees of a wait, and when: on a clock and a queue that the test drives. */
import assert from "node:assert/strict";
import type { DrushWorker } from "../../provider/aegir/DrushWorker";
import { TaskWatcher } from "../../provider/aegir/TaskWatcher";
import { WaitReport } from "../../provider/aegir/WaitReport";

const QUEUED = 0;
const PROCESSING = -1;
const SUCCESS = 1;

/** Of a worker that answers with `call`. */
function watcherOf(call: unknown, report: (line: string) => void, clock: () => number): TaskWatcher {
  const worker = { label: "aegir@host", call } as unknown as DrushWorker;
  return new TaskWatcher(worker, { pollSeconds: 0.01, taskMinutes: 15 }, report, clock);
}

describe("TaskWatcher", () => {
  it("looks early, reports what it waits for after 15 s and then at each doubling, and ends with the task", async () => {
    let now = 0;
    const task = { nid: 71, status: QUEUED, ahead: 3 as number | null, type: "verify", log: [] };
    const lines: string[] = [];
    const looks: number[] = [];
    // Each look finds the next moment: seconds since the wait began, and what has changed by then.
    const moments: [seconds: number, change: Partial<typeof task>][] = [
      [1, {}],
      [16, { ahead: 1 }],
      [29, {}],
      [31, { status: PROCESSING, ahead: null }],
      [130, {}],
      [131, { status: SUCCESS }],
    ];
    const call = () => {
      const [seconds, change] = moments.shift()!;
      looks.push(seconds);
      now = seconds * 1000;
      Object.assign(task, change);
      return Promise.resolve({ result: { tasks: [task], queue: { obstacles: [] } } });
    };
    const watcher = watcherOf(
      call,
      (line) => lines.push(line),
      () => now,
    );
    assert.equal((await watcher.ended(71, "the verify of www.acme.example", "done"))?.status, SUCCESS);
    assert.deepEqual(lines, [
      "still waiting after 16 s: task 71 has 1 task ahead of it (the verify of www.acme.example)",
      "still waiting after 31 s: task 71 is running (the verify of www.acme.example)",
      "still waiting after 2 min: task 71 is running (the verify of www.acme.example)",
    ]);
    assert.equal(looks.length, 6);
  });

  it("reports a long wait every five minutes", () => {
    let now = 0;
    const waitReport = new WaitReport(() => now * 1000);
    const due: number[] = [];
    for (; now <= 1_200; now++) if (waitReport.isDue()) due.push(now);
    assert.deepEqual(due, [15, 30, 60, 120, 240, 480, 780, 1_080]);
  });

  it("reports many waits in one line", async () => {
    let now = 0;
    let ended = false;
    const lines: string[] = [];
    const call = (_verb: string, { nids }: { nids: number[] }) => {
      ended = now > 0;
      now += 20_000;
      const status = ended ? SUCCESS : PROCESSING;
      const tasks = nids.map((nid) => ({ nid, status, ahead: null, type: "verify", log: [] }));
      return Promise.resolve({ result: { tasks, queue: { obstacles: [] } } });
    };
    const watcher = watcherOf(
      call,
      (line) => lines.push(line),
      () => now,
    );
    await Promise.all([1, 2, 3, 4, 5].map((nid) => watcher.ended(nid, `verify ${nid}`, "done")));
    assert.deepEqual(lines, [
      "still waiting after 20 s: task 1 is running (verify 1), task 2 is running (verify 2), task 3 is running (verify 3), 2 more",
    ]);
  });
});
