import assert from "node:assert/strict";
import { ManualClock, RunningClock } from "./Clock";

describe("the clock of a small Aegir", () => {
  it("does not move until it is advanced, and then runs what falls due in order", () => {
    const clock = new ManualClock(1000);
    const heard: string[] = [];
    clock.every(10, () => heard.push(`every ${clock.now()}`));
    clock.after(15, () => heard.push(`after ${clock.now()}`));
    assert.deepEqual([clock.now(), heard], [1000, []]);
    clock.advance(30);
    assert.deepEqual(heard, ["every 1010", "after 1015", "every 1020", "every 1030"]);
    assert.equal(clock.now(), 1030);
  });

  it("drops everything when it stops", () => {
    const clock = new ManualClock();
    const heard: string[] = [];
    clock.every(10, () => heard.push("heard"));
    clock.advance(10);
    clock.stop();
    clock.advance(100);
    assert.deepEqual(heard, ["heard"]);
  });

  it("runs by itself at a multiple of real time", async () => {
    const clock = new RunningClock(6000);
    const started = clock.now();
    await new Promise<void>((resolve) => clock.after(60, resolve));
    // A timer may fire a millisecond early, which is six seconds of this clock.
    assert.ok(clock.now() - started >= 54, `${clock.now() - started} s have passed`);
    clock.stop();
  });
});
